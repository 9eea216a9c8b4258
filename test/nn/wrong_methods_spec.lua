--- Nonsense given to every method that a class of nn defines, those of its parents being tested with them: what is
-- refused is refused in words of ours, at the program's line, and never from inside ("attempt to index ...").
require 'nn'
local helpers = require 'helpers'
local here = debug.getinfo(1, 'S').source:match '^@(.*/)'
local registry, value = dofile(here .. 'registry.lua')

local values = {
  function() return nil end,
  function() return -1 end,
  function() return 2 ^ 60 end,
  function() return 'x' end,
  function() return true end,
  function() return { 'x', {} } end,
  function() return function() end end,
  function() return torch.LongStorage { 2, 3 } end,
  function() return torch.Tensor() end,
  function() return torch.ones(2, 3) end,
  function() return { torch.ones(2, 3), torch.ones(3) } end,
  function() return nn.Identity() end,
}

-- What only Lua itself says, and files of the packages as the place of an error.
local insides = { 'attempt to', 'bad argument', 'cannot convert to?', 'table expected', 'stack overflow', 'nil value',
  'initializer', '^[^\n]*lua/%w+/[%w_]+%.lua:%d+:' }
local ours = { 'nn%.Convert: cannot convert' }

local function flaw(err)
  if type(err) ~= 'string' then return 'not a text: ' .. tostring(err) end
  for _, pattern in ipairs(ours) do
    if err:find(pattern) then return nil end
  end
  for _, pattern in ipairs(insides) do
    if err:find(pattern) then return err:match '^[^\n]*\n?[^\n]*' end
  end
end

-- Files, and what the class system calls.
local skipped = { read = true, write = true, new = true, __init = true, __gc = true, __factory = true }

local function methods_of(name)
  local list = {}
  for key, f in pairs(torch.getmetatable('nn.' .. name)) do
    if type(key) == 'string' and type(f) == 'function' and not skipped[key] and not key:find '^__' then
      list[#list + 1] = key
    end
  end
  table.sort(list)
  return list
end

describe('methods of', function()
  local print_ = print
  before_each(function() rawset(_G, 'print', function() end) end)
  after_each(function() rawset(_G, 'print', print_) end)

  for name, row in pairs(registry) do
    it('nn.' .. name, function()
      local made, found = ('nn.%s(%s)'):format(name, row.args or ''), {}
      for _, method in ipairs(pcall(value, made) and methods_of(name) or {}) do
        for i, make in ipairs(values) do
          torch.manualSeed(3)
          local object = value(made)
          if i % 2 == 0 and not row.target and not row.abstract then pcall(object.forward, object, value(row.input)) end
          local v, w = make(), make()
          for _, given in ipairs { { v }, { v, w, w }, { nil, v, 3 }, { 1, 2, v } } do
            local ok, err = pcall(function() return object[method](object, unpack(given, 1, 3)) end)
            local text = not ok and flaw(err)
            if text then found[('%s of value %d'):format(method, i)] = text end
          end
        end
      end
      assert.are.same({}, found)
    end)
  end
end)

describe('functions of', function()
  local print_ = print
  before_each(function() rawset(_G, 'print', function() end) end)
  after_each(function() rawset(_G, 'print', print_) end)

  for _, package in ipairs { 'utils', 'init', 'functional', 'Jacobian', 'SparseJacobian', 'hessian' } do
    it('nn.' .. package, function()
      local set, found = nn[package], {}
      local names = {}
      for name, f in pairs(set) do
        if type(f) == 'function' and not name:find '^_' then names[#names + 1] = name end
      end
      table.sort(names)
      for _, name in ipairs(names) do
        for i, a in ipairs(values) do
          for j, b in ipairs(values) do
            local c = values[(i + j) % #values + 1]
            local ok, err = helpers.call_in_program(set[name], a(), b(), c())
            local text = not ok and flaw(err)
            if text then found[('%s %d %d'):format(name, i, j)] = text end
          end
        end
      end
      assert.are.same({}, found)
    end)
  end
end)

describe('a wrong call of a module', function()
  local message_of = helpers.message_of
  it('names the program\'s line in containers, too', function()
    assert.equal('program:1: nn.Linear: updateParameters: a learning rate expected, got nil',
      message_of 'nn.Sequential():add(nn.Linear(2, 3)):updateParameters()')
    assert.equal('program:1: nn.Linear: reset: a standard deviation expected, got boolean',
      message_of 'nn.Sequential():add(nn.Linear(2, 3)):reset(true)')
  end)
  it('with a dot for a colon says so', function()
    assert.truthy(message_of 'nn.Linear(2, 3).forward(torch.ones(2))':find('^program:1: .*colon, net:forward%(x%)'))
  end)
  it('asks for a GPU and is told what there is', function()
    for _, source in ipairs { 'nn.Sequential():add(nn.Linear(2, 3)):cuda()', 'nn.MSECriterion():cuda()',
      'torch.ones(2):cuda()', "nn.Linear(2, 3):type 'torch.CudaTensor'" } do
      assert.truthy(message_of(source):find '^program:1: .*no CUDA tensors yet')
    end
  end)
  it('that fails in a step leaves the gradients in their fields', function()
    for _, m in ipairs { nn.PartialLinear(3, 2), nn.WeightedEuclidean(3, 2), nn.LinearWeightNorm(3, 2) } do
      local _, grads = m:parameters()
      local before = {}
      for i, g in ipairs(grads) do before[i] = g end
      assert.is_false(pcall(m.accUpdateGradParameters, m, torch.ones(2, 3), torch.ones(7, 7), 0.1))
      local _, after = m:parameters()
      assert.are.equal(#before, #after)
      for i, g in ipairs(after) do assert.equal(torch.pointer(before[i]:storage()), torch.pointer(g:storage())) end
    end
  end)
end)
