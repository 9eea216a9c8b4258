--- Every class of nn, by the library's own list (registry.lua): batches, layouts, types, copies, files, memory, text,
-- documentation. A class without a row fails.
require 'nn'
local here = debug.getinfo(1, 'S').source:match '^@(.*/)'
local support = dofile(here .. 'support.lua')
local registry, value, samples = dofile(here .. 'registry.lua')
local usage = require 'torch.usage'
local C = require 'torch.ffi'

local classes = {}
for name in pairs(nn.loadAll()) do
  if torch.getmetatable('nn.' .. name) then classes[#classes + 1] = name end
end
table.sort(classes)

local map = support.map
local function copied(x) return map(x, function(t) return t:clone() end) end

local function real(t) return t:type() == 'torch.DoubleTensor' end
local function to_float(x) return map(x, function(t) return real(t) and t:float() or t end) end

-- Largest difference; infinite where shapes or keys differ.
local function distance(a, b)
  if type(a) == 'number' then return type(b) == 'number' and math.abs(a - b) or math.huge end
  if torch.isTensor(a) then
    if not torch.isTensor(b) or not a:isSameSizeAs(b) then return math.huge end
    return support.distance(a, b)
  end
  local worst = 0
  for k, v in pairs(a) do worst = math.max(worst, distance(v, b[k])) end
  for k in pairs(b) do
    if a[k] == nil then return math.huge end
  end
  return worst
end

local function permuted(t, order)
  local back = {}
  for i, d in ipairs(order) do back[d] = i end
  return t:permute(unpack(order)):clone():permute(unpack(back))
end

-- The same numbers behind other strides.
local layouts = {}
function layouts.turned(t)
  if t:dim() < 2 then return layouts.gaps(t) end
  local order = {}
  for d = 1, t:dim() do order[d] = t:dim() + 1 - d end
  return permuted(t, order)
end
function layouts.gaps(t)
  local size = t:size():totable()
  size[#size + 1] = 2
  return t.new(unpack(size)):fill(1):select(#size, 1):copy(t)
end
function layouts.window(t) -- inside of a larger one
  local size = t:size():totable()
  for d = 1, #size do size[d] = size[d] + 2 end
  local w = t.new(unpack(size)):fill(1)
  for d = 1, #size do w = w:narrow(d, 2, size[d] - 2) end
  return w:copy(t)
end
function layouts.channels_last(t)
  if t:dim() == 4 then return permuted(t, { 1, 3, 4, 2 }) end
  if t:dim() == 5 then return permuted(t, { 1, 3, 4, 5, 2 }) end
  return t
end
local function laid_out(x, layout) return map(x, layouts[layout]) end

local function make(name, row)
  torch.manualSeed(11)
  return value(('nn.%s(%s)'):format(name, row.args))
end
local function input_of(row)
  torch.manualSeed(12)
  return value(row.input), row.target and value(row.target) or nil
end

-- One step; results: output, gradient of the input, gradients of the parameters.
local function step(m, row, x, target, g)
  torch.manualSeed(13)
  if row.target then
    local loss = m:forward(x, target)
    return loss, m:backward(x, target), {}
  end
  m:zeroGradParameters()
  local y = m:forward(x)
  if row.forward then return y, {}, {} end
  local dx = m:backward(x, g)
  local _, grads = m:parameters()
  return y, dx, grads or {}
end
local function kept(...)
  local y, dx, grads = step(...)
  return { y = copied(y), dx = copied(dx), grads = copied(grads) }
end

local gradient_of
-- Bytes that a step takes once its buffers are there.
local function growth(name, row, scale, evaluate)
  local m = make(name, row)
  if evaluate and m.evaluate then m:evaluate() end
  samples.scale(row.fixed and 1 or scale)
  local x, target = input_of(row)
  samples.scale(1)
  local g = gradient_of(m, row, x)
  for _ = 1, 3 do step(m, row, x, target, g) end
  collectgarbage()
  collectgarbage()
  collectgarbage 'stop'
  local before = tonumber(C.rk_live_bytes)
  for _ = 1, 4 do step(m, row, x, target, g) end
  local bytes = (tonumber(C.rk_live_bytes) - before) / 4
  collectgarbage 'restart'
  return bytes
end

function gradient_of(m, row, x)
  if row.target then return nil end
  torch.manualSeed(13)
  return map(m:forward(x), function(t) return real(t) and t:clone():uniform(-1, 1) or t:clone() end)
end

local function near(a, b, tolerance, what)
  for _, key in ipairs { 'y', 'dx', 'grads' } do
    local d = distance(a[key], b[key])
    assert.is_true(d <= tolerance, ('%s: %s differs by %g'):format(what, key, d))
  end
end

local function checks(name, row)
  local function setting()
    local m = make(name, row)
    local x, target = input_of(row)
    return m, x, target, gradient_of(m, row, x)
  end
  local function fresh_result(layout, convert)
    local m, x, target, g = setting()
    if convert then
      m = m:float()
      x, target, g = to_float(x), to_float(target), to_float(g)
    end
    if layout then x, target, g = laid_out(x, layout), laid_out(target, layout), g and laid_out(g, layout) end
    return kept(m, row, x, target, g), m, x, target, g
  end

  it('layouts: ' .. name, function()
    local want = fresh_result()
    for layout in pairs(layouts) do near(want, fresh_result(layout), 1e-11, layout) end
  end)

  it('types: ' .. name, function()
    local want = fresh_result()
    if row.untyped then return end
    local got, m, x, target, g = fresh_result(nil, true)
    near(want, got, 2e-4, 'float')
    if not row.target then assert.are.equal('torch.FloatTensor', m:type()) end
    map({ got.y, got.dx }, function(t) assert.are_not.equal('torch.DoubleTensor', t:type()) end)
    local double = function(t) return t:type() == 'torch.FloatTensor' and t:double() or t end
    m:double()
    near(want, kept(m, row, map(x, double), map(target, double), g and map(g, double)), 2e-4, 'double again')
  end)

  it('copies and files: ' .. name, function()
    local want = fresh_result()
    local m, x, target, g = setting()
    near(want, kept(m:clone(), row, x, target, g), 0, 'clone')
    near(want, kept(torch.deserialize(torch.serialize(m)), row, x, target, g), 0, 'file')
    m = m:clone()
    kept(m, row, x, target, g)
    if m.clearState then
      m = make(name, row)
      gradient_of(m, row, x)
      near(want, kept(m:clearState(), row, x, target, g), 0, 'cleared')
      near(fresh_result(), kept(torch.deserialize(torch.serialize(make(name, row):clearState())), row, x, target, g), 0,
        'file of the cleared')
    end
    assert.are.equal('string', type(tostring(m)))
  end)

  -- What a step takes may be sizes as storages, but nothing that grows with the data: sixteen times as many samples.
  it('memory: ' .. name, function()
    local few = growth(name, row, 1)
    assert.is_true(few <= 2048 * (row.layers or 1), ('%d bytes in a step'):format(few))
    assert.is_true(growth(name, row, 16) <= few, ('%d bytes, then %d'):format(few, growth(name, row, 16)))
  end)

  if not row.target then
    it('parameters: ' .. name, function()
      local want = fresh_result()
      local m, x, target, g = setting()
      local p, dp = m:getParameters()
      local params, grads = m:parameters()
      if not row.sparse then assert.are.equal(p:nElement(), dp:nElement()) end
      near(want, kept(m, row, x, target, g), 1e-12, 'flat')
      m:zeroGradParameters()
      for i = 1, #(params or {}) do
        assert.are.equal(0, grads[i]:nElement() == 0 and 0 or grads[i]:clone():abs():max())
      end
    end)
  end

  if row.batch then
    it('batches: ' .. name, function()
      local m, x, _, g = setting()
      local want = kept(m, row, x, nil, g)
      for i = 1, x:size(1) do
        local one = kept(m, row, x[i], nil, g[i])
        assert.is_true(distance(want.y[i], one.y) < 1e-11, 'output')
        if not row.forward and torch.isTensor(want.dx) and want.dx:dim() > 0 then
          assert.is_true(distance(want.dx[i], one.dx) < 1e-11, 'gradInput')
        end
      end
    end)
  end
end

describe('registry of nn:', function()
  local print_ = print
  before_each(function() rawset(_G, 'print', function() end) end) -- nn.PrintSize
  after_each(function() rawset(_G, 'print', print_) end)

  it('every class has a row, every row a class', function()
    local missing, known = {}, {}
    for _, name in ipairs(classes) do
      known[name] = true
      if not registry[name] then missing[#missing + 1] = name end
    end
    for name in pairs(registry) do
      if not known[name] then missing[#missing + 1] = 'no class ' .. name end
    end
    assert.are.same({}, missing)
  end)

  for _, name in ipairs(classes) do
    local row = registry[name]
    it('documentation: ' .. name, function()
      local text = usage.of and usage.of('nn.' .. name) or torch.usage('nn.' .. name)
      assert.is_truthy(text, 'no documentation')
    end)
    if row and not row.abstract then checks(name, row) end
  end

  for _, mode in ipairs(samples.modes) do
    local text, input, target = unpack(mode)
    local name, args = text:match '^(%w+)%s*(.*)$'
    local row = { args = (args:gsub('^%((.*)%)$', '%1')), input = input, target = target, layers = 4 }
    it('memory: ' .. text, function()
      for _, evaluate in ipairs { false, true } do
        local few = growth(name, row, 1, evaluate)
        assert.is_true(few <= 2048 * row.layers, ('%d bytes in a step'):format(few))
        assert.is_true(growth(name, row, 16, evaluate) <= few)
      end
    end)
    it('copies and files: ' .. text, function()
      local m, x, t = make(name, row), input_of(row)
      if m.evaluate then m:evaluate() end
      local g = gradient_of(m, row, x)
      torch.manualSeed(13)
      local want = copied(m:forward(x, t))
      torch.manualSeed(13)
      assert.is_true(distance(want, torch.deserialize(torch.serialize(m)):forward(x, t)) == 0)
      kept(m:clone():float(), row, to_float(x), to_float(t), to_float(g))
    end)
  end
end)
