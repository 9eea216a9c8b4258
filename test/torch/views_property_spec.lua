--- Random tensors, random chains of views, random keys: views and indexing against plain Lua tables.
--
-- A model of a tensor is its sizes and a function from positions to the storage index, composed step by step; the
-- tensor must show the same numbers, and writes through it must land in the same places and nowhere else.
require 'torch'
local here = debug.getinfo(1, 'S').source:match '^@(.*)/[^/]*$' or 'test/torch'
local support = dofile(here .. '/support.lua')

local function int(a, b) return torch.random(a, b) end

-- All positions of sizes in row-major order, as lists
local function each(sizes, f)
  local at, n = {}, #sizes
  if n == 0 then return end
  for d = 1, n do at[d] = 1 end
  while true do
    f(at)
    local d = n
    while d >= 1 and at[d] == sizes[d] do
      at[d] = 1
      d = d - 1
    end
    if d == 0 then return end
    at[d] = at[d] + 1
  end
end

-- A packed tensor of n dimensions and its model. Element k holds k mod 97, exact in every type.
local function packed(short, rank)
  local sizes, count = {}, 1
  for d = 1, rank do
    sizes[d] = int(1, rank > 6 and 2 or 4)
    count = count * sizes[d]
  end
  local t = torch.range(1, count):fmod(97):view(unpack(sizes)):type('torch.' .. short .. 'Tensor')
  return t, { sizes = sizes, place = function(at)
    local k = 0
    for d = 1, rank do k = k * sizes[d] + at[d] - 1 end
    return k + 1
  end }
end

local function copy_of(list)
  local out = {}
  for i, v in ipairs(list) do out[i] = v end
  return out
end

-- Each step: (tensor, model) -> tensor, model, or nothing where it does not apply
local steps = {}

