--- The random values of the fuzz targets: plausible ones (small numbers, tensors, sizes) and odd ones (huge numbers,
-- what has been freed, objects where lists are expected, elements that share memory).
local ffi = require 'ffi'
local tds = require 'tds'

local M = {}
local kinds = { 'Byte', 'Char', 'Short', 'Int', 'Long', 'Half', 'BFloat16', 'Float', 'Double' }
local small = { 0, 1, 1, 1, 2, 2, 3, 3, 4, 5, -1, -2, 7, 0.5, 10 }
M.odd = { 1.5, -0.5, 0 / 0, -(0 / 0), 1 / 0, -1 / 0, 2 ^ 31, -2 ^ 31, 2 ^ 31 - 1, 2 ^ 32, 2 ^ 53, 2 ^ 62, 2 ^ 63,
  -2 ^ 63, 2 ^ 64, 1e300, -1e300, 1e-300, 100, 255, 256, 1000, 65536, 1e6, -0.0 }
M.strings = { '', 'V', 'F', 'N', 'U', 'S', 'A', 'R', 'I', '*l', '*a', '*n', 'r', 'w', 'rw', 'binary', 'ascii', '0x10',
  '3', '1', '2', '-1', '0', ' 2 ', '1e300', 'inf', 'nan', 'torch.FloatTensor', 'torch.LongTensor', 'torch.ByteStorage',
  'torch.Timer', 'nowhere.Nothing', 'float', 'double', 'long', 'int64', 'sum', 'mean', 'none', 'scratch', 'bilinear',
  'constant', 'ij,jk->ik', 'ii', '...i,i->...', ('long'):rep(50), '%s%n', 'a\0b', '\255\254', '[0-9]+', '%', '(' }
local callbacks = {
  function(x) return x end, function() end, function() return 'text' end, function() error 'callback' end,
  function(x) return x, x end, function() return 0 / 0 end, function() return {} end,
  function(x, y) return x, y end, function() error { code = 1 } end, function() error() end,
  function(x)
    if torch.isTensor(x) then x:free() end
    return x
  end,
  function(x)
    if torch.isTensor(x) then x:resize(2, 2) end
    return 1
  end,
}
local option_names = { 'dim', 'keepdim', 'dtype', 'out', 'size', 'n', 'sorted', 'largest', 'mode', 'referenced', 'p',
  'weight', 'reduction', 'requires_grad', 'descending', 'unbiased', 'correction', 'right', 'bins', 'functions', 'key' }

--- Sizes: mostly small ones; not `sane`: now and then an odd number among them.
function M.sizes(random, sane)
  local list = {}
  local rank = random:once(12) and 10 or random:integer(4) - (random:once(6) and 1 or 0)
  for i = 1, rank do
    list[i] = not sane and random:once(9) and random:pick(M.odd) or random:integer(rank > 5 and 2 or 4)
    if random:once(25) then list[i] = 0 end
  end
  return list
end

