--- Methods of single classes that programs seldom call, and nothing else here does.
require 'nn'

describe('nn.GPU', function()
  it('numbers the devices of everything inside', function()
    local a, b = nn.GPU(nn.Linear(2, 2), 1), nn.GPU(nn.Tanh(), 1)
    local net = nn.Sequential():add(a):add(nn.Concat(2):add(b))
    assert.equal(a, a:setDevice(3))
    assert.equal(3, a.device)
    a:setDevice()
    assert.equal(3, a.device)
    assert.equal(net, nn.GPU.recursiveSetDevice(net, 2))
    assert.are.same({ 2, 2 }, { a.device, b.device })
    assert.is_nil(nn.GPU.recursiveModuleDevice(net))
  end)
end)

describe('nn.Decorator.decorate', function()
  it('makes a class pass calls on', function()
    local Twin = torch.class('nn.SeldomSpecTwin', 'nn.Container')
    nn.Decorator.decorate(Twin)
    local inner, m = nn.Linear(2, 3), nn.SeldomSpecTwin()
    m:add(inner)
    local x, g = torch.randn(4, 2), torch.randn(4, 3)
    assert.equal(0, m:forward(x):dist(inner:forward(x)))
    m:zeroGradParameters()
    assert.equal(0, m:backward(x, g):dist(inner.gradInput))
    assert.is_true(inner.gradWeight:norm() > 0)
    local before = inner.weight:clone()
    m:accUpdateGradParameters(x, g, 0.5)
    assert.is_true((before:add(-0.5, inner.gradWeight) - inner.weight):abs():max() < 1e-12)
    assert.equal('nn.SeldomSpecTwin @ ' .. tostring(inner), tostring(m))
  end)
end)

