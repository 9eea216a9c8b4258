--- Errors of constructors name the line that asked for the object.
require 'nn'

local here = debug.getinfo(1, 'S').short_src

-- The line number in this file that an error begins with.
local function line_of(f)
  local ok, err = pcall(f)
  assert.is_false(ok)
  local file, line = tostring(err):match '^(.-):(%d+): '
  assert.are.equal(here, file, err)
  return tonumber(line), err
end
local function current() return debug.getinfo(2, 'l').currentline end

describe('the line of an error', function()
  local zoo = {}
  local Cage = torch.class('position_spec.Cage', zoo)
  function Cage:__init(size)
    if type(size) ~= 'number' then error('Cage: expected a size', 2) end
    self.size = size
  end
  local Big, parent = torch.class('position_spec.Big', 'position_spec.Cage', zoo)
  function Big:__init(size)
    parent.__init(self, size)
    self.big = true
  end

  it('is the caller\'s, in programs\' classes', function()
    local want
    local line, err = line_of(function()
      want = current() + 1
      local _ = zoo.Cage('x')
    end)
    assert.are.equal(want, line)
    assert.truthy(err:find('Cage: expected a size', 1, true))
    assert.are.equal(4, zoo.Big(4).size)
  end)

  it('is the caller\'s, in layers, their helpers and their parents', function()
    for name, arguments in pairs { SparseLinear = { 'x' }, FeatureLPPooling = { 'x' }, Linear = { 'x' },
      SpatialConvolution = { 'x' }, SpatialConvolutionMM = { 'x' }, Concat = { 'x' }, Threshold = { 'x' },
      Mean = { 'x' }, ReLU = { 'x' }, GradientReversal = { 'x' }, VolumetricDilatedConvolution = { 'x' },
      GRU = { 'x' }, Softmax = { 'x' }, Conv2d = { 3 }, BatchNorm1d = { 'x' }, MaxPool2d = { 2, { wide = 3 } },
      SplitTable = {}, Select = {}, Dropout = { 3 }, HardTanh = { 2, 1 } } do
      local class, want = nn[name], nil
      local line = line_of(function()
        want = current() + 1
        local _ = class(unpack(arguments))
      end)
      assert.are.equal(want, line, name)
    end
  end)

  it('is the caller\'s, through other constructors of ours', function()
    local want
    local line = line_of(function()
      want = current() + 1
      local _ = nn.Bottle(3)
    end)
    assert.are.equal(want, line)
  end)

  it('is Lua\'s own elsewhere', function()
    local function inner() error('one', 1) end
    local function outer() error('two', 2) end
    local want
    local line = line_of(function()
      want = current() + 1
      outer()
    end)
    assert.are.equal(want, line)
    assert.are_not.equal(want, (line_of(inner)))
    assert.are.same({ false, 'plain' }, { pcall(error, 'plain', 0) })
    local t = {}
    assert.are.same({ false, t }, { pcall(error, t, 2) })
    assert.are.same({ false }, { pcall(error) })
    assert.are.same({ false, 7 }, { pcall(error, 7, 0) })
  end)

  it('leaves no trace in tracebacks', function()
    local _, trace = xpcall(function() local _ = zoo.Cage() end, function(m) return debug.traceback(m, 1) end)
    assert.is_nil(trace:find('position.lua', 1, true))
    assert.truthy(trace:find('__init', 1, true) or trace:find("in function 'init'", 1, true) or trace:find 'class.lua')
  end)
end)
