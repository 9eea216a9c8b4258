--- The protocol of nn.Module and nn.Container.
require 'nn'
local support = dofile(debug.getinfo(1, 'S').source:match '^@(.*/)' .. 'support.lua')
local distance = support.distance

local function net() return nn.Sequential():add(nn.Linear(4, 5)):add(nn.Tanh()):add(nn.Linear(5, 2)) end

describe('nn', function()
  it('has a class for each file, and no other', function()
    local folder = debug.getinfo(require('nn.Module').__init, 'S').source:match '^@(.*/)'
    nn.loadAll()
    for file in require('lfs').dir(folder) do
      local name = file:match '^(%u%w*)%.lua$'
      if name then assert.is_table(rawget(nn, name), 'nn.' .. name) end
    end
    assert.is_nil(nn.NoSuchModule)
    assert.is_nil(nn.common)
  end)

  it('is there for classes of others', function()
    local zoo = {}
    local Twice, parent = torch.class('zoo.Twice', 'nn.ReLU', zoo)
    function Twice:updateOutput(x) return parent.updateOutput(self, x):mul(2) end
    assert.is_true(torch.isTypeOf(zoo.Twice(), 'nn.Module'))
    assert.are.equal(6, zoo.Twice():forward(torch.Tensor { 3 })[1])
    assert.is_true(torch.isTypeOf(torch.factory 'nn.Tanh'(), 'nn.Tanh'))
  end)
end)