describe('nn.Profile', function()
  it('reports every so many passes, forward and backward', function()
    local lines, print_ = {}, print
    rawset(_G, 'print', function(text) lines[#lines + 1] = text end)
    local m, x = nn.Profile(nn.Linear(2, 2), 2, 'mine'), torch.randn(3, 2)
    m:zeroGradParameters()
    for _ = 1, 4 do m:backward(x, m:forward(x):clone()) end
    rawset(_G, 'print', print_)
    assert.equal(4, #lines)
    assert.matches('^mine took %d%.%d+ seconds for 2 forward passes$', lines[1])
    assert.matches('^mine took %d%.%d+ seconds for 2 backward passes$', lines[2])
    assert.is_true(m.module.gradWeight:norm() > 0)
    assert.is_true(m.output == m.module.output and m.gradInput == m.module.gradInput)
  end)
end)

describe('sizes that are set later', function()
  it('of up-sampling', function()
    local x = torch.randn(2, 3, 4, 4)
    local m = nn.UpSampling(2, 'linear')
    m:setSize { oheight = 5, owidth = 7 }
    assert.are.same({ 2, 3, 5, 7 }, m:forward(x):size():totable())
    m = nn.SpatialUpSamplingBilinear(2)
    assert.equal(m, m:setSize { oheight = 5, owidth = 7 })
    assert.are.same({ 2, 3, 5, 7 }, m:forward(x):size():totable())
    assert.has_error(function() m:setSize { oheight = 5 } end)
    assert.are.same({ 2, 3, 5, 7 }, m:forward(x):size():totable())
  end)
end)

describe('pooling', function()
  it('counts padding or not, back and forth', function()
    local m, x = nn.SpatialAveragePooling(2, 2, 2, 2, 1, 1), torch.ones(1, 1, 2, 2)
    assert.equal(0.25, m:forward(x)[1][1][1][1])
    assert.equal(m, m:setCountExcludePad())
    assert.equal(1, m:forward(x)[1][1][1][1])
    assert.equal(m, m:setCountIncludePad())
    assert.equal(0.25, m:forward(x)[1][1][1][1])
  end)
  it('rounds sizes up or down', function()
    for _, m in ipairs { nn.SpatialMaxPooling(2, 2), nn.SpatialAveragePooling(2, 2, 2, 2) } do
      assert.equal(3, m:ceil():forward(torch.ones(1, 5, 5)):size(3))
      assert.equal(2, m:floor():forward(torch.ones(1, 5, 5)):size(3))
    end
  end)
  it('keeps the regions it drew', function()
    local x = torch.randn(2, 3, 16, 16)
    local m = nn.SpatialFractionalMaxPooling(2, 2, 0.6, 0.6)
    assert.equal(m, m:fixPoolingRegions())
    local y = m:forward(x):clone()
    assert.equal(0, y:dist(m:forward(x)))
    m:fixPoolingRegions(false)
    local moved = false
    for _ = 1, 20 do moved = moved or y:dist(m:forward(x)) > 0 end
    assert.is_true(moved)
  end)
end)

describe('old fields', function()
  it('of full convolutions', function()
    for _, m in ipairs { nn.SpatialFullConvolution(2, 2, 3, 3), nn.VolumetricFullConvolution(2, 2, 3, 3, 3) } do
      m.adjW, m.adjH, m.adjT = nil, nil, nil
      m:backCompatibility()
      assert.equal(0, m.adjW)
      assert.equal(0, m.adjH)
    end
  end)
end)

describe('products of tables', function()
  it('go back by division, too, where no entry is 0', function()
    local m, x = nn.CMulTable(), { torch.rand(3):add(1), torch.rand(3):add(1), torch.rand(3):add(1) }
    local g = torch.randn(3)
    m:forward(x)
    local want = {}
    for i, t in ipairs(m:backward(x, g)) do want[i] = t:clone() end
    for i, t in ipairs(m:updateGradInput_efficient(x, g)) do assert.is_true(t:dist(want[i]) < 1e-12) end
  end)
end)

describe('batch normalisation', function()
  it('becomes the synchronised one in a whole net, with its statistics', function()
    local bn = nn.SpatialBatchNormalization(3)
    local net = nn.Sequential():add(nn.SpatialConvolution(2, 3, 1, 1)):add(nn.Concat(2):add(bn))
    local x = torch.randn(4, 2, 3, 3)
    local y = net:forward(x):clone()
    assert.equal(net, nn.SyncBatchNorm.convertSyncBatchnorm(net))
    assert.equal('nn.SyncBatchNorm', torch.type(net:get(2):get(1)))
    assert.equal(bn.running_mean, net:get(2):get(1).running_mean)
    assert.is_true(net:forward(x):dist(y) < 1e-12)
    assert.equal('nn.SyncBatchNorm', torch.type(nn.SyncBatchNorm.convert_sync_batchnorm(bn)))
    assert.has_error(function() nn.SyncBatchNorm.convert_sync_batchnorm(3) end)
  end)
end)

describe('transformers', function()
  it('hand masks down to the attention inside', function()
    local hidden = torch.ByteTensor { { 0, 1, 1 }, { 0, 0, 1 }, { 0, 0, 0 } }
    local x = torch.randn(3, 2, 4)
    local other = x:clone()
    other[3]:fill(5)
    for _, make in ipairs {
      function() return nn.TransformerEncoderLayer(4, 2, 8, 0) end,
      function() return nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 8, 0), 2) end,
    } do
      torch.manualSeed(2)
      local m = make()
      m:evaluate()
      local free = m:forward(x):clone()
      assert.is_true(free[1]:dist(m:forward(other)[1]) > 1e-6)
      assert.equal(m, m:setMask(hidden))
      assert.is_true(m:forward(x)[1]:clone():dist(m:forward(other)[1]) < 1e-9)
      m:setMask(nil)
      assert.is_true(free:dist(m:forward(x)) < 1e-9)
    end
  end)
end)

describe('losses sample by sample', function()
  it('of rows with margins', function()
    local x = torch.randn(3, 4)
    local t = torch.LongTensor { 1, 4, 2 }
    local c = nn.MultiMarginCriterion()
    c.sizeAverage = false
    local each = c:each(x, t)
    local sum = 0
    for i = 1, 3 do sum = sum + nn.MultiMarginCriterion():forward(x[i], t[i]) end
    assert.equal(3, each:size(1))
    assert.is_true(math.abs(each:sum() - sum) < 1e-9)
  end)
end)

describe('a graph', function()
  it('takes a step at once', function()
    require 'nngraph'
    local x = nn.Identity()()
    local net = nn.gModule({ x }, { nn.CAddTable() { nn.Linear(2, 2)(x), nn.Linear(2, 2)(nn.Tanh()(x)) } })
    local input, g = torch.randn(3, 2), torch.randn(3, 2)
    net:forward(input)
    net:zeroGradParameters()
    net:backward(input, g)
    local twin = net:clone()
    net:updateParameters(0.1)
    twin:forward(input)
    twin:zeroGradParameters()
    twin:backwardUpdate(input, g, 0.1)
    local a, b = net:parameters(), twin:parameters()
    for i = 1, #a do assert.is_true(a[i]:dist(b[i]) < 1e-12) end
  end)
end)

describe('names of PyTorch', function()
  it('that mean another class', function()
    assert.equal('nn.SiLU', torch.type(nn.Swish()))
  end)
end)
