--- nn.init: distributions, fans, whole modules, wrong calls.
require 'nn'
local support = dofile(debug.getinfo(1, 'S').source:match '^@(.*/)' .. 'support.lua')
local init = nn.init

local message = support.message
local function near(a, b, tolerance) assert.is_true(math.abs(a - b) <= tolerance, ('%g instead of %g'):format(a, b)) end

describe('nn.init', function()
  before_each(function() torch.manualSeed(5) end)

  it('fills by distribution', function()
    local t = torch.Tensor(200, 300)
    assert.are.equal(t, init.uniform(t, -2, 4))
    near(t:mean(), 1, 0.05)
    near(t:std(), 6 / math.sqrt(12), 0.05)
    init.normal_(t, 3, 2)
    near(t:mean(), 3, 0.05)
    near(t:std(), 2, 0.05)
    init.constant(t, 7)
    assert.are.equal(7, t:min())
    assert.are.equal(1, init.ones(t):max())
    assert.are.equal(0, init.zeros(t):max())
    init.xavier_uniform(t, 2)
    near(t:max(), 2 * math.sqrt(6 / 500), 1e-3)
    near(init.xavierNormal(t):std(), math.sqrt(2 / 500), 1e-3)
    near(init.kaiming_uniform_(t):max(), math.sqrt(2) * math.sqrt(3 / 300), 1e-3)
    near(init.kaimingNormal(t, 0, 'fan_out', 'relu'):std(), math.sqrt(2 / 200), 1e-3)
    near(init.kaimingNormal(t, 0.5):std(), math.sqrt(2 / 1.25 / 300), 1e-3)
    local k = torch.FloatTensor(20, 30, 3, 3)
    near(init.kaimingNormal(k, nil, nil, 'linear'):std(), math.sqrt(1 / 270), 1e-3)
  end)

  it('truncates', function()
    local t = torch.Tensor(100000)
    init.truncNormal(t, 0, 1, -1, 2)
    assert.is_true(t:min() >= -1 and t:max() <= 2)
    near(t:mean(), 0.2296, 0.01) -- (phi(-1) - phi(2)) / (Phi(2) - Phi(-1))
    init.trunc_normal(torch.Tensor(50), 0, 1, 6, 7)
    t = init.trunc_normal(torch.Tensor(2000), 0, 1, 6, 7)
    assert.is_true(t:min() >= 6 and t:max() <= 7)
    near(t:mean(), 6.158, 0.02)
  end)

  it('makes structure', function()
    local e = init.eye(torch.Tensor(3, 5))
    assert.are.equal(3, e:sum())
    assert.are.equal(1, e[3][3])
    for _, size in ipairs { { 4, 3, 3 }, { 4, 3, 3, 5 }, { 4, 2, 3, 3, 3 } } do
      local d = init.dirac(torch.Tensor(unpack(size)))
      assert.are.equal(math.min(4, size[2]), d:sum())
    end
    local conv = nn.SpatialConvolution(3, 3, 3, 3, 1, 1, 1, 1)
    init.dirac(conv.weight)
    conv.bias:zero()
    local x = torch.randn(2, 3, 5, 5)
    assert.is_true((conv:forward(x) - x):abs():max() < 1e-12)
    assert.are.equal(4, init.dirac(torch.Tensor(4, 2, 3), 2):sum())
    for _, size in ipairs { { 4, 7 }, { 7, 4 }, { 5, 5 }, { 4, 2, 3, 3 } } do
      local q = init.orthogonal(torch.Tensor(unpack(size)), 2)
      q = q:view(size[1], -1)
      local gram = q:size(1) <= q:size(2) and q * q:t() or q:t() * q
      assert.is_true((gram - torch.eye(gram:size(1)) * 4):abs():max() < 1e-12)
    end
    local s = init.sparse(torch.Tensor(10, 6), 0.35)
    for j = 1, 6 do assert.are.equal(4, s:select(2, j):eq(0):sum()) end
  end)

  it('knows gains', function()
    near(init.calculateGain 'relu', math.sqrt(2), 1e-15)
    near(init.calculate_gain('leaky_relu', 0.2), math.sqrt(2 / 1.04), 1e-15)
    near(init.calculateGain 'LeakyReLU', math.sqrt(2 / 1.0001), 1e-15)
    assert.is_truthy(message(init.calculateGain, 'soft'):find('no gain for soft', 1, true))
  end)

  it('fills modules', function()
    local net = nn.Sequential():add(nn.Linear(40, 50)):add(nn.ReLU())
      :add(nn.Sequential():add(nn.Linear(50, 60)):add(nn.BatchNormalization(60)))
    local bias, bn = net:get(1).bias:clone(), net:get(3):get(2).weight:clone()
    assert.are.equal(net, init.kaiming_normal(net, 0, 'fan_in', 'relu'))
    near(net:get(1).weight:std(), math.sqrt(2 / 40), 0.01)
    near(net:get(3):get(1).weight:std(), math.sqrt(2 / 50), 0.01)
    assert.are.equal(0, (net:get(1).bias - bias):abs():max())
    assert.are.equal(0, (net:get(3):get(2).weight - bn):abs():max())
    local lstm = init.orthogonal(nn.LSTM(8, 6))
    local w = lstm:named().weight_hh_l0
    assert.is_true((w:t() * w - torch.eye(6)):abs():max() < 1e-12)
  end)

  it('says what is wrong', function()
    assert.is_truthy(message(init.uniform, 3):find('expected a tensor or a module, got number', 1, true))
    assert.is_truthy(message(init.uniform, nil):find('got nil', 1, true))
    assert.is_truthy(message(init.uniform, torch.Tensor(2), 3, 1):find('wrong way round', 1, true))
    assert.is_truthy(message(init.uniform, torch.Tensor(2), 'a'):find('a: expected a number', 1, true))
    assert.is_truthy(message(init.xavier_uniform, torch.Tensor(3)):find('nn.init.xavierUniform: expected', 1, true))
    assert.is_truthy(message(init.kaimingNormal, torch.Tensor(3, 3), 0, 'fan'):find("'fanIn' or 'fanOut'", 1, true))
    assert.is_truthy(message(init.constant, torch.Tensor(3)):find('value: expected a number', 1, true))
    assert.is_truthy(message(init.eye, torch.Tensor(3)):find('matrix', 1, true))
    assert.is_truthy(message(init.dirac, torch.Tensor(3, 3)):find('3 to 5 dimensions', 1, true))
    assert.is_truthy(message(init.sparse, torch.Tensor(3, 3), 2):find('0 to 1', 1, true))
    local far = init.truncNormal(torch.DoubleTensor(1000), 65536) -- at once, however far out
    assert.is_truthy(far:min() > 1.99 and far:max() <= 2)
    assert.is_truthy(message(init.truncNormal, torch.Tensor(3), 1 / 0):find('finite mean', 1, true))
    assert.is_truthy(message(init.truncNormal, torch.Tensor(3), 0, 1, 2, 1):find('a < b', 1, true))
    assert.is_truthy(message(init.normal, torch.Tensor(3), 0, -1):find('std', 1, true))
  end)
end)