-- NaNs as memory may hold them: loaded as they are, LuaJIT takes these for objects of the types 'proto' and 'trace', at
-- addresses where nothing is.
local wild = {
  Float = { 'uint32_t *', 0xffe08000, 0xffd88000 }, Half = { 'uint16_t *', 0xff04, 0xfec4 },
  Double = { 'uint64_t *', 0xfffc100000000000ULL, 0xfffb100000000010ULL }, BFloat16 = { 'uint16_t *', 0xffe1, 0xffd9 },
}
local function wild_numbers(random, t)
  local kind = wild[t:type():match '%.(%w+)Tensor']
  local data = kind and ffi.cast(kind[1], t:storage():data())
  for i = 0, kind and t:storage():size() - 1 or -1 do data[i] = kind[1 + random:integer(#kind - 1)] end
  return t
end

local function filled(random, t)
  local way = random:integer(5)
  if t:nElement() == 0 then return t end
  if random:once(M.wild or 40) then return wild_numbers(random, t) end
  if way == 1 then
    t:copy(torch.range(-2, t:nElement() - 3))
  elseif way == 2 and t:nElement() < 100 then
    t:copy(torch.randperm(t:nElement())) -- positions
  else
    t:random(0, way == 3 and 1 or 5)
  end
  return t
end

--- A tensor of some kind and sizes: whole, transposed, narrowed, selected.
-- @param class its class, or nil for any
-- @param list its sizes, or nil for any
function M.tensor(random, class, list)
  class = class or torch[random:pick(kinds) .. 'Tensor']
  list = list or M.sizes(random, true)
  local t = #list == 0 and class() or class(torch.LongStorage(list))
  if t:nElement() > 4096 then return t end
  filled(random, t)
  if t:dim() == 0 then return t end
  if t:dim() > 1 and random:once(4) then t = t:transpose(1, t:dim()):clone():transpose(1, t:dim()) end
  if t:dim() > 1 and random:once(4) then t = t:transpose(1, t:dim()) end
  if random:once(6) and t:nElement() > 0 then t = t:narrow(random:integer(t:dim()), 1, 1) end
  if t:dim() > 1 and random:once(8) and t:nElement() > 0 then t = t:select(t:dim(), 1) end
  return t
end

local makers, rare
local function plain_table(random, depth)
  local t = {}
  for i = 1, random:integer(4) - 1 do
    t[i] = random:once(4) and depth < 3 and plain_table(random, depth + 1) or random:pick(makers)(random)
  end
  if random:once(6) then t.key = 1 end
  if random:once(200) then t[1] = t end
  return t
end

local function like_another(random, pool)
  local other = pool and #pool > 0 and random:pick(pool)
  if not torch.isTensor(other) or other:nElement() > 4096 then return M.tensor(random) end
  local ok, size = pcall(function() return other:size():totable() end)
  if not ok then return M.tensor(random) end
  return M.tensor(random, random:once(2) and torch[other:type():sub(7)] or nil, size)
end

local function small_number(random) return random:pick(small) end
makers = {
  small_number, small_number, small_number,
  function(random) return random:pick(M.odd) end,
  function(random) return random:pick(M.strings) end,
  function(random) return random:once(2) end,
  function(random) return M.tensor(random) end, like_another, like_another,
  function(random) return torch[random:pick(kinds) .. 'Storage'](random:integer(6) - 1):fill(1) end,
  function(random) return torch.LongStorage(M.sizes(random)) end,
  function(random) return M.tensor(random, torch.LongTensor) end,
  function(random) return M.sizes(random, not random:once(3)) end,
}

local mapped = 0
rare = {
  function(random) return random:pick(callbacks) end,
  function(random) return random:pick(callbacks) end,
  function(random) return plain_table(random, 1) end,
  function(random) -- options
    local t = {}
    for _ = 1, random:integer(2) do t[random:pick(option_names)] = random:pick(makers)(random, {}) end
    return t
  end,
  function(random) return 1LL * random:integer(5) end,
  function(random) return 0x7fffffffffffffffLL - random:integer(5) + 1 end,
  function(random) return 1ULL * random:integer(5) end,
  function() return torch.Generator() end,
  function(random)
    return torch.MemoryFile(torch.CharStorage():string(torch.serialize(plain_table(random, 1), 'ascii') .. '\0'), 'r')
  end,
  -- objects of Lua's type table, where lists and options are expected
  function() return torch.MemoryFile() end,
  function() return torch.Tester() end,
  function() return tds.Hash { 1, 2, key = 3 } end,
  function() return tds.Vec { 1, 2, 3 } end,
  function(random) return torch[random:pick { 'FloatTensor', 'LongStorage', 'Timer', 'Generator' }] end,
  function() return torch end,
  function() return setmetatable({ 1, 2 }, { __index = function(_, k) error('no ' .. tostring(k)) end }) end,
  function() return setmetatable({}, { __call = function(_, x) return x end }) end,
  function() return setmetatable({}, { __tostring = function() return 'x' end, __eq = function() error 'eq' end }) end,
  function() return torch.Timer() end,
  function() return coroutine.create(function() end) end,
  function() return io.stdout end,
  function() return ffi.new 'int[2]' end,
  function() return ffi.new 'double' end,
  function() return newproxy(true) end,
  function(random)
    local t = M.tensor(random)
    t:free()
    return t
  end,
  function(random)
    local s = torch[random:pick(kinds) .. 'Storage'](3)
    s:free()
    return s
  end,
  function(random)
    local s = torch[random:pick(kinds) .. 'Storage'](12):fill(1)
    local t = torch[s:type():match 'torch%.(%w+)Storage' .. 'Tensor'](s, 2, torch.LongStorage { 2, 2 })
    s:resize(random:integer(3)) -- a tensor that reaches beyond its storage
    return t
  end,
  function(random)
    local t = M.tensor(random)
    return t:nElement() > 0 and t:size(1) < 5000 and t:narrow(1, 1, 1):expandAs(t) or t -- elements that share memory
  end,
  function(random) -- windows that overlap
    local t = torch[random:pick(kinds) .. 'Tensor'](7):fill(2)
    return t:unfold(1, 3, random:integer(2))
  end,
  function(random) return torch[random:pick(kinds) .. 'Tensor'](random:pick { 4097, 20000, 65537, 300001 }):fill(1) end,
  function(random) -- a storage that is a file
    mapped = mapped + 1
    local name = 'mapped' .. mapped % 20
    local s = torch[random:pick(kinds) .. 'Storage'](name .. os.tmpname():gsub('%W', ''), true, random:integer(5))
    return random:once(2) and s or torch[s:type():match 'torch%.(%w+)Storage' .. 'Tensor'](s)
  end,
}

--- Any value; half of them of those in `pool`.
function M.any(random, pool)
  local way = random:integer(10)
  if way <= 5 and #pool > 0 then return random:pick(pool) end
  if way <= 9 then return random:pick(makers)(random, pool) end
  return random:pick(rare)(random, pool)
end

--- A plausible value.
function M.plain(random, pool) return random:pick(makers)(random, pool) end

--- A value of the kind that an error asks for ("expected LongTensor [3x4], got ..."); nil when it names none.
function M.wanted(random, message)
  local words = message:match 'expected (.-), got' or message:match 'should be (.*)' or message
  local class = words:match '(%u%w+Tensor)' or words:find 'tensor' and random:pick(kinds) .. 'Tensor'
  local shape = words:match '%[([%dx]+)%]'
  if class and torch[class] then
    local list = shape and {}
    for d in (shape or ''):gmatch '%d+' do list[#list + 1] = tonumber(d) end
    if not list or #list < 8 then return M.tensor(random, torch[class], list) end
  end
  if words:find 'number' or words:find 'integer' or words:find 'out of range' then return small_number(random) end
  if words:find 'function' then return random:pick(callbacks) end
  if words:find 'Storage' then return torch.LongStorage(M.sizes(random, true)) end
  if words:find 'Generator' then return torch.Generator() end
  if words:find 'table' or words:find 'list' then return plain_table(random, 2) end
  if words:find 'string' then return random:pick(M.strings) end
end

return M
