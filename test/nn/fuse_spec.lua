--- nn.fuse and model:channelsLast: the same numbers as the plain model, layouts, what is folded, wrong calls.
require 'nn'
local support = dofile(debug.getinfo(1, 'S').source:match '^@(.*/)' .. 'support.lua')

local function norm(n)
  local m = nn.SpatialBatchNormalization(n)
  m.running_mean:uniform(-1, 1)
  m.running_var:uniform(0.5, 2)
  m.weight:uniform(0.5, 1.5)
  m.bias:uniform(-1, 1)
  return m
end

local function unit(net, i, o, k, stride, relu)
  net:add(nn.SpatialConvolution(i, o, k, k, stride, stride, (k - 1) / 2, (k - 1) / 2):noBias()):add(norm(o))
  return relu and net:add(nn.ReLU(true)) or net
end

-- A residual block, its shortcut the second path or the first.
local function block(i, o, stride, first)
  local path = unit(unit(nn.Sequential(), i, o, 3, stride, true), o, o, 3, 1)
  local short = i == o and nn.Identity() or unit(nn.Sequential(), i, o, 1, stride)
  local paths = nn.ConcatTable():add(first and short or path):add(first and path or short)
  return nn.Sequential():add(paths):add(nn.CAddTable(true)):add(nn.ReLU(true))
end

local function resnet()
  return unit(nn.Sequential(), 3, 16, 7, 2, true):add(nn.SpatialMaxPooling(3, 3, 2, 2, 1, 1)):add(block(16, 16, 1))
    :add(block(16, 32, 2)):add(block(32, 32, 1, true)):add(nn.SpatialAveragePooling(2, 2, 2, 2)):add(nn.View(-1)
    :setNumInputDims(3)):add(nn.Linear(128, 10))
end

local function last(x) return x:permute(1, 3, 4, 2):contiguous():permute(1, 4, 2, 3) end

local function count(net, class) return #(net:findModules('nn.' .. class)) end

