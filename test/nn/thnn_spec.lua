--- The THNN entry points against the layers.
require 'nn'
local support = dofile(debug.getinfo(1, 'S').source:match '^@(.*/)' .. 'support.lua')
local distance = support.distance

describe('THNN', function()
  before_each(function() torch.manualSeed(8) end)
  local function rand(...) return torch.Tensor(...):uniform(-1, 1) end

  it('activations', function()
    for name, extra in pairs {
      Tanh = {}, Sigmoid = {}, SoftMax = {}, LogSoftMax = {}, SoftPlus = { 1, 20 }, ELU = { 1, false },
      Threshold = { 0, 0, false }, HardTanh = { -0.5, 0.5, false }, LeakyReLU = { 0.1, false }, Square = {}, Abs = {},
    } do
      local m = nn[name](name == 'Threshold' and 0 or name == 'HardTanh' and -0.5 or name == 'LeakyReLU' and 0.1 or nil,
        name == 'Threshold' and 0 or name == 'HardTanh' and 0.5 or nil)
      local x, g, y, dx = rand(3, 4), rand(3, 4), torch.Tensor(), torch.Tensor()
      local arguments = { x:cdata(), y:cdata() }
      for _, v in ipairs(extra) do arguments[#arguments + 1] = v end
      x.THNN[name .. '_updateOutput'](unpack(arguments))
      assert.are.equal(0, distance(y, m:forward(x)), name)
      arguments = { x:cdata(), g:cdata(), dx:cdata() }
      if ({ Tanh = 1, Sigmoid = 1, SoftMax = 1, LogSoftMax = 1, SoftPlus = 1, ELU = 1 })[name] then
        arguments[4] = y:cdata()
      end
      for _, v in ipairs(extra) do arguments[#arguments + 1] = v end
      x.THNN[name .. '_updateGradInput'](unpack(arguments))
      assert.are.equal(0, distance(dx, m:backward(x, g)), name)
    end
  end)

  it('convolution', function()
    local m = nn.SpatialConvolutionMM(2, 3, 3, 2, 1, 1, 1, 0)
    local x = rand(2, 2, 5, 6)
    local y, dx, finput, fgradInput = torch.Tensor(), torch.Tensor(), torch.Tensor(), torch.Tensor()
    x.THNN.SpatialConvolutionMM_updateOutput(x:cdata(), y:cdata(), m.weight:cdata(), m.bias:cdata(), finput:cdata(),
      fgradInput:cdata(), 3, 2, 1, 1, 1, 0)
    local g = rand(2, 3, 4, 6)
    assert.are.equal(0, distance(y, m:forward(x)))
    x.THNN.SpatialConvolutionMM_updateGradInput(x:cdata(), g:cdata(), dx:cdata(), m.weight:cdata(), finput:cdata(),
      fgradInput:cdata(), 3, 2, 1, 1, 1, 0)
    m:zeroGradParameters()
    assert.are.equal(0, distance(dx, m:backward(x, g, 0.5)))
    local gw, gb = m.gradWeight:clone():zero(), m.gradBias:clone():zero()
    x.THNN.SpatialConvolutionMM_accGradParameters(x:cdata(), g:cdata(), gw:cdata(), gb:cdata(), finput:cdata(),
      fgradInput:cdata(), 3, 2, 1, 1, 1, 0, 0.5)
    assert.is_true(distance(gw, m.gradWeight) < 1e-12)
    assert.is_true(distance(gb, m.gradBias) < 1e-12)
    x.THNN.SpatialConvolutionMM_updateOutput(x:cdata(), y:cdata(), m.weight:cdata(), nil, finput:cdata(),
      fgradInput:cdata(), 3, 2, 1, 1, 1, 0)
    m.bias:zero()
    assert.is_true(distance(y, m:forward(x)) < 1e-12)
  end)

  it('pooling, up-sampling, maps', function()
    local m, x = nn.SpatialMaxPooling(2, 2, 2, 2), rand(1, 2, 4, 4)
    local y, dx, index = torch.Tensor(), torch.Tensor(), torch.LongTensor()
    x.THNN.SpatialMaxPooling_updateOutput(x:cdata(), y:cdata(), index:cdata(), 2, 2, 2, 2, 0, 0, false)
    assert.are.equal(0, distance(y, m:forward(x)))
    local g = rand(1, 2, 2, 2)
    x.THNN.SpatialMaxPooling_updateGradInput(x:cdata(), g:cdata(), dx:cdata(), index:cdata(), 2, 2, 2, 2, 0, 0, false)
    assert.are.equal(0, distance(dx, m:backward(x, g)))
    local up = nn.SpatialUpSamplingNearest(2)
    x.THNN.SpatialUpSamplingNearest_updateOutput(x:cdata(), y:cdata(), 2)
    assert.are.equal(0, distance(y, up:forward(x)))
    g = rand(1, 2, 8, 8)
    x.THNN.SpatialUpSamplingNearest_updateGradInput(x:cdata(), g:cdata(), dx:cdata(), 2)
    assert.are.equal(0, distance(dx, up:backward(x, g)))
    local map = nn.SpatialConvolutionMap(nn.tables.full(2, 3), 2, 2)
    x = rand(2, 4, 4)
    x.THNN.SpatialConvolutionMap_updateOutput(x:cdata(), y:cdata(), map.weight:cdata(), map.bias:cdata(),
      map.connTable:cdata(), 2, 3, 1, 1)
    assert.are.equal(0, distance(y, map:forward(x)))
    g = rand(3, 3, 3)
    x.THNN.SpatialConvolutionMap_updateGradInput(x:cdata(), g:cdata(), dx:cdata(), map.weight:cdata(),
      map.bias:cdata(), map.connTable:cdata(), 2, 3, 1, 1)
    assert.are.equal(0, distance(dx, map:backward(x, g)))
  end)

  it('criterions', function()
    local x, t = nn.LogSoftMax():forward(rand(3, 4)):clone(), torch.LongTensor { 1, 4, 2 }
    local out, total, dx = torch.Tensor(1), torch.Tensor(1), torch.Tensor()
    local c = nn.ClassNLLCriterion()
    x.THNN.ClassNLLCriterion_updateOutput(x:cdata(), t:cdata(), out:cdata(), true, nil, total:cdata(), -100)
    assert.are.equal((c:forward(x, t)), out[1])
    assert.are.equal(3, total[1])
    x.THNN.ClassNLLCriterion_updateGradInput(x:cdata(), t:cdata(), dx:cdata(), true, nil, total:cdata(), -100)
    assert.are.equal(0, distance(dx, c:backward(x, t)))
    local y = rand(3, 4)
    x.THNN.MSECriterion_updateOutput(x:cdata(), y:cdata(), out:cdata(), false)
    assert.are.equal(nn.MSECriterion(false):forward(x, y), out[1])
    x.THNN.MSECriterion_updateGradInput(x:cdata(), y:cdata(), dx:cdata(), 1)
    assert.are.equal(0, distance(dx, nn.MSECriterion():backward(x, y)))
  end)

  it('look-up tables, batch normalisation', function()
    local m, x, g = nn.LookupTable(5, 3), torch.LongTensor { 2, 5, 2 }, rand(3, 3)
    local gw = torch.zeros(5, 3)
    gw.THNN.LookupTable_accGradParameters(x:cdata(), g:cdata(), gw:cdata(), nil, nil, nil, false, 0, 1)
    m:zeroGradParameters()
    m:forward(x)
    m:backward(x, g)
    assert.are.equal(0, distance(gw, m.gradWeight))
    local bn = nn.BatchNormalization(3)
    local y, mean, std = torch.Tensor(), torch.Tensor(3), torch.Tensor(3)
    local rm, rv = torch.zeros(3), torch.ones(3)
    local input, g2 = rand(6, 3), rand(6, 3)
    input.THNN.BatchNormalization_updateOutput(input:cdata(), y:cdata(), bn.weight:cdata(), bn.bias:cdata(),
      rm:cdata(), rv:cdata(), mean:cdata(), std:cdata(), true, 0.1, 1e-5)
    assert.are.equal(0, distance(y, bn:forward(input)))
    assert.are.equal(0, distance(rm, bn.running_mean))
    local dx, dw, db = torch.Tensor(), torch.zeros(3), torch.zeros(3)
    input.THNN.BatchNormalization_backward(input:cdata(), g2:cdata(), dx:cdata(), dw:cdata(), db:cdata(),
      bn.weight:cdata(), rm:cdata(), rv:cdata(), mean:cdata(), std:cdata(), true, 1, 1e-5)
    bn:zeroGradParameters()
    assert.are.equal(0, distance(dx, bn:backward(input, g2)))
    assert.is_true(distance(dw, bn.gradWeight) < 1e-12 and distance(db, bn.gradBias) < 1e-12)
  end)

  it('say what is wrong', function()
    local THNN = require 'nn.THNN'
    assert.are.equal(THNN, nn.THNN)
    assert.is_nil(THNN.optionalTensor(nil))
    assert.is_nil(THNN.getState())
    assert.has_error(function() return torch.Tensor().THNN.NoSuch_updateOutput end)
    assert.has_error(function() torch.Tensor().THNN.Tanh_updateOutput() end)
    assert.has_error(function() torch.Tensor().THNN.Tanh_updateOutput(torch.Tensor(), torch.Tensor(), 3) end)
  end)

  -- A layer and what its THNN calls take after the tensors: both must agree.
  local function agree(name, m, x, numbers, buffers)
    local y, dx = torch.Tensor(), torch.Tensor()
    local spare = {}
    for i = 1, 2 do spare[i] = torch.Tensor():cdata() end
    local function call(method, tensors, many, ...)
      for i = 1, many do tensors[#tensors + 1] = spare[i] end
      for _, v in ipairs(numbers) do tensors[#tensors + 1] = v end
      for _, v in ipairs { ... } do tensors[#tensors + 1] = v end
      x.THNN[name .. '_' .. method](unpack(tensors))
    end
    call('updateOutput', { x:cdata(), y:cdata(), m.weight:cdata(), m.bias:cdata() }, buffers[1])
    assert.is_true(distance(y, m:forward(x)) < 1e-12, name)
    local g = y:clone():uniform(-1, 1)
    call('updateGradInput', { x:cdata(), g:cdata(), dx:cdata(), m.weight:cdata() }, buffers[2])
    m:zeroGradParameters()
    assert.is_true(distance(dx, m:backward(x, g)) < 1e-12, name)
    local dw, db = m.gradWeight:clone():zero(), m.gradBias:clone():zero()
    call('accGradParameters', { x:cdata(), g:cdata(), dw:cdata(), db:cdata() }, buffers[3], 1)
    assert.is_true(distance(dw, m.gradWeight) < 1e-12 and distance(db, m.gradBias) < 1e-12, name)
  end

  it('volumes, local and row convolutions', function()
    agree('VolumetricConvolutionMM', nn.VolumetricConvolution(2, 3, 2, 3, 2, 1, 2, 1, 1, 0, 1), rand(2, 2, 4, 5, 6),
      { 2, 3, 2, 1, 2, 1, 1, 0, 1 }, { 1, 2, 1 })
    agree('VolumetricDilatedConvolution', nn.VolumetricDilatedConvolution(2, 3, 2, 3, 2, 1, 1, 1, 0, 0, 0, 1, 2, 1),
      rand(2, 2, 4, 5, 6), { 2, 3, 2, 1, 1, 1, 0, 0, 0, 1, 2, 1 }, { 2, 1, 2 })
    agree('VolumetricFullConvolution', nn.VolumetricFullConvolution(2, 3, 2, 3, 2, 1, 2, 2), rand(2, 2, 3, 4, 5),
      { 1, 2, 2, 0, 0, 0, 0, 0, 0 }, { 2, 2, 2 })
    agree('SpatialConvolutionLocal', nn.SpatialConvolutionLocal(2, 3, 6, 5, 3, 2), rand(2, 2, 5, 6),
      { 3, 2, 1, 1, 0, 0, 6, 5, 4, 4 }, { 2, 2, 2 })
  end)

  it('adaptive, fractional and reversed pooling, interpolation', function()
    local x, y, dx, indices = rand(2, 3, 6, 8), torch.Tensor(), torch.Tensor(), torch.LongTensor()
    local m = nn.SpatialAdaptiveMaxPooling(3, 2)
    x.THNN.SpatialAdaptiveMaxPooling_updateOutput(x:cdata(), y:cdata(), indices:cdata(), 3, 2)
    assert.are.equal(0, distance(y, m:forward(x)))
    local g = y:clone():uniform()
    x.THNN.SpatialAdaptiveMaxPooling_updateGradInput(x:cdata(), g:cdata(), dx:cdata(), indices:cdata())
    assert.are.equal(0, distance(dx, m:backward(x, g)))
    m = nn.SpatialAdaptiveAveragePooling(3, 2)
    x.THNN.SpatialAdaptiveAveragePooling_updateOutput(x:cdata(), y:cdata(), 3, 2)
    assert.are.equal(0, distance(y, m:forward(x)))
    x.THNN.SpatialAdaptiveAveragePooling_updateGradInput(x:cdata(), g:cdata(), dx:cdata())
    assert.are.equal(0, distance(dx, m:backward(x, g)))
    local pool = nn.SpatialMaxPooling(2, 2)
    local p = pool:forward(x)
    m = nn.SpatialMaxUnpooling(pool)
    x.THNN.SpatialMaxUnpooling_updateOutput(p:cdata(), y:cdata(), pool.indices:cdata(), 8, 6)
    assert.are.equal(0, distance(y, m:forward(p)))
    x.THNN.SpatialMaxUnpooling_updateGradInput(p:cdata(), x:cdata(), dx:cdata(), pool.indices:cdata(), 8, 6)
    assert.are.equal(0, distance(dx, m:backward(p, x)))
    m = nn.SpatialUpSamplingBilinear(2)
    x.THNN.SpatialUpSamplingBilinear_updateOutput(x:cdata(), y:cdata(), 12, 16)
    assert.are.equal(0, distance(y, m:forward(x)))
    g = y:clone():uniform()
    x.THNN.SpatialUpSamplingBilinear_updateGradInput(g:cdata(), dx:cdata(), 2, 3, 6, 8, 12, 16)
    assert.are.equal(0, distance(dx, m:backward(x, g)))
    local samples = torch.rand(2, 3, 2)
    m = nn.SpatialFractionalMaxPooling(2, 2, 3, 4)
    m.randomSamples, m.newRandomPool = samples:clone(), true
    x.THNN.SpatialFractionalMaxPooling_updateOutput(x:cdata(), y:cdata(), 3, 4, 2, 2, indices:cdata(), samples:cdata())
    assert.are.equal(0, distance(y, m:forward(x)))
  end)
end)