function steps.narrow(t, m)
  local d = int(1, #m.sizes)
  local first = int(1, m.sizes[d])
  local length = int(1, m.sizes[d] - first + 1)
  local sizes = copy_of(m.sizes)
  sizes[d] = length
  return t:narrow(d, first, length), { sizes = sizes, place = function(at)
    at = copy_of(at)
    at[d] = at[d] + first - 1
    return m.place(at)
  end }
end

function steps.select(t, m)
  if #m.sizes < 2 then return end
  local d = int(1, #m.sizes)
  local k = int(1, m.sizes[d])
  local sizes = copy_of(m.sizes)
  table.remove(sizes, d)
  local given = int(0, 1) == 1 and k or k - m.sizes[d] - 1
  return t:select(d, given), { sizes = sizes, place = function(at)
    at = copy_of(at)
    table.insert(at, d, k)
    return m.place(at)
  end }
end

function steps.transpose(t, m)
  local a, b = int(1, #m.sizes), int(1, #m.sizes)
  local sizes = copy_of(m.sizes)
  sizes[a], sizes[b] = sizes[b], sizes[a]
  return t:transpose(a, b), { sizes = sizes, place = function(at)
    at = copy_of(at)
    at[a], at[b] = at[b], at[a]
    return m.place(at)
  end }
end

function steps.permute(t, m)
  local order, sizes = torch.randperm(#m.sizes):totable(), {}
  for d, from in ipairs(order) do sizes[d] = m.sizes[from] end
  return t:permute(unpack(order)), { sizes = sizes, place = function(at)
    local old = {}
    for d, from in ipairs(order) do old[from] = at[d] end
    return m.place(old)
  end }
end

function steps.unsqueeze(t, m)
  if #m.sizes >= 10 then return end
  local d = int(1, #m.sizes + 1)
  local sizes = copy_of(m.sizes)
  table.insert(sizes, d, 1)
  return t:unsqueeze(d), { sizes = sizes, place = function(at)
    at = copy_of(at)
    table.remove(at, d)
    return m.place(at)
  end }
end

function steps.unfold(t, m)
  if #m.sizes >= 10 then return end
  local d = int(1, #m.sizes)
  local size = int(1, m.sizes[d])
  local step = int(1, 3)
  local sizes = copy_of(m.sizes)
  sizes[d] = math.floor((m.sizes[d] - size) / step) + 1
  sizes[#sizes + 1] = size
  return t:unfold(d, size, step), { sizes = sizes, repeats = true, place = function(at)
    local old = copy_of(at)
    local k = table.remove(old)
    old[d] = (at[d] - 1) * step + k
    return m.place(old)
  end }
end

function steps.expand(t, m)
  local sizes, any = copy_of(m.sizes), false
  for d = 1, #sizes do
    if sizes[d] == 1 and int(0, 1) == 1 then sizes[d], any = int(1, 3), true end
  end
  if not any then return end
  return t:expand(unpack(sizes)), { sizes = sizes, repeats = true, place = function(at)
    local old = copy_of(at)
    for d = 1, #old do
      if m.sizes[d] == 1 then old[d] = 1 end
    end
    return m.place(old)
  end }
end

function steps.index(t, m)
  local keys, kept, sizes, from = {}, {}, {}, {}
  for d = 1, int(1, #m.sizes) do
    local kind = int(1, 3)
    if kind == 1 and #m.sizes > 1 then
      from[d] = int(1, m.sizes[d])
      keys[d] = int(0, 1) == 1 and from[d] or from[d] - m.sizes[d] - 1
    elseif kind == 2 then
      keys[d] = {}
    else
      local a = int(1, m.sizes[d])
      local b = int(a, m.sizes[d])
      keys[d] = a == b and { a } or { a, b - m.sizes[d] - 1 }
      kept[d] = { a, b }
    end
  end
  local dims = {}
  for d = 1, #m.sizes do
    if not from[d] then
      dims[#dims + 1] = d
      sizes[#sizes + 1] = kept[d] and kept[d][2] - kept[d][1] + 1 or m.sizes[d]
    end
  end
  if #sizes == 0 then return end
  return t[keys], { sizes = sizes, place = function(at)
    local old = copy_of(from)
    for d, k in pairs(from) do old[d] = k end
    for i, d in ipairs(dims) do old[d] = at[i] + (kept[d] and kept[d][1] - 1 or 0) end
    return m.place(old)
  end }
end

local names = {}
for name in pairs(steps) do names[#names + 1] = name end
table.sort(names)

local function value(k) return k % 97 end

-- Does the tensor show what the model says, read in several ways?
local function check(t, m, what)
  assert.same(m.sizes, t:size():totable(), what)
  local flat, seen = t:clone():view(-1), 0
  local packed_copy = t:contiguous()
  each(m.sizes, function(at)
    seen = seen + 1
    local want = value(m.place(at))
    assert(flat[seen] == want, what)
    if seen % 7 == 1 then
      assert(t[torch.LongStorage(at)] == want, what)
      assert(packed_copy[copy_of(at)] == want, what)
    end
  end)
  assert.equal(seen, t:nElement())
end

for _, short in ipairs(support.types) do
  it('chains of views of ' .. short .. ' show the same elements', function()
    torch.manualSeed(#short * 7 + short:byte())
    for _ = 1, 30 do
      local t, m = packed(short, int(1, 8))
      local what = short
      for _ = 1, int(1, 5) do
        local name = names[int(1, #names)]
        local view, model = steps[name](t, m)
        if view and view:nElement() < 2000 then
          model.repeats = model.repeats or m.repeats
          t, m, what = view, model, what .. ' ' .. name
          check(t, m, what)
        end
      end
      -- sums walk the same steps in C
      local sum, best = 0, -1
      each(m.sizes, function(at)
        local v = value(m.place(at))
        sum, best = sum + v, math.max(best, v)
      end)
      if short ~= 'Half' and short ~= 'BFloat16' then assert.equal(sum, t:sum(), what) end
      assert.equal(best, t:max(), what)
    end
  end)

  it('writes through views of ' .. short .. ' land in their places', function()
    torch.manualSeed(#short * 5 + short:byte())
    for _ = 1, 25 do
      local base, m = packed(short, int(1, 6))
      local t, what = base, short
      for _ = 1, int(1, 4) do
        local name = names[int(1, #names)]
        if name ~= 'unfold' and name ~= 'expand' then
          local view, model = steps[name](t, m)
          if view then t, m, what = view, model, what .. ' ' .. name end
        end
      end
      local want = base:view(-1):totable()
      local how = int(1, 4)
      local source = torch.range(1, t:nElement()):fmod(50):type(t:type()):viewAs(t:contiguous())
      if how == 1 then t:fill(5) elseif how == 2 then t:copy(source) elseif how == 3 then t:add(1)
      else t[t:gt(40)] = 3 end
      local n = 0
      each(m.sizes, function(at)
        n = n + 1
        local k = m.place(at)
        if how == 1 then want[k] = 5 elseif how == 2 then want[k] = n % 50 elseif how == 3 then want[k] = want[k] + 1
        elseif want[k] > 40 then want[k] = 3 end
      end)
      assert.same(want, base:view(-1):totable(), what .. ' ' .. how)
    end
  end)
end

it('gathers, scatters and indexes as loops do', function()
  torch.manualSeed(77)
  for _ = 1, 40 do
    local short = support.types[int(1, #support.types)]
    local t, m = packed(short, int(1, 4))
    for _ = 1, int(0, 2) do
      local name = names[int(1, #names)]
      local view, model = steps[name](t, m)
      if view and view:nElement() < 500 and view:dim() < 7 then t, m = view, model end
    end
    local d = int(1, #m.sizes)
    -- index
    local picks = torch.LongTensor(int(1, 5)):random(1, m.sizes[d])
    local sizes = copy_of(m.sizes)
    sizes[d] = picks:size(1)
    local got = t:index(d, picks)
    assert.same(sizes, got:size():totable())
    each(sizes, function(at)
      local from = copy_of(at)
      from[d] = picks[at[d]]
      assert(got[torch.LongStorage(at)] == value(m.place(from)))
    end)
    -- gather
    local index = torch.LongTensor(unpack(sizes)):random(1, m.sizes[d])
    local gathered = t:gather(d, index)
    each(sizes, function(at)
      local from = copy_of(at)
      from[d] = index[torch.LongStorage(at)]
      assert(gathered[torch.LongStorage(at)] == value(m.place(from)))
    end)
    -- masks and nonzero
    local mask = t:gt(30)
    local some, wanted, positions = t:maskedSelect(mask), {}, {}
    each(m.sizes, function(at)
      if value(m.place(at)) > 30 then
        wanted[#wanted + 1] = value(m.place(at))
        positions[#positions + 1] = copy_of(at)
      end
    end)
    assert.same(wanted, some:totable())
    assert.same(positions, mask:nonzero():totable())
    -- indexAdd on a copy
    local sum, add = t:clone():double(), torch.DoubleTensor(unpack(sizes)):random(1, 9)
    local want = sum:clone()
    sum:indexAdd(d, picks, add)
    each(sizes, function(at)
      local to = copy_of(at)
      to[d] = picks[at[d]]
      to = torch.LongStorage(to)
      want[to] = want[to] + add[torch.LongStorage(at)]
    end)
    assert.is_true(sum:equal(want))
  end
end)

it('refuses keys out of range and leaves the tensor alone', function()
  torch.manualSeed(5)
  for _ = 1, 100 do
    local t, m = packed('Float', int(1, 5))
    local before, d = t:clone(), int(1, #m.sizes)
    local bad = ({ 0, m.sizes[d] + 1, -m.sizes[d] - 1, 2 ^ 40, -2 ^ 40, 0 / 0 })[int(1, 6)]
    local keys = {}
    for k = 1, d - 1 do keys[k] = {} end
    keys[d] = int(0, 1) == 1 and bad or { bad }
    assert.is_false(pcall(function() return t[keys] end))
    assert.is_false(pcall(function() t[keys] = 1 end))
    assert.is_false(pcall(t.select, t, d, bad))
    assert.is_false(pcall(t.narrow, t, d, bad, 1))
    assert.is_false(pcall(t.index, t, d, torch.LongTensor { 1, m.sizes[d] + 1 }))
    assert.is_false(pcall(t.indexFill, t, d, torch.LongTensor { 1, 0 }, 3))
    assert.is_true(t:equal(before))
  end
end)
