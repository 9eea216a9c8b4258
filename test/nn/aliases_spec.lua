--- PyTorch's names: the same modules as Torch7's, in PyTorch's order of arguments; wrong options by name.
require 'nn'
local support = dofile(debug.getinfo(1, 'S').source:match '^@(.*/)' .. 'support.lua')

local message = support.message
local function shape(m, ...) return m:forward(torch.randn(...)):size():totable() end

describe("PyTorch's names", function()
  before_each(function() torch.manualSeed(4) end)

  it('convolve', function()
    assert.are.same({ 2, 4, 3, 5 }, shape(nn.Conv2d(3, 4, { 3, 2 }, { 2, 1 }, { 0, 1 }), 2, 3, 8, 4))
    assert.are.same({ 2, 4, 8, 9 }, shape(nn.Conv2d(3, 4, 3, { padding = 'same', dilation = 2 }), 2, 3, 8, 9))
    assert.are.same({ 2, 6, 8, 8 }, shape(nn.Conv2d(4, 6, 3, { padding = 1, groups = 2, bias = false }), 2, 4, 8, 8))
    assert.is_nil(nn.Conv2d(4, 6, 3, { bias = false }).bias)
    assert.are.same({ 2, 4, 7 }, shape(nn.Conv1d(3, 4, 3), 2, 3, 9))
    assert.are.same({ 4, 5 }, shape(nn.Conv1d(3, 4, 3, 2, 1), 3, 9))
    assert.are.same({ 4, 5 }, shape(nn.Conv1d(3, 4, 3, { dilation = 2 }), 3, 9))
    assert.are.same({ 2, 4, 3, 4, 5 }, shape(nn.Conv3d(3, 4, { 1, 2, 3 }), 2, 3, 3, 5, 7))
    assert.are.same({ 2, 4, 5, 4, 3 }, shape(nn.Conv3d(3, 4, 2, 1, 0, { 1, 2, 3 }), 2, 3, 6, 6, 6))
    assert.are.same({ 2, 4, 16, 16 }, shape(nn.ConvTranspose2d(3, 4, 4, 2, 1), 2, 3, 8, 8))
    assert.are.same({ 2, 4, 10, 9 }, shape(nn.ConvTranspose2d(3, 4, 3, 2, 1, { 1, 0 }), 2, 3, 5, 5))
    assert.are.same({ 2, 4, 12 }, shape(nn.ConvTranspose1d(3, 4, 2, 2), 2, 3, 6))
    assert.are.same({ 2, 4, 4, 6, 8 }, shape(nn.ConvTranspose3d(3, 4, 2, 2), 2, 3, 2, 3, 4))
    -- one dimension against a plain sum
    local conv, x = nn.Conv1d(2, 1, 3, { bias = false }), torch.randn(1, 2, 5)
    local w, y = conv:get(1).weight, conv:forward(x)
    for t = 1, 3 do
      assert.is_true(math.abs(y[1][1][t] - x[1]:narrow(2, t, 3):clone():cmul(w:view(2, 3)):sum()) < 1e-12)
    end
    assert.is_true(support.gradient_error(nn.Conv1d(2, 3, 3, 2), torch.randn(2, 2, 7)) < 1e-7)
    assert.is_true(support.gradient_error(nn.Conv1d(2, 3, 3), torch.randn(2, 7)) < 1e-7)
  end)

  it('convolve behind borders, drop planes, and the rest', function()
    local x = torch.randn(2, 3, 5, 6)
    local pads = { reflect = nn.ReflectionPad2d, replicate = nn.ReplicationPad2d, circular = nn.CircularPad2d }
    for mode, pad in pairs(pads) do
      local net = nn.Conv2d(3, 4, 3, { padding = { 1, 2 }, padding_mode = mode })
      assert.are.same({ 2, 4, 5, 8 }, net:forward(x):size():totable())
      local plain = nn.Conv2d(3, 4, 3)
      plain.weight:copy(net:get(2).weight)
      plain.bias:copy(net:get(2).bias)
      assert.is_true(support.distance(plain:forward(pad { 2, 2, 1, 1 }:forward(x)), net.output) < 1e-12, mode)
    end
    assert.are.same({ 2, 4, 6 }, shape(nn.Conv1d(3, 4, 3, { padding = 1, padding_mode = 'circular' }), 2, 3, 6))
    assert.is_truthy(message(nn.Conv2d, 3, 4, 3, { padding_mode = 'mirror' }):find("'reflect'", 1, true))
    local drop = nn.Dropout2d(0.25)
    local y = drop:forward(torch.ones(100, 40, 2, 2)):view(4000, 4)
    assert.is_true(math.abs(y:mean() - 1) < 0.05 and math.abs(y:max() - 4 / 3) < 1e-12)
    assert.are.equal(0, y:std(2):max())
    drop:evaluate()
    assert.are.equal(0, support.distance(drop:forward(x), x))
    assert.are.equal(0, support.distance(drop:backward(x, x), x))
    local loss = nn.SmoothL1Loss { beta = 0.5 }
    assert.is_true(math.abs(loss:forward(torch.Tensor { 0.2, 2 }, torch.zeros(2)) - (0.04 + 1.75) / 2) < 1e-12)
    assert.is_true(support.criterion_error(loss, torch.Tensor { 0.2, 2 }, torch.zeros(2)) < 1e-7)
    assert.are.same({ 2, 3, 10, 12 }, shape(nn.UpsamplingBilinear2d { scale_factor = 2 }, 2, 3, 5, 6))
    assert.are.same({ 2, 3, 10, 12 }, shape(nn.UpsamplingNearest2d(nil, 2), 2, 3, 5, 6))
    assert.are.same({ 2, 3, 5, 6 }, shape(nn.LocalResponseNorm(3), 2, 3, 5, 6))
    assert.is_true((nn.Softmax2d():forward(x):sum(2) - 1):abs():max() < 1e-12)
  end)

  it('pool', function()
    assert.are.same({ 2, 3, 4, 4 }, shape(nn.MaxPool2d(2), 2, 3, 8, 8))
    assert.are.same({ 2, 3, 5, 3 }, shape(nn.MaxPool2d({ 3, 2 }, { 2, 3 }, { 1, 0 }, { ceilMode = true }), 2, 3, 8, 8))
    assert.are.same({ 2, 3, 4 }, shape(nn.MaxPool1d(2), 2, 3, 8))
    assert.are.same({ 2, 3, 2, 3, 4 }, shape(nn.MaxPool3d(2), 2, 3, 4, 6, 8))
    assert.are.same({ 2, 3, 4 }, shape(nn.AvgPool1d(3, 2, 1), 2, 3, 8))
    assert.are.same({ 2, 3, 3, 4 }, shape(nn.AvgPool2d({ 2, 3 }, { stride = { 3, 2 }, padding = { 0, 1 } }), 2, 3,
      8, 8))
    assert.are.same({ 2, 3, 2, 3, 4 }, shape(nn.AvgPool3d(2), 2, 3, 4, 6, 8))
    local pool = nn.AvgPool2d(3, 1, 1, { count_include_pad = false })
    assert.is_true((pool:forward(torch.ones(1, 1, 4, 4)) - 1):abs():max() < 1e-12)
  end)

  it('normalise', function()
    assert.are.same({ 6, 3 }, shape(nn.BatchNorm1d(3), 6, 3))
    assert.are.same({ 6, 3, 5 }, shape(nn.BatchNorm1d(3), 6, 3, 5))
    local bn = nn.BatchNorm2d(3)
    assert.are.equal(3, bn.weight:sum())
    assert.are.same({ 6, 3, 5, 4 }, shape(bn, 6, 3, 5, 4))
    assert.is_nil(nn.BatchNorm3d(3, 1e-5, 0.1, false).weight)
    assert.is_true(support.gradient_error(nn.BatchNorm1d(3), torch.randn(5, 3)) < 1e-5)
    assert.is_true(support.gradient_error(nn.BatchNorm1d(3), torch.randn(4, 3, 2)) < 1e-5)
    for _, m in ipairs { nn.LayerNorm(5), nn.LayerNorm({ 3, 5 }), nn.LayerNorm(5, { affine = false }),
      nn.LayerNorm(5, { bias = false }) } do
      local y = m:forward(torch.randn(4, 3, 5))
      assert.is_true(math.abs(y[2]:mean()) < 1e-12)
      if m.weight then m.weight:uniform() end
      if m.bias then m.bias:uniform() end
      assert.is_true(support.gradient_error(m, torch.randn(4, 3, 5)) < 1e-6)
      assert.is_true(support.distance(m:clone():float():forward(torch.ones(2, 3, 5):float()),
        m:forward(torch.ones(2, 3, 5))) < 1e-3)
    end
    local m = nn.LayerNorm(4)
    assert.are.same({ 4 }, shape(m, 4))
    assert.are.same({ 4, 3, 2, 4 }, m:forward(torch.randn(4, 3, 4, 2):transpose(3, 4)):size():totable())
    assert.are.equal('nn.LayerNorm(4): expected input [... x 4], got [2 x 3]', message(m.forward, m, torch.ones(2, 3)))
  end)

  it('activate', function()
    local x = torch.randn(3, 4)
    for _, name in ipairs { 'GELU', 'SiLU', 'SELU', 'Mish', 'Hardswish', 'Hardsigmoid', 'Softplus', 'Softsign',
      'Softshrink', 'Hardshrink', 'Hardtanh', 'Tanhshrink', 'LogSigmoid' } do
      assert.is_true(support.gradient_error(nn[name](), x) < 1e-6, name)
      assert.is_true(torch.isTypeOf(torch.deserialize(torch.serialize(nn[name]())), 'nn.Module'))
    end
    local rough, exact = nn.GELU('tanh'), nn.GELU { approximate = 'none' }
    assert.is_true(support.gradient_error(rough, x) < 1e-6)
    local apart = support.distance(rough:forward(x), exact:forward(x))
    assert.is_true(apart > 0 and apart < 1e-2)
    for _, dim in ipairs { 1, 2, 3, -1, -3 } do
      local y = torch.randn(2, 3, 4)
      local d = dim < 0 and 4 + dim or dim
      assert.is_true((nn.Softmax(dim):forward(y):sum(d) - 1):abs():max() < 1e-12)
      assert.is_true((nn.LogSoftmax { dim = dim }:forward(y):exp():sum(d) - 1):abs():max() < 1e-12)
      assert.is_true(support.gradient_error(nn.Softmax(dim), y) < 1e-7)
      assert.is_true(support.gradient_error(nn.LogSoftmax(dim), y) < 1e-7)
    end
    assert.are.same({ 2, 4 }, shape(nn.GLU(), 2, 8))
  end)

  it('reshape', function()
    assert.are.same({ 2, 60 }, shape(nn.Flatten(), 2, 3, 4, 5))
    assert.are.same({ 6, 4, 5 }, shape(nn.Flatten(1, 2), 2, 3, 4, 5))
    assert.are.same({ 2, 12, 5 }, shape(nn.Flatten(2, -2), 2, 3, 4, 5))
    assert.are.same({ 2, 3, 2, 2, 5 }, shape(nn.Unflatten(3, { 2, -1 }), 2, 3, 4, 5))
    assert.are.same({ 2, 3, 2, 2 }, shape(nn.Unflatten(-1, { 2, 2 }), 2, 3, 4))
    assert.is_true(support.gradient_error(nn.Flatten(), torch.randn(2, 3, 4):transpose(2, 3)) < 1e-7)
    assert.is_true(support.gradient_error(nn.Unflatten(2, { 3, 2 }), torch.randn(2, 6)) < 1e-7)
    local f = nn.Flatten(3)
    assert.is_truthy(message(f.forward, f, torch.ones(2, 3)):find('at least 3 dimensions', 1, true))
    local u = nn.Unflatten(2, { 5, -1 })
    assert.is_truthy(message(u.forward, u, torch.ones(2, 6)):find('multiple', 1, true))
    assert.is_truthy(message(nn.Unflatten, 2, { -1, -1 }):find('at most one -1', 1, true))
    assert.are.equal(2, nn.ModuleList { nn.Linear(2, 3), nn.Tanh() }:size())
  end)

  it('measure', function()
    local x, t = torch.randn(4, 3), torch.LongTensor { 1, 3, 2, 1 }
    local ce = nn.CrossEntropyLoss():forward(x, t)
    assert.is_true(math.abs(ce - nn.CrossEntropyCriterion():forward(x, t)) < 1e-12)
    assert.is_true(math.abs(nn.CrossEntropyLoss { reduction = 'sum' }:forward(x, t) - 4 * ce) < 1e-12)
    assert.is_true(math.abs(nn.NLLLoss():forward(nn.LogSoftmax(2):forward(x), t) - ce) < 1e-12)
    local part = nn.CrossEntropyLoss { ignore_index = 1 }:forward(x, t)
    assert.is_true(math.abs(part - nn.CrossEntropyCriterion():forward(x:narrow(1, 2, 2), t:narrow(1, 2, 2))) < 1e-12)
    assert.are.equal(4, nn.MSELoss():forward(torch.ones(2), torch.ones(2) * 3))
    assert.are.equal(8, nn.MSELoss { reduction = 'sum' }:forward(torch.ones(2), torch.ones(2) * 3))
    assert.are.equal(2, nn.L1Loss():forward(torch.ones(2), torch.ones(2) * 3))
    assert.are.equal(1.5, nn.SmoothL1Loss():forward(torch.ones(2), torch.ones(2) * 3))
    assert.is_true(math.abs(nn.BCELoss():forward(torch.ones(2) / 2, torch.ones(2)) - math.log(2)) < 1e-9)
  end)

  it('refuse what they do not know', function()
    assert.is_truthy(message(nn.Conv2d, 3, 4, 3, { strides = 2 }):find(
      'nn.Conv2d: there is no option strides; there are: '
      .. 'inChannels, outChannels, kernelSize, stride', 1, true))
    assert.is_truthy(message(nn.Conv2d, 3, 4):find('kernelSize: expected a number or a list of 2, got nil', 1, true))
    assert.is_truthy(message(nn.Conv2d, 3, 4, { 1, 2, 3 }):find('a list of 2', 1, true))
    assert.is_truthy(message(nn.Conv2d, 0, 4, 3):find('inChannels', 1, true))
    assert.is_truthy(message(nn.Conv2d, 3, 4, 2, { padding = 'same' }):find("'same' with odd kernels", 1, true))
    assert.is_truthy(message(nn.MaxPool2d, 2, 2, 0, 1, 'yes'):find('returnIndices', 1, true))
    assert.is_truthy(message(nn.BatchNorm2d):find('numFeatures', 1, true))
    assert.is_truthy(message(nn.Softmax, 'a'):find('dim', 1, true))
    assert.is_truthy(message(nn.GELU, 'erf'):find('approximate', 1, true))
    assert.is_nil(nn.NoSuchLayer)
    local conv = nn.Conv1d(3, 4, 3)
    assert.is_truthy(message(conv.forward, conv, torch.ones(3)):find('input [N x C x L] or [C x L]', 1, true))
  end)
end)