describe('nn.fuse', function()
  before_each(function() torch.manualSeed(5) end)

  for _, kind in ipairs { 'double', 'float' } do
    it('a residual net gives the same numbers: ' .. kind, function()
      local net = resnet()[kind](resnet())
      net:evaluate()
      local x = torch.randn(2, 3, 32, 32)[kind](torch.randn(2, 3, 32, 32))
      local y = net:forward(x):clone()
      local fused, tolerance = nn.fuse(net), kind == 'double' and 1e-10 or 1e-4
      assert.are.equal(0, count(fused, 'SpatialBatchNormalization'))
      assert.are.equal(0, count(fused, 'ReLU'))
      assert.are.equal(3, count(fused, 'FusedResidual'))
      for _ = 1, 2 do assert.is_true(support.distance(fused:forward(x), y) < tolerance, 'packed') end
      fused:channelsLast()
      for _ = 1, 2 do assert.is_true(support.distance(fused:forward(x), y) < tolerance, 'channels-last') end
      assert.is_true(support.distance(fused:forward(last(x)), y) < tolerance, 'channels-last from the start')
      assert.is_true(support.distance(fused:forward(x:narrow(1, 1, 1)), y:narrow(1, 1, 1)) < tolerance, 'another batch')
      local loaded = torch.deserialize(torch.serialize(fused:clearState()))
      assert.is_true(support.distance(loaded:forward(x), y) < tolerance, 'from a file')
      assert.are.equal(tostring(fused), tostring(loaded))
      assert.is_true(support.distance(net:forward(x), y) == 0, 'the model itself stays')
      assert.are.equal(7 + 1, count(net, 'SpatialBatchNormalization'))
    end)
  end

  it('folds what it can and leaves the rest', function()
    local cases = {
      { nn.Sequential():add(nn.Linear(4, 3)):add(nn.BatchNormalization(3)):add(nn.ReLU()), { 5, 4 } },
      { nn.Sequential():add(nn.SpatialFullConvolution(4, 3, 2, 2, 2, 2)):add(norm(3)):add(nn.ReLU()), { 2, 4, 3, 3 } },
      { nn.Sequential():add(nn.SpatialDepthWiseConvolution(4, 2, 3, 3)):add(norm(8)):add(nn.ReLU()), { 2, 4, 6, 6 } },
      { nn.Sequential():add(nn.SpatialConvolution(4, 6, 3, 3, 1, 1, 0, 0, 2)):add(norm(6)):add(nn.Tanh()),
        { 2, 4, 6, 6 } },
      { nn.Sequential():add(nn.VolumetricConvolution(2, 3, 2, 2, 2)):add(nn.VolumetricBatchNormalization(3)),
        { 2, 2, 3, 3, 3 } },
      { nn.Sequential():add(nn.Dropout(0.3)):add(nn.SpatialConvolution(4, 3, 1, 1)):add(nn.Identity()):add(nn.ReLU()),
        { 2, 4, 5, 5 } },
      { nn.Sequential():add(nn.Concat(2):add(nn.SpatialConvolution(4, 3, 1, 1)):add(nn.Identity())), { 2, 4, 5, 5 } },
      { nn.Sequential():add(nn.ConcatTable():add(nn.Tanh()):add(nn.Identity())):add(nn.CAddTable()), { 2, 4 } },
      { nn.Sequential():add(nn.ConcatTable():add(nn.SpatialConvolution(4, 4, 1, 1)):add(nn.Identity()):add(nn.Tanh()))
        :add(nn.CAddTable()), { 2, 4, 3, 3 } },
      { nn.Sequential():add(nn.ConvTranspose2d(4, 6, 3, 2, 1, 1, { dilation = 2 })):add(nn.SyncBatchNorm(6)),
        { 2, 4, 5, 5 } },
      { nn.Sequential():add(nn.SpectralNorm(nn.SpatialConvolution(4, 6, 3, 3))):add(norm(6)), { 2, 4, 5, 5 } },
      { nn.Sequential():add(nn.utils.prune.l1_unstructured(nn.SpatialConvolution(4, 6, 3, 3), 'weight', 0.5))
        :add(norm(6)), { 2, 4, 5, 5 } },
      { nn.SpatialConvolution(4, 3, 3, 3), { 4, 5, 5 } },
      { nn.Tanh(), { 3 } },
    }
    for _, multiplier in ipairs { 1, 3 } do
      local planes = 4 * multiplier
      local net = nn.Sequential():add(nn.SpatialDepthWiseConvolution(4, multiplier, 3, 3, 1, 1, 1))
      table.insert(cases, 1, { net:add(norm(planes)):add(nn.ReLU()):add(nn.Tanh()), { 2, 4, 6, 6 } })
      net = nn.Sequential():add(nn.SpatialDepthWiseConvolution(4, multiplier, 3, 2):noBias()):add(norm(planes))
      table.insert(cases, 1, { net, { 2, 4, 6, 6 } })
    end
    for i, case in ipairs(cases) do
      local net, x = case[1], torch.randn(unpack(case[2]))
      net:evaluate()
      local y = net:forward(x):clone()
      assert.is_true(support.distance(nn.fuse(net):forward(x), y) < 1e-12, 'case ' .. i)
      assert.is_true(support.distance(nn.fuse(net:clone():float()):forward(x:float()), y) < 1e-4, 'float, case ' .. i)
    end
    for i = 1, 4 do assert.are.equal(0, count(nn.fuse(cases[i][1]), 'SpatialBatchNormalization'), i) end
    assert.are.equal(0, count(nn.fuse(cases[5][1]), 'BatchNormalization'))
  end)

  it('layers that share weights are folded each for itself', function()
    local a = nn.SpatialConvolution(3, 3, 1, 1)
    local b = a:clone('weight', 'bias')
    local net = nn.Sequential():add(a):add(norm(3)):add(b):add(norm(3))
    net:evaluate()
    local x = torch.randn(2, 3, 4, 4)
    local y = net:forward(x):clone()
    assert.is_true(support.distance(nn.fuse(net):forward(x), y) < 1e-12)
  end)

  it('weights changed through parameters() are seen', function()
    local fused = nn.fuse(nn.SpatialConvolution(16, 16, 3, 3):float())
    local x = torch.randn(1, 16, 8, 8):float()
    fused:forward(x)
    for _, p in ipairs((fused:parameters())) do p:zero() end
    assert.are.equal(0, fused:forward(x):clone():abs():max())
  end)

  it('say what is wrong', function()
    local fused = nn.fuse(nn.Sequential():add(nn.SpatialConvolution(3, 4, 3, 3)))
    local x = torch.randn(3, 5, 5)
    local y = fused:forward(x)
    local ok, err = pcall(fused.backward, fused, x, y)
    assert.is_false(ok)
    assert.is_truthy(err:find('fused for inference', 1, true))
    assert.has_error(function() nn.fuse(5) end)
    assert.has_error(function() nn.fuse() end)
    assert.has_error(function() fused:forward(torch.randn(2, 5, 5)) end)
    assert.has_error(function() nn.FusedConvolution(nn.Tanh()) end)
    assert.has_error(function() nn.FusedResidual(nn.Tanh()) end)
  end)
end)