describe('nn.Module', function()
  before_each(function() torch.manualSeed(3) end)

  it('parameters, gradients and steps', function()
    local m = net()
    local p, g = m:parameters()
    assert.are.equal(4, #p)
    assert.are.equal(4, #g)
    assert.is_nil((nn.Tanh():parameters()))
    m:zeroGradParameters()
    local x = torch.randn(3, 4)
    local before = m:forward(x):clone()
    m:backward(x, torch.ones(3, 2))
    m:updateParameters(0.1)
    assert.is_true(m:forward(x):sum() < before:sum())
  end)

  it('backwardUpdate is a step', function()
    local a = net()
    local b = a:clone()
    local x, g = torch.randn(3, 4), torch.randn(3, 2)
    a:zeroGradParameters()
    a:forward(x)
    a:backward(x, g)
    a:updateParameters(0.1)
    b:forward(x)
    for i = #b.modules, 1, -1 do
      g = b.modules[i]:backwardUpdate(i > 1 and b.modules[i - 1].output or x, g, 0.1)
    end
    assert.is_true(distance((a:getParameters()), (b:getParameters())) < 1e-12)
  end)

  it('getParameters moves everything into one vector', function()
    local m = net()
    local values = {}
    for i, p in ipairs(m:parameters()) do values[i] = p:clone() end
    local flat, grads = m:getParameters()
    assert.are.equal(4 * 5 + 5 + 5 * 2 + 2, flat:size(1))
    assert.are.equal(flat:size(1), grads:size(1))
    for i, p in ipairs(m:parameters()) do
      assert.are.equal(0, distance(p, values[i]))
      assert.are.equal(torch.pointer(flat:storage()), torch.pointer(p:storage()))
    end
    flat:fill(0.5)
    assert.are.equal(0.5, m:get(3).weight[2][3])
    assert.are.equal(flat:size(1), (m:getParameters()):size(1))
  end)

  it('getParameters of shared, partly shared and strided tensors', function()
    local a, b = nn.Linear(3, 3), nn.Linear(3, 3)
    b:share(a, 'weight', 'gradWeight')
    local flat = nn.Sequential():add(a):add(b):getParameters()
    assert.are.equal(9 + 3 + 3, flat:size(1))
    flat:fill(2)
    assert.are.equal(2, b.weight[3][3])

    local base = torch.range(1, 10)
    local list = { base:narrow(1, 5, 4), base:narrow(1, 2, 5), torch.Tensor { 20, 30 }, base:narrow(1, 10, 1) }
    flat = nn.Module.flatten(list)
    assert.are.same({ 2, 3, 4, 5, 6, 7, 8, 10, 20, 30 }, flat:totable())
    assert.are.same({ 5, 6, 7, 8 }, list[1]:totable())
    assert.are.same({ 2, 3, 4, 5, 6 }, list[2]:totable())
    flat[4] = -1
    assert.are.equal(-1, list[1][1])
    assert.are.equal(-1, list[2][4])

    local matrix = torch.range(1, 6):view(2, 3)
    list = { matrix:t() }
    assert.are.equal(6, nn.Module.flatten(list):size(1))
    assert.are.equal(4, list[1][1][2])
    list = { matrix:select(2, 1), matrix:narrow(2, 2, 2) }
    assert.are.equal(6, nn.Module.flatten(list):size(1))
    assert.are.equal(4, list[1][2])
    assert.has_error(function() nn.Module.flatten { torch.range(1, 6):view(2, 3):select(2, 1) } end)
    assert.are.equal(0, nn.Module.flatten({}):nElement())
    assert.has_error(function() nn.Module.flatten { torch.FloatTensor(2), torch.DoubleTensor(2) } end)
  end)

  it('a first layer without gradInput leaves the gradient of the data out', function()
    for _, m in ipairs { nn.Linear(4, 2), nn.SpatialConvolution(1, 2, 2, 2) } do
      local m2, x = nn.Sequential():add(m), torch.randn(3, 4)
      if torch.type(m) ~= 'nn.Linear' then x = torch.randn(3, 1, 4, 4) end
      m2:zeroGradParameters()
      local y = m2:forward(x)
      m2:backward(x, y)
      local want = m.gradWeight:clone()
      m.gradInput = nil
      m2:zeroGradParameters()
      assert.is_nil((m2:backward(x, m2:forward(x))))
      assert.are.equal(0, distance(m.gradWeight, want))
      m2:clearState():float()
      assert.is_nil((m2:backward(x:float(), m2:forward(x:float()))))
    end
  end)

  it('clone copies, and shares what is named', function()
    local m = net()
    m:getParameters()
    local copy, twin = m:clone(), m:clone('weight', 'bias')
    m:get(1).weight:fill(1)
    assert.are_not.equal(1, copy:get(1).weight[1][1])
    assert.are.equal(1, twin:get(1).weight[1][1])
    local flat = copy:parameters()
    assert.are.equal(torch.pointer(flat[1]:storage()), torch.pointer(flat[4]:storage()))
  end)

  it('type converts and keeps sharing', function()
    local a, b = nn.Linear(2, 2), nn.Linear(2, 2)
    b:share(a, 'weight')
    local m = nn.Sequential():add(a):add(b):float()
    assert.are.equal('torch.FloatTensor', m:type())
    assert.are.equal('torch.FloatTensor', torch.type(a.weight))
    a.weight:fill(7)
    assert.are.equal(7, b.weight[1][1])
    assert.has_error(function() m:type 'torch.Nope' end)
    assert.are.equal('torch.DoubleTensor', m:double():type())
  end)

  it('training and evaluate reach everything', function()
    local m = nn.Sequential():add(nn.Dropout()):add(nn.Sequential():add(nn.Dropout()))
    m:evaluate()
    assert.is_false(m:get(2):get(1).train)
    m:training()
    assert.is_true(m:get(2):get(1).train)
    assert.is_nil(nn.Tanh().train)
  end)

  it('apply, replace, findModules, listModules', function()
    local m = nn.Sequential():add(nn.Linear(2, 2)):add(nn.Sequential():add(nn.Tanh()))
    local seen = {}
    m:apply(function(x) seen[#seen + 1] = torch.type(x) end)
    assert.are.same({ 'nn.Sequential', 'nn.Linear', 'nn.Sequential', 'nn.Tanh' }, seen)
    assert.are.equal(4, #m:listModules())
    local found, where = m:findModules 'nn.Tanh'
    assert.are.equal(1, #found)
    assert.are.equal(m:get(2), where[1])
    m:replace(function(x) return torch.type(x) == 'nn.Tanh' and nn.Sigmoid() or x end)
    assert.are.equal('nn.Sigmoid', torch.type(m:get(2):get(1)))
  end)

  it('clearState drops buffers', function()
    local m = net()
    local x = torch.randn(3, 4)
    m:backward(x, m:forward(x):clone())
    assert.are.equal(m, m:clearState())
    assert.are.equal(0, m:get(2).output:nElement())
    assert.are.equal(12, x:nElement())
    m:forward(x)
  end)

  it('called as a function', function()
    local m = nn.Linear(2, 2)
    m:zeroGradParameters()
    local x = torch.ones(2)
    assert.are.equal(m.output, (m(x)))
    local y, dx = m(x, torch.ones(2))
    assert.are.equal(m.output, y)
    assert.are.equal(m.gradInput, dx)
  end)

  it('prints as a tree', function()
    assert.are.equal('nn.Sequential {\n  [input -> (1) -> (2) -> output]\n  (1): nn.Linear(2 -> 3)\n  (2): '
      .. 'nn.Sequential {\n    [input -> (1) -> output]\n    (1): nn.ReLU\n  }\n}',
      tostring(nn.Sequential():add(nn.Linear(2, 3)):add(nn.Sequential():add(nn.ReLU()))))
  end)

  it('errors in a child show the way and keep the place in code of others', function()
    local Bad = torch.class('test_nn.Bad', 'nn.Module', {})
    function Bad:updateOutput() return self.nothing.here end
    local m = nn.Sequential():add(nn.Tanh()):add(nn.Sequential():add(torch.factory 'test_nn.Bad'()))
    local ok, err = pcall(m.forward, m, torch.ones(2))
    assert.is_false(ok)
    assert.is_truthy(err:find '^In 2 module of nn.Sequential:\nIn 1 module of nn.Sequential:\n')
    assert.is_truthy(err:find('module_spec.lua', 1, true))
    assert.is_truthy(err:find('stack traceback', 1, true))
  end)

  it('insert and remove', function()
    local m = net()
    m:insert(nn.Sigmoid(), 1)
    m:remove()
    assert.are.equal(3, m:size())
    assert.are.equal('nn.Sigmoid', torch.type(m:get(1)))
    assert.has_error(function() m:remove(9) end)
    assert.has_error(function() m:insert(nn.Tanh(), 0) end)
  end)
end)

describe('nn.utils', function()
  local utils = require 'nn.utils'

  it('nested tables', function()
    local t = utils.recursiveType({ torch.DoubleTensor(2), { torch.LongTensor(3) }, 'x' }, 'torch.FloatTensor')
    assert.error_matches(function() utils.recursiveType(torch.ones(2), 'R') end, 'R is no class of tensors')
    assert.error_matches(function() utils.recursiveType(torch.ones(2), 3) end, 'the name of a tensor class')
    assert.error_matches(function() utils.contiguousView(nil, 3, 2) end, 'contiguousView: expected a tensor')
    assert.error_matches(function() utils.addSingletonDimension() end, 'addSingletonDimension: expected a tensor')
    assert.error_matches(function() utils.forget(3, 'output') end, 'forget: expected an object')
    assert.are.equal('torch.FloatTensor', torch.type(t[1]))
    assert.are.equal('torch.FloatTensor', torch.type(t[2][1]))
    local a = utils.recursiveResizeAs(nil, { torch.ones(2, 3), { torch.ones(4) } })
    utils.recursiveFill(a, 2)
    utils.recursiveAdd(a, 3, { torch.ones(2, 3), { torch.ones(4) } })
    assert.are.equal(5, a[2][1][4])
    local b = utils.recursiveCopy(nil, a)
    assert.are.equal(5, b[1][2][3])
    assert.has_error(function() utils.recursiveFill('x', 1) end)
    local ring = {}
    ring[1] = { ring }
    for _, name in ipairs { 'ResizeAs', 'Copy', 'Add', 'Fill' } do
      local f = utils['recursive' .. name]
      assert.error_matches(function() f(name == 'Fill' and ring or {}, name == 'Fill' and 1 or ring) end,
        'does one hold itself')
    end
    ring[2] = torch.ones(2)
    assert.equal(ring, utils.recursiveType(ring, 'torch.FloatTensor'))
    assert.equal('torch.FloatTensor', ring[2]:type())
    local m = nn.Linear(2, 3)
    m.holder = { m }
    assert.equal('torch.FloatTensor', m:float().weight:type())
  end)

  it('sizes beyond 2^53 in texts', function()
    assert.equal('nn.View(-1, 4611686018427387904)', tostring(nn.View(-1, 2 ^ 62)))
    assert.equal('nn.View(2, 3)', tostring(nn.View(2, 3)))
  end)

  it('views', function()
    local t = torch.range(1, 6):view(2, 3)
    local v = utils.addSingletonDimension(t:t(), 2)
    assert.are.same({ 3, 1, 2 }, v:size():totable())
    assert.are.equal(4, v[1][1][2])
    assert.are.same({ 6 }, utils.contiguousView(nil, t:t(), -1):size():totable())
    assert.has_error(function() utils.addSingletonDimension(t, 4) end)
  end)
end)

describe('what is no module, dataset or size', function()
  local calls = {
    ['expected a dataset'] = function() nn.StochasticGradient(nn.Linear(2, 1), nn.MSECriterion()):train(2) end,
    ['add: expected a module'] = function() nn.MapTable(4) end,
    ['nn.ConcatTable: add: expected'] = function() nn.ConcatTable():add {} end,
    ['expected an nn.Linear'] = function() nn.LinearWeightNorm.fromLinear(1.5) end,
    ['expected a tensor of parameters'] = function() nn.Jacobian.testJacobian(nn.Tanh(), 3) end,
    ['expected a tensor n x 2'] = function() nn.SparseJacobian.testJacobian(nn.SparseLinear(5, 2), torch.ones(3)) end,
    ['call forward with this input'] = function() nn.Kmeans(1, 3):accGradParameters(torch.ones(5, 3)) end,
    ['nn.Padding: index: expected a number'] = function() nn.Padding(1, -2, 1, 9, 'cat') end,
    ['nn.tables.full: expected numbers'] = function() nn.tables.full(3) end,
    ['planes count from 1'] = function() nn.SpatialConvolutionMap(torch.Tensor { { 1, 2 ^ 60 } }, 2, 2) end,
    ['expected a positive size'] = function() nn.Reshape(2 ^ 64) end,
    ['factor: expected a number'] = function() nn.TemporalDynamicKMaxPooling(2, {}) end,
    ['at most'] = function() nn.ReflectionPad3d(2 ^ 62):forward(torch.randn(2, 3, 4, 6, 6)) end,
    ['leave nothing'] = function() nn.ConstantPad3d(-2 ^ 63, -2):forward(torch.randn(2, 3, 4, 6, 6)) end,
    ['nn.SplitTable: nInputDims: expected a number'] = function() nn.SplitTable(2, 'two') end,
    ['nn.BatchNormalization: eps: expected a number'] = function() nn.BatchNormalization(5, 'small') end,
    ['nn.Bottle: nInputDim: expected a number'] = function() nn.Bottle(nn.Linear(3, 4), { {} }) end,
    ['nn.SpatialCrossMapLRN: alpha: expected a number'] = function() nn.SpatialCrossMapLRN(5, 'a') end,
    ['nn.LookupTable: paddingValue: expected a number'] = function() nn.LookupTable(9, 2, torch.ones(2)) end,
    ['nn.Unsqueeze: numInputDims: expected a number'] = function() nn.Unsqueeze(2, 'a') end,
    ['add: expected a module, got nn.MSECriterion'] = function() nn.Sequential():add(nn.MSECriterion()) end,
    ['add: expected a module, got table'] = function() nn.Concat(1):add { 1, 2 } end,
    ['nn.utils.forget: a name of a field expected'] = function() nn.utils.forget({}, 0 / 0) end,
    ['backward: argument 3: a scale'] = function()
      nn.LookupTable(3, 2):backward(torch.LongTensor { 1 }, torch.ones(1, 2), torch.ones(1))
    end,
    ['nn.SparseEmbedding: updateParameters: a learning rate'] = function()
      nn.SparseEmbedding(3, 2):updateParameters()
    end,
    ['nn.ParallelCriterion > %[2%] nn.ClassNLLCriterion: nll: row 1'] = function()
      local c = nn.ParallelCriterion():add(nn.MSECriterion()):add(nn.ClassNLLCriterion())
      c:forward({ torch.ones(1, 2), torch.zeros(1, 2) }, { torch.ones(1, 2), torch.LongTensor { 3 } })
    end,
    ['nn.MultiCriterion > %[1%] nn.MSECriterion: expected'] = function()
      nn.MultiCriterion():add(nn.MSECriterion()):backward(torch.ones(2), torch.ones(3))
    end,
    ['nn.Linear: apply: expected a function, got nil'] = function() nn.Linear(2, 3):apply() end,
    ['nn.Sequential: replace: expected a function, got number'] = function() nn.Sequential():replace(3) end,
    ['applyToModules: expected a function'] = function() nn.Sequential():applyToModules {} end,
    ['share: expected a container of 1 modules, got nn.Linear'] = function()
      nn.Sequential():add(nn.Linear(2, 3)):share(nn.Linear(2, 3), 'weight')
    end,
    ['insert: expected a module, got boolean'] = function() nn.Sequential():insert(true, 1) end,
    ['insert: index two out of range 1..1'] = function() nn.Sequential():insert(nn.Tanh(), 'two') end,
    ['remove: index {} out of range'] = function()
      nn.Sequential():add(nn.Tanh()):remove(setmetatable({}, { __tostring = function() return '{}' end }))
    end,
    ['nn.MapTable: resize: expected a number of modules, got 1e%+300'] = function()
      nn.MapTable(nn.Tanh()):resize(1e300)
    end,
    ['nn.ModuleList: extend: expected a list'] = function() nn.ModuleList():extend(3) end,
    ['nn.ModuleDict: update: expected a table'] = function() nn.ModuleDict():update() end,
    ['input %[N x n%] or %[n%]'] = function() nn.ClassSimplexCriterion(3):getTopPrediction() end,
    ['nn.SpatialConvolutionMap: decayParameters: expected a number'] = function()
      nn.SpatialConvolutionMap(nn.tables.full(1, 1), 2, 2):decayParameters()
    end,
    ['initKmeansPlus: p: expected 0 to 1, got x'] = function()
      nn.Kmeans(1, 3):initKmeansPlus(torch.ones(5, 3), 'x')
    end,
    ['nn.EmbeddingBag'] = function() nn.EmbeddingBag(3, 2):backward(nil, torch.ones(1, 2)) end,
    ['share: a module expected'] = function() nn.Linear(2, 3):share('a', 'weight') end,
    ['updateParameters: a learning rate expected'] = function() nn.Linear(2, 3):updateParameters() end,
    ['accUpdateGradParameters: a learning rate'] = function()
      nn.Linear(2, 3):accUpdateGradParameters(torch.ones(2), torch.ones(3))
    end,
    ['numLayers: expected a whole number from 1 to'] = function()
      nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2), 2 ^ 60)
    end,
    ['nn.OneHot: expected indices 1 to 3, got %-9223372036854775808'] = function()
      nn.OneHot(3):forward(torch.LongTensor { 1, -2 ^ 63 })
    end,
    ['call forward with this input first'] = function()
      local q = torch.ones(1, 2, 4)
      local m = nn.ScaledDotProductAttention()
      m.output:resize(1, 2, 4)
      m:backward({ q, q, q }, q)
    end,
    ['minval: expected a number'] = function() nn.Jacobian.testJacobian(nn.Tanh(), torch.ones(2), {}) end,
    ['a module expected, got number'] = function() nn.SparseJacobian.testJacobian(3, torch.ones(2, 2)) end,
    ['margin: expected a number'] = function()
      nn.HingeEmbeddingCriterion { 1, 2 }:forward(torch.ones(2), torch.ones(2))
    end,
  }
  for text, call in pairs(calls) do
    it(text, function() assert.error_matches(call, text) end)
  end

  it('leaves the other modules to be found', function()
    assert.equal(1, #nn.Sequential():add(nn.Linear(2, 3)):findModules 'nn.Linear')
  end)

  it('have the fields that Torch7 reads from their files without making them', function()
    assert.are.equal(20, nn.SoftPlus(2).threshold)
    assert.are.equal('nn.Tanh', torch.type(nn.TanhShrink().tanh))
    assert.is_true(torch.isTensor(nn.CMinTable().minVals) and torch.isTensor(nn.CMaxTable().maxVals))
    local m = nn.VolumetricFullConvolution(1, 1, 1, 1, 1)
    for _, change in ipairs { 'float', 'clearState', 'double' } do
      m[change](m)
      assert.are.equal(m:type(), m.finput:type())
      assert.are.equal(m:type(), m.fgradInput:type())
    end
  end)
end)
