--- What layers and decorators do besides forward and backward: types, sharing, single steps, error texts.
require 'nn'
local here = debug.getinfo(1, 'S').source:match '^@(.*/)'
local support = dofile(here .. 'support.lua')

local function sizes(x) return table.concat(x:size():totable(), 'x') end
local function near(a, b, tolerance) assert.is_true(support.distance(a, b) < (tolerance or 1e-10)) end
local function same_memory(a, b) assert.are.equal(torch.pointer(a:storage()), torch.pointer(b:storage())) end
local message = support.message
local function says(err, text) assert.is_truthy(tostring(err):find(text, 1, true), tostring(err)) end

describe('nn behaviour', function()
  before_each(function() torch.manualSeed(3) end)

  it('more sizes than a tensor can have are refused, by View and Unflatten', function()
    local ones = {}
    for i = 1, 40 do ones[i] = 1 end
    local x = torch.randn(1)
    says(message(function() return nn.View(unpack(ones)):forward(x) end), '40 sizes, at most 12 dimensions')
    says(message(function() return nn.Unflatten(1, ones):forward(x) end), '40 sizes, at most 12 dimensions')
    for i = 13, 40 do ones[i] = nil end
    assert.equal(12, nn.View(unpack(ones)):forward(x):dim())
    assert.equal(12, nn.Unflatten(1, ones):forward(x):dim())
  end)

  it('a step at once is a step after accumulation', function()
    for _, make in ipairs {
      function() return nn.Add(3) end, function() return nn.CAdd(3) end, function() return nn.CMul(3) end,
      function() return nn.Cosine(3, 2) end, function() return nn.Euclidean(3, 2) end,
      function() return nn.WeightedEuclidean(3, 2) end, function() return nn.PReLU() end,
      function() return nn.LinearWeightNorm(3, 2) end, function() return nn.WeightNorm(nn.Linear(3, 2)) end,
      function() return nn.PartialLinear(3, 2) end, function() return nn.Bottle(nn.Linear(3, 2)) end,
    } do
      local a = make()
      local b = a:clone()
      local x = torch.randn(4, 3)
      local g = torch.randn(a:forward(x):size())
      a:zeroGradParameters()
      a:backward(x, g)
      a:updateParameters(0.1)
      b:forward(x)
      b:zeroGradParameters()
      b:backwardUpdate(x, g, 0.1)
      local after = b:parameters()
      for i, p in ipairs((a:parameters())) do near(p, after[i]) end
    end
  end)

  it('a pass of Linear that failed leaves those of other types alone', function()
    local float, double = nn.Linear(3, 2):float(), nn.Linear(3, 2):double()
    local x, g = torch.randn(4, 3), torch.randn(4, 2)
    local want = torch.mm(x, double.weight:t()) + double.bias:view(1, 2):expand(4, 2)
    for _ = 1, 2 do
      assert.is_false(pcall(float.forward, float, x))
      assert.is_false(pcall(float.updateGradInput, float, x[1]:float(), g[1]))
      assert.is_false(pcall(float.accGradParameters, float, x:float(), g))
      assert.is_true((double:forward(x) - want):abs():max() < 1e-12)
      double:zeroGradParameters()
      double:backward(x, g)
      assert.is_true((double.gradWeight - torch.mm(g:t(), x)):abs():max() < 1e-12)
    end
  end)

  it('a step at once that fails leaves weights and gradients in their places', function()
    local m = nn.Linear(3, 2)
    local w, dw = m.weight, m.gradWeight
    assert.is_false(pcall(m.accUpdateGradParameters, m, torch.ones(7), torch.ones(2), 1))
    assert.is_true(rawequal(w, m.weight) and rawequal(dw, m.gradWeight))
  end)

  it('FlattenTable makes its map anew when an entry changes', function()
    local m, x = nn.FlattenTable(), { torch.ones(1), { torch.ones(2) } }
    m:forward(x)
    local map = m.input_map
    m:forward(x)
    assert.are.equal(map, m.input_map)
    x[1] = torch.ones(3)
    assert.are.equal('3', sizes(m:forward(x)[1]))
    assert.are_not.equal(map, m.input_map)
    x[3] = torch.ones(4)
    assert.are.equal(3, #m:forward(x))
    x[3] = nil
    assert.are.equal(2, #m:forward(x))
  end)

  it('Convert knows its letters and its type', function()
    local x = torch.randn(8, 3, 10, 12)
    for _, row in ipairs {
      { 'bchw', 'bf', x, '8x360' }, { 'bchw', 'bwch', x, '8x12x3x10' }, { 'chw', 'f', x[1], '360' },
      { 'chw', 'f', x, '8x360' }, { 'b', 'bt', torch.ones(4), '4x1' }, { 'b', 'bf', torch.ones(4), '4x1' },
      { 'bt', 'b', torch.ones(4, 2), '4' }, { 'fb', 'b', torch.ones(1, 4), '4' },
      { 'bchw', 'bchw', x, '8x3x10x12' },
    } do
      assert.are.equal(row[4], sizes(nn.Convert(row[1], row[2]):forward(row[3])))
    end
    local m = nn.Convert('bchw', 'bf'):float()
    assert.are.equal('torch.FloatTensor', torch.type(m:forward(x)))
    assert.are.equal('torch.DoubleTensor', torch.type(m:backward(x, m.output)))
    assert.are.equal('torch.FloatTensor', torch.type(nn.Convert():float():forward(torch.IntTensor { 1, 2 })))
    local bad = nn.Convert('bf', 'b')
    says(message(bad.forward, bad, torch.ones(2, 3)), 'more than one feature')
    bad = nn.Convert('bt', 'bf')
    says(message(bad.forward, bad, torch.ones(2, 3)), 'cannot convert bt to bf')
  end)

  it('OneHot takes numbers and any tensor of indices', function()
    local m = nn.OneHot(4)
    assert.are.equal('4', sizes(m:forward(2)))
    assert.are.equal(1, m.output[2])
    assert.are.equal('torch.FloatTensor', torch.type(m:float():forward(torch.LongTensor { { 1, 4 } })))
    assert.are.equal('1x2x4', sizes(m.output))
    says(message(m.forward, m, torch.LongTensor { 5 }), 'expected indices 1 to 4, got 5')
    says(message(m.forward, m, 0), 'got 0')
  end)

  it('Kmeans finds two heaps', function()
    local x = torch.randn(100, 2):mul(0.1)
    x:narrow(1, 1, 50):add(5)
    local m = nn.Kmeans(2, 2)
    m:initKmeansPlus(x)
    for _ = 1, 5 do
      m:zeroGradParameters()
      m:forward(x)
      m:backward(x, m.output)
      m:updateParameters(1)
    end
    assert.is_true(m.loss < 100 * 2 * 0.02)
    assert.are.equal(50, m.clusterSampleCount:min())
    says(message(m.initRandom, m, torch.ones(1, 2)), 'at least 2 samples')
  end)

  it('DontCast keeps the type inside and converts at the border', function()
    local m = nn.DontCast(nn.Linear(3, 2):float(), true):double()
    local x = torch.randn(4, 3)
    assert.are.equal('torch.DoubleTensor', torch.type(m:forward(x)))
    assert.are.equal('torch.DoubleTensor', torch.type(m:backward(x, m.output)))
    assert.are.equal('torch.FloatTensor', m:get(1):type())
    assert.are.equal('torch.FloatTensor', torch.type(m:float():forward(x)))
    local inner = nn.DontCast(nn.CAddTable():float(), true, false)
    assert.are.equal('torch.FloatTensor', torch.type(inner:forward { x, x }))
    local net = nn.Sequential():add(nn.DontCast(nn.Linear(2, 2))):float()
    assert.are.equal('torch.DoubleTensor', torch.type(net:get(1):get(1).weight))
  end)

  it('NaN says where it comes from', function()
    local linear = nn.Linear(2, 2)
    local m, x = nn.NaN(linear, 'a'), torch.ones(2, 2)
    m:forward(x)
    local bad = torch.Tensor(2, 2):fill(0 / 0)
    says(message(m.backward, m, x, bad), 'NaN found in gradOutput of module: nn.Linear(2 -> 2)')
    x[1][1] = 0 / 0
    says(message(m.forward, m, x), 'nn.NaN(a): NaN found in input')
    x:fill(1)
    linear.weight[1][1] = 0 / 0
    says(message(m.forward, m, x), 'NaN found in parameters')
    assert.is_false(m:recursiveIsNaN { torch.ones(2), { torch.Tensor { math.huge, -math.huge } } })
    assert.is_true(m:recursiveIsNaN { torch.ones(2), { torch.Tensor { 0 / 0 } } })
  end)

  it('MapTable shares parameters among its copies', function()
    local m = nn.MapTable(nn.Linear(3, 2)):resize(4)
    assert.are.equal(4, m:size())
    same_memory(m:get(1).weight, m:get(4).weight)
    assert.are.equal(8, m:getParameters():nElement())
    assert.are.equal(1, m:clearState():size())
    assert.has_error(function() m:add(nn.Tanh()) end)
    assert.has_error(function() nn.MapTable():forward { torch.ones(2) } end)
  end)

  it('WeightNorm holds one weight and adds up gradients', function()
    local m, x = nn.WeightNorm(nn.Linear(3, 2)), torch.randn(4, 3)
    local copy = m:clone()
    near(m:forward(x), copy:forward(x))
    same_memory(copy.weight, copy:get(1).weight)
    local _, grads = m:getParameters()
    grads:zero()
    local g = m:forward(x):clone()
    m:backward(x, g)
    local once = grads:clone()
    m:backward(x, g)
    near(grads, once * 2)
    local y = m:forward(x):clone()
    m:evaluate()
    near(m:forward(x), y)
    assert.has_error(function() nn.WeightNorm(nn.Tanh()) end)
  end)

  it('LinearWeightNorm turns to and from Linear', function()
    local x, m = torch.randn(4, 3), nn.LinearWeightNorm(3, 2)
    near(m:toLinear():forward(x), m:forward(x))
    local linear = nn.Linear(3, 2, false):float()
    near(nn.LinearWeightNorm.fromLinear(linear):forward(x:float()), linear:forward(x:float()), 1e-6)
  end)

  it('RReLU and WhiteNoise draw anew while training', function()
    local m, x = nn.RReLU(0.1, 0.3), torch.randn(1000)
    local y, g = m:forward(x):clone(), torch.ones(1000)
    near(m:backward(x, g), m.noise)
    near(y, torch.cmul(x, m.noise))
    local low = m.noise:maskedSelect(x:le(0))
    assert.is_true(low:min() >= 0.1 and low:max() <= 0.3 and low:std() > 0.03)
    local inside = nn.RReLU(0.1, 0.3, true)
    local z = x:clone()
    same_memory(inside:forward(z), z)
    local noise = nn.WhiteNoise(1, 0.5)
    assert.is_true(math.abs(noise:forward(torch.zeros(4000)):mean() - 1) < 0.05)
    noise:evaluate()
    assert.are.equal(1, noise:forward(torch.zeros(3))[2])
    says(message(noise.backward, noise, x, g), 'training()')
  end)

  it('small ones', function()
    local penalty, x = nn.L1Penalty(0.5), torch.Tensor { -1, 2 }
    near(penalty:backward(penalty:forward(x), torch.ones(2)), torch.Tensor { 0.5, 1.5 })
    assert.are.equal(1.5, penalty.loss)
    local reversal = nn.GradientReversal(0.5)
    near(reversal:backward(reversal:forward(x), torch.ones(2)), torch.Tensor { -0.5, -0.5 })
    local zero = nn.ZeroGrad()
    assert.are.equal(0, zero:backward(zero:forward { x, { x } }, { x, { x } })[2][1]:norm())
    local index, mask = nn.Index(1), nn.MaskedSelect()
    near(index:forward { x, torch.LongTensor { 2, 2 } }, torch.Tensor { 2, 2 })
    near(index:backward({ x, torch.LongTensor { 2, 2 } }, torch.ones(2))[1], torch.Tensor { 0, 2 })
    near(mask:forward { x, torch.ByteTensor { 0, 1 } }, torch.Tensor { 2 })
    near(mask:backward({ x, torch.ByteTensor { 0, 1 } }, torch.Tensor { 3 })[1], torch.Tensor { 0, 3 })
    assert.are.equal(0, nn.MaskedSelect():forward { x, torch.ByteTensor(2):zero() }:nElement())
    local constant = nn.Constant(torch.Tensor { 1, 2 }, 1)
    assert.are.equal('3x2', sizes(constant:forward(torch.ones(3, 5))))
    assert.are.equal(0, constant:backward(torch.ones(3, 5), torch.ones(3, 2)):norm())
    local squeezed = nn.Squeeze():forward(torch.ones(1, 1))
    assert.are.equal('1', sizes(squeezed))
    assert.are.equal('nn.Normalize(inf)', tostring(nn.Normalize(math.huge)))
  end)

  it('wrong arguments of constructors', function()
    for _, f in ipairs {
      function() nn.Add() end, function() nn.CAdd() end, function() nn.CMul(0) end, function() nn.Bilinear(2, 3) end,
      function() nn.Bottle() end, function() nn.Collapse() end, function() nn.Constant() end,
      function() nn.Convert(nil, 'bf') end, function() nn.Cosine(3) end, function() nn.CReLU() end,
      function() nn.Decorator(3) end, function() nn.DepthConcat "x" end, function() nn.FeatureLPPooling(1, 1, 2) end,
      function() nn.GPU(nn.Tanh()) end, function() nn.GradientReversal 'x' end, function() nn.Index() end,
      function() nn.Kmeans(2) end, function() nn.L1Penalty() end, function() nn.LayerNormalization() end,
      function() nn.Max 'x' end, function() nn.Sum(1, 'x') end, function() nn.Maxout(3) end, function() nn.MV(1) end,
      function() nn.Normalize(0) end, function() nn.OneHot(0) end, function() nn.Padding(1) end,
      function() nn.Parallel(1) end, function() nn.PixelShuffle(0) end, function() nn.PReLU 'x' end,
      function() nn.Replicate(0) end, function() nn.RReLU(0.5, 0.1) end, function() nn.Squeeze 'x' end,
      function() nn.Unsqueeze(0) end, function() nn.WhiteNoise(0, -1) end, function() nn.PairwiseDistance 'x' end,
      function() nn.PartialLinear(2, 3):setPartition(torch.LongTensor { 4 }) end,
    } do
      says(message(f), 'nn.')
    end
  end)

  it('element by element layers go backward without a forward', function()
    local x, g = torch.Tensor { -3, -0.5, 0, 1, 3 }, torch.Tensor { 1, 2, 3, 4, 5 }
    for _, make in ipairs {
      function(inplace) return nn.HardTanh(1, math.huge, inplace) end,
      function(inplace) return nn.Threshold(0.5, 0, inplace) end, function(inplace) return nn.ReLU6(inplace) end,
      function(inplace) return nn.LeakyReLU(0.1, inplace) end,
      nn.Abs, nn.Square, nn.SoftSign, function() return nn.SoftShrink() end,
      nn.Tanh, nn.Sigmoid, function() return nn.ELU() end, function() return nn.SoftPlus() end,
      nn.LogSigmoid,
    } do
      local after = make(false)
      after:forward(x)
      local expected = after:backward(x, g):clone()
      near(expected, make(false):backward(x, g), 1e-15)
      near(expected, make(false):float():backward(x:float(), g:float()):double(), 1e-6)
      near(expected, make(true):backward(x, g:clone()), 1e-15) -- x stays as it is
      assert.are.same({ -3, -0.5, 0, 1, 3 }, x:totable())
    end
    local tanh, relu = nn.Tanh(), nn.ReLU()
    tanh:forward(x)
    relu:forward(x)
    says(message(tanh.backward, tanh, x:narrow(1, 4, 2), g:narrow(1, 4, 2)),
      'nn.Tanh: expected the input of the last forward, whose output was [5], got [2]')
    assert.are.same({ 4, 5 }, relu:backward(x:narrow(1, 4, 2), g:narrow(1, 4, 2)):totable())
  end)

  it('cuts fractions of sizes off, as C did, and tells it once', function()
    local told = {}
    local before = nn.hints(function(text) told[#told + 1] = text end)
    local x = torch.randn(2, 5, 6)
    for _, make in ipairs {
      function(more) return nn.SpatialConvolution(2, 3, 2 + more, 2, 1 + more, 1, more, more) end,
      function(more) return nn.SpatialFullConvolution(2, 3, 3, 3, 2, 2, 1 + more, 1) end,
      function(more) return nn.SpatialMaxPooling(2 + more, 2, 2, 2, more, more) end,
      function(more) return nn.SpatialAveragePooling(2 + more, 2, 2, 2) end,
      function(more) return nn.SpatialAdaptiveMaxPooling(2 + more, 3) end,
      function(more) return nn.SpatialZeroPadding(1 + more, -1 - more, 1, 1) end,
      function(more) return nn.SpatialReflectionPadding(1 + more, 1, 1, 1) end,
    } do
      local a, b = make(0), make(0.5)
      if a.weight then
        b.weight:copy(a.weight)
        b.bias:copy(a.bias)
      end
      near(a:forward(x), b:forward(x), 1e-14)
    end
    assert.are.same({ 4, 2 }, nn.LookupTable(4.5, 2).weight:size():totable())
    local n = #told
    nn.SpatialMaxPooling(2.5, 2)
    nn.hints(before)
    assert.are.equal(n, #told)
    assert.are.equal('nn.SpatialConvolution: kW: 2.5 is taken as 2', told[1])
  end)

  it('Concat joins what its children make of a table', function()
    for _, name in ipairs { 'Concat', 'DepthConcat' } do
      local net = nn[name](2):add(nn.SelectTable(1)):add(nn.Sequential():add(nn.SelectTable(2)):add(nn.Square()))
        :add(nn.SelectTable(1))
      local a, b = torch.randn(3, 2), torch.randn(3, 4)
      for _, x in ipairs { { a, b }, { a, b, { torch.ones(5) } }, { a, b } } do
        assert.are.equal('3x8', sizes(net:forward(x)))
        local g = torch.randn(3, 8)
        local dx = net:backward(x, g)
        assert.are.equal(#x, #dx)
        near(dx[1], g:narrow(2, 1, 2) + g:narrow(2, 7, 2))
        near(dx[2], torch.cmul(g:narrow(2, 3, 4), b) * 2)
        if x[3] then assert.are.equal(0, dx[3][1]:norm()) end
        near(net:updateGradInput(x, g)[1], dx[1])
        net:clearState()
      end
      net = nn[name](2):add(nn.Identity()):add(nn.Tanh())
      net.gradInput = { a }
      near(net:updateGradInput(a, net:forward(a)):narrow(1, 1, 3), a + torch.tanh(a):pow(2):mul(-1):add(1):cmul(
        torch.tanh(a)))
      local Odd = nn[name](1):add(nn.CAddTable())
      Odd:get(1).updateGradInput = function() return a end
      Odd:forward { a, a }
      says(message(Odd.updateGradInput, Odd, { a, a }, a),
        ('nn.%s: module 1: expected the gradient of a table, got [3 x 2]'):format(name))
    end
  end)

  it('Concat of an old file, without outputSize', function()
    local net = nn.Concat(1):add(nn.Linear(2, 3)):add(nn.Linear(2, 1))
    net.outputSize = nil
    assert.are.equal('4', sizes(net:forward(torch.ones(2))))
  end)

  it('a depth-wise convolution takes weights of four dimensions from the start', function()
    local conv, x = nn.SpatialDepthWiseConvolution(3, 2, 3, 3), torch.randn(1, 3, 5, 5)
    conv.weight = torch.randn(2, 3, 3, 3)
    conv:zeroGradParameters()
    conv:backward(x, conv:forward(x))
    assert.are.equal('2x3x3x3', sizes(conv.gradWeight))
    local plane = torch.conv2(x[1][2], conv.output[1][3], 'V'):fill(0)
    for i = 1, 3 do
      for j = 1, 3 do plane[i][j] = x[1][2]:sub(i, i + 2, j, j + 2):clone():cmul(conv.output[1][3]):sum() end
    end
    near(plane, conv.gradWeight[1][2])
  end)

  it('errors name the way through nested containers', function()
    local inner = nn.Parallel(1, 1):add(nn.Linear(1, 1))
    local net = nn.Sequential():add(nn.Identity()):add(nn.Concat(1):add(inner)):add(nn.Identity())
    local err = message(net.forward, net, torch.randn(1, 2))
    says(err, 'In 2 module of nn.Sequential:\nIn 1 module of nn.Concat:\nIn 1 module of nn.Parallel:\n')
    says(err, 'nn.Sequential > [2] nn.Concat > [1] nn.Parallel > [1] nn.Linear(1 -> 1): expected input')
    says(err, 'size mismatch')
    net = nn.Sequential():add(nn.Tanh()):add(nn.Tanh()):add(nn.Linear(512, 10))
    says(message(net.forward, net, torch.ones(64, 400)),
      'nn.Sequential > [3] nn.Linear(512 -> 10): expected input [N x 512], got [64 x 400]')
    net = nn.Sequential():add(nn.Bottle(nn.Sequential():add(nn.Linear(3, 4))))
    says(message(net.forward, net, torch.ones(2, 5, 4)),
      'nn.Sequential > [1] nn.Bottle > [1] nn.Sequential > [1] nn.Linear(3 -> 4)')
    net = nn.ParallelTable():add(nn.Linear(2, 2)):add(nn.MapTable(nn.Linear(3, 2)))
    says(message(net.forward, net, { torch.ones(2), { torch.ones(3), torch.ones(4) } }),
      'nn.ParallelTable > [2] nn.MapTable > [2] nn.Linear(3 -> 2): expected input')
    net:forward { torch.ones(2), { torch.ones(3) } }
    says(message(net.backward, net, { torch.ones(2), { torch.ones(3) } }, { torch.ones(2), { torch.ones(5) } }),
      'nn.ParallelTable > [2] nn.MapTable > [1] nn.Linear(3 -> 2): expected gradOutput')
    local Thrower = torch.class('test_nn_behaviour.Thrower', 'nn.Module', {})
    function Thrower:updateOutput() error(self) end
    local object = torch.factory 'test_nn_behaviour.Thrower'()
    local ok, thrown = pcall(function() nn.Sequential():add(object):forward(1) end)
    assert.is_false(ok)
    assert.are.equal(object, thrown)
  end)
end)