describe('channelsLast', function()
  before_each(function() torch.manualSeed(5) end)

  it('a net computes the same, forward and backward, and stays in the layout', function()
    local net = resnet():float()
    local x, g = torch.randn(2, 3, 32, 32):float(), torch.randn(2, 10):float()
    local w, dw = net:getParameters()
    dw:zero()
    local y, dx, grads = net:forward(x):clone(), net:backward(x, g):clone(), dw:clone()
    local marked = net:clone():channelsLast()
    local _, dw2 = marked:getParameters()
    for _, input in ipairs { x, last(x) } do
      dw2:zero()
      assert.is_true(support.distance(marked:forward(input), y) < 1e-4 * w:norm(), 'output')
      assert.is_true(support.distance(marked:backward(input, g), dx) < 1e-3, 'gradInput')
      assert.is_true(support.distance(dw2, grads) < 1e-2, 'parameters')
      for i = 1, 6 do
        assert.are.equal(1, marked:get(i).output:stride(2), 'module ' .. i)
        if i > 1 then assert.are.equal(1, marked:get(i).gradInput:stride(2), 'gradient ' .. i) end
      end
    end
    marked:channelsLast(false)
    assert.is_true(marked:forward(x) and marked:get(1).output:isContiguous())
  end)

  it('contiguous input, contiguous output', function()
    local net = nn.Sequential():add(nn.SpatialConvolution(3, 8, 3, 3)):add(nn.ReLU()):channelsLast()
    local x = torch.randn(2, 3, 6, 6)
    local y = net:forward(x)
    assert.is_true(y:isContiguous())
    assert.is_true(net.output:isContiguous())
    net:backward(x, y:clone())
    local z = net:forward(last(x))
    assert.are.equal(1, z:stride(2))
    assert.is_true(support.distance(z, y) < 1e-12)
    assert.is_true(net:forward(x[1]):isContiguous())
    net = nn.Sequential():add(nn.VolumetricConvolution(2, 4, 2, 2, 2)):add(nn.VolumetricMaxPooling(2, 2, 2))
    net:channelsLast()
    assert.is_true(net:forward(torch.randn(2, 2, 4, 5, 5)):isContiguous())
  end)

  it('joined planes stay side by side, forward and backward', function()
    local function conv(i, o) return nn.Sequential():add(nn.SpatialConvolution(i, o, 3, 3, 1, 1, 1, 1)):add(norm(o)) end
    local joins = {
      nn.Concat(2):add(nn.Identity()):add(conv(8, 24)):add(nn.SpatialMaxPooling(3, 3, 1, 1, 1, 1)),
      nn.Sequential():add(nn.ConcatTable():add(nn.Identity()):add(conv(8, 24)):add(conv(8, 8))):add(nn.JoinTable(2)),
      nn.Sequential():add(nn.ConcatTable():add(conv(8, 32)):add(nn.Identity())):add(nn.JoinTable(1, 3)),
    }
    for _, joint in ipairs(joins) do
      local net = nn.Sequential():add(nn.SpatialConvolution(3, 8, 3, 3, 2, 2)):add(joint):add(conv(40, 6)):float()
      local marked = net:clone():channelsLast()
      local x = torch.randn(2, 3, 13, 11):float()
      for _, size in ipairs { 13, 9, 9 } do -- buffers of other sizes, and the same again
        x = x:narrow(3, 1, size):clone()
        local y = net:forward(x)
        local g = y:clone():normal()
        net:zeroGradParameters()
        marked:zeroGradParameters()
        local dx = net:backward(x, g)
        assert.is_true(support.distance(marked:forward(x), y) < 1e-4, 'output')
        assert.is_true(support.distance(marked:backward(x, g), dx) < 1e-4, 'gradInput')
        local _, want = net:parameters()
        local _, got = marked:parameters()
        for i = 1, #want do assert.is_true(support.distance(got[i], want[i]) < 1e-3, 'parameters ' .. i) end
        for i = 1, 3 do assert.are.equal(1, marked:get(i).output:stride(2), 'module ' .. i) end
        for i = 2, 3 do assert.are.equal(1, marked:get(i).gradInput:stride(2), 'gradient ' .. i) end
      end
    end
  end)

  it('writes to the buffers it has', function()
    local net = resnet():float():channelsLast()
    local x, g = torch.randn(2, 3, 32, 32):float(), torch.randn(2, 10):float()
    local function places()
      net:forward(x)
      net:backward(x, g)
      local list = {}
      for i, m in ipairs(net.modules) do
        list[i] = torch.pointer(m.output:storage()) .. ' ' .. torch.pointer(m.gradInput:storage())
      end
      return table.concat(list, ',')
    end
    places()
    assert.are.equal(places(), places())
    local live = require 'helpers'.live
    local before = live()
    for _ = 1, 5 do places() end
    assert.are.equal(before, live())
  end)
end)
