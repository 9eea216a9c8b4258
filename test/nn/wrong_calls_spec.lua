--- Wrong calls of every class of nn (by registry.lua): constructors, forward, backward with values of wrong kinds,
-- sizes and types either work or raise an error that names the module; never one of Lua's own ("attempt to index ...").
require 'nn'
local here = debug.getinfo(1, 'S').source:match '^@(.*/)'
local registry, value = dofile(here .. 'registry.lua')

-- What may stand where something else is expected; functions, so that each call has a fresh one.
local values = {
  function() return nil end,
  function() return 3 end,
  function() return 'x' end,
  function() return true end,
  function() return {} end,
  function() return { 1 } end,
  function() return { 'x', {} } end,
  function() return function() end end,
  function() return torch.LongStorage { 2, 3 } end,
  function() return torch.Tensor() end,
  function() return torch.ones(1) end,
  function() return torch.ones(7) end,
  function() return torch.ones(2, 3) end,
  function() return torch.ones(3, 1, 2) end,
  function() return torch.ones(2, 3, 1, 2) end,
  function() return torch.ones(1, 2, 3, 1, 2) end,
  function() return torch.ones(1, 1, 2, 3, 1, 2) end,
  function() return torch.ones(2, 3):long() end,
  function() return torch.ones(2, 3):byte() end,
  function() return { torch.ones(2, 3), torch.ones(3) } end,
  function() return { torch.ones(2, 3), torch.ones(3, 2):long(), 'x' } end,
  function() return { torch.Tensor(), torch.Tensor() } end,
  function() return { torch.ones(2), { torch.ones(2) } } end,
  function()
    local t = { torch.ones(2, 3) }
    t[2] = t
    return t
  end,
}

local banned = { 'attempt to', 'bad argument', 'cannot convert', 'missing declaration', 'table expected',
  'stack overflow', 'number expected, got', 'invalid value', 'cannot use', 'initializer' }

-- What is wrong with an error text; nil when nothing is.
local function flaw(name, err)
  if type(err) ~= 'string' then return 'not a text: ' .. tostring(err) end
  for _, word in ipairs(banned) do
    if err:find(word, 1, true) then return err end
  end
  if not err:find('nn.' .. name, 1, true) and not err:find('nn%.%u%w+') then return 'names no module: ' .. err end
end

local found
local function try(name, what, f, ...)
  local result = { pcall(f, ...) }
  if not result[1] then
    local text = flaw(name, result[2])
    if text then found[#found + 1] = ('%s: %s'):format(what, text:match '^[^\n]*\n?[^\n]*') end
  end
  return result[1]
end

local function changed(x, f)
  if torch.isTensor(x) then return f(x) end
  if type(x) ~= 'table' then return x end
  local out = {}
  for k, v in pairs(x) do out[k] = changed(v, f) end
  return out
end
local function alike(x)
  return changed(x, function(t) return t:clone():fill(1) end)
end
-- The right structure with one thing wrong.
local bent = {
  function(x) return changed(x, function(t) return t:type() == 'torch.DoubleTensor' and t:float() or t end) end,
  function(x) return changed(x, function(t) return t:long() end) end,
  function(x) return changed(x, function(t) return t:dim() > 0 and t:narrow(t:dim(), 1, 1) or t end) end,
  function(x) return changed(x, function(t) return t:dim() > 0 and t:narrow(1, 1, 1) or t end) end,
  function(x) return changed(x, function(t) return t:dim() > 0 and torch.cat(t, t, 1) or t end) end,
  function(x) return changed(x, function(t) return t:dim() > 1 and t:select(1, 1) or t end) end,
  function(x) return changed(x, function(t) return t:clone():view(-1) end) end,
  function(x) return type(x) == 'table' and x[1] or { x } end,
  function(x) return type(x) == 'table' and { x[2], x[1] } or { x, x } end,
}

local function forward_backward(name, row)
  local function fresh()
    torch.manualSeed(3)
    return value(('nn.%s(%s)'):format(name, row.args))
  end
  local x, target = value(row.input), row.target and value(row.target) or nil
  for i, make in ipairs(values) do
    try(name, 'forward of value ' .. i, function() return fresh():forward(make(), target) end)
    if row.target then
      try(name, 'target of value ' .. i, function() return fresh():forward(x, make()) end)
      try(name, 'backward to target of value ' .. i, function()
        local c = fresh()
        c:forward(x, target)
        return c:backward(x, make())
      end)
    elseif not row.forward then
      try(name, 'backward of value ' .. i, function()
        local m = fresh()
        m:forward(alike(x))
        return m:backward(alike(x), make())
      end)
    end
  end
  for i, bend in ipairs(bent) do
    try(name, 'forward of bent ' .. i, function() return fresh():forward(bend(alike(x)), target) end)
    if row.target and target then
      try(name, 'target bent ' .. i, function() return fresh():forward(x, bend(target)) end)
    elseif not row.forward and not row.target then
      try(name, 'backward of bent ' .. i, function()
        local m = fresh()
        local y = alike(m:forward(alike(x)))
        return m:backward(alike(x), bend(y))
      end)
    end
  end
end

-- A way back without a way forward, and the parameters' part alone.
local function out_of_order(name, row)
  if row.forward or row.target then return end
  torch.manualSeed(3)
  local m, x = value(('nn.%s(%s)'):format(name, row.args)), value(row.input)
  local y = alike(m:forward(x))
  try(name, 'backward first', function() return value(('nn.%s(%s)'):format(name, row.args)):backward(x, y) end)
  try(name, 'backward after clearState', function() return m:clearState():backward(x, y) end)
  m:forward(x)
  for i, make in ipairs(values) do
    try(name, 'accGradParameters of value ' .. i, function() return m:accGradParameters(x, make()) end)
  end
end

local function constructors(name)
  local class = nn[name]
  local lists = { {}, { 'x' }, { -1 }, { 0 }, { {} }, { true }, { 2.5 }, { torch.ones(2) }, { nil, 2 }, { 2, 'x' },
    { 2, -1 }, { 2, {} }, { 2, 3, 'x' }, { 2, 3, 0, 'x' }, { 0 / 0 }, { 2, 3, 4, {} }, { 'x', 'y', 'z' }, { 2, 3, -1 },
    { print }, { { 'x' }, 2 }, { 2, 3, 4, 5, 'x' }, { 2, 3, 4, 5, -6 }, { 2, 2, 2, 2, 2, 'x' } }
  for i, list in ipairs(lists) do
    local made
    try(name, 'constructor ' .. i, function() made = class(unpack(list, 1, table.maxn(list))) end)
    if made then try(name, 'text of constructor ' .. i, tostring, made) end
  end
end

describe('wrong calls of', function()
  local print_ = print
  before_each(function()
    rawset(_G, 'print', function() end)
    found = {}
  end)
  after_each(function() rawset(_G, 'print', print_) end)

  for name, row in pairs(registry) do
    it('nn.' .. name, function()
      constructors(name)
      if not row.abstract then
        forward_backward(name, row)
        out_of_order(name, row)
      end
      assert.are.same({}, found)
    end)
  end
end)
