--- The criterions of rows, pairs, labels: gradients by finite differences, layouts, sizeAverage, float, wrong calls.
require 'nn'
local support = dofile(debug.getinfo(1, 'S').source:match '^@(.*/)' .. 'support.lua')

local function rand(...) return torch.Tensor(...):uniform(-1, 1) end
local signs = torch.Tensor { 1, -1, -1, 1 }
local sign_map = torch.Tensor { { 1, -1, 1 }, { -1, -1, 1 }, { 1, 1, -1 }, { -1, 1, -1 } }
local bits = sign_map:clone():add(1):div(2)
local classes = torch.LongTensor { 3, 1, 2, 3 }
local weights = torch.Tensor { 0.5, 2, 1.25 }

local function logp() return nn.LogSoftMax():forward(rand(4, 3)):clone() end
local function probs() return nn.SoftMax():forward(rand(4, 3)):clone() end
local function gaussian() return { rand(4, 3), rand(4, 3):add(1.5) } end
local function two() return { rand(4, 3), rand(4, 3) } end
local function three() return { rand(4, 3), rand(4, 3), rand(4, 3) } end
local function maps() return nn.SpatialLogSoftMax and rand(2, 3, 2, 2) or rand(2, 3, 2, 2) end

-- name, constructor, input, target
local rows = {
  { 'MSE', function() return nn.MSECriterion() end, rand(4, 3), rand(4, 3) },
  { 'Huber', function() return nn.HuberCriterion(0.4) end, rand(4, 3), rand(4, 3) },
  { 'BCE', function() return nn.BCECriterion() end, probs, bits },
  { 'BCE weighted', function() return nn.BCECriterion(weights) end, probs, bits },
  { 'BCEWithLogits', function() return nn.BCEWithLogitsCriterion() end, rand(4, 3), bits },
  { 'BCEWithLogits weighted', function()
    return nn.BCEWithLogitsCriterion(weights, true, torch.Tensor { 2, 1, 0.5 })
  end, rand(4, 3), bits },
  { 'BCEWithLogits summed', function()
    return nn.BCEWithLogitsCriterion(nil, false, torch.Tensor { 2, 1, 0.5 })
  end, rand(4, 3), torch.rand(4, 3) },
  { 'SoftMargin', function() return nn.SoftMarginCriterion() end, rand(4, 3), sign_map },
  { 'Margin', function() return nn.MarginCriterion(0.3) end, rand(4, 3), sign_map },
  { 'DistKLDiv', function() return nn.DistKLDivCriterion() end, logp, probs },
  { 'KLDiv', function() return nn.KLDivCriterion() end, logp, probs },
  { 'KLDiv of logarithms', function() return nn.KLDivCriterion('mean', true) end, logp, logp },
  { 'PoissonNLL', function() return nn.PoissonNLLCriterion() end, rand(4, 3), bits },
  { 'PoissonNLL of rates', function()
    return nn.PoissonNLLCriterion(false, true, false)
  end, function() return torch.rand(4, 3):add(0.5) end, torch.Tensor(4, 3):fill(3) },
  { 'GaussianNLL', function() return nn.GaussianNLLCriterion() end, gaussian, rand(4, 3) },
  { 'GaussianNLL full', function() return nn.GaussianNLLCriterion(true, false) end, gaussian, rand(4, 3) },
  { 'HingeEmbedding', function() return nn.HingeEmbeddingCriterion(0.8) end, rand(4), signs },
  { 'HingeEmbedding of one', function() return nn.HingeEmbeddingCriterion(2) end, rand(1), -1 },
  { 'CosineEmbedding', function() return nn.CosineEmbeddingCriterion(-0.9) end, two, signs },
  { 'CosineEmbedding of one', function()
    return nn.CosineEmbeddingCriterion()
  end, function() return { rand(3), rand(3) } end, torch.Tensor { 1 } },
  { 'L1HingeEmbedding', function() return nn.L1HingeEmbeddingCriterion(20) end, two, -1 },
  { 'L1HingeEmbedding alike', function() return nn.L1HingeEmbeddingCriterion() end, two, torch.Tensor { 1 } },
  { 'MarginRanking', function() return nn.MarginRankingCriterion(0.4) end,
    function() return { rand(4), rand(4) } end, signs },
  { 'MarginRanking of one', function() return nn.MarginRankingCriterion(5) end,
    function() return { rand(1), rand(1) } end, 1 },
  { 'DistanceRatio', function() return nn.DistanceRatioCriterion() end, function() return { rand(4), rand(4) } end },
  { 'L1Cost', function() return nn.L1Cost() end, rand(4, 3) },
  { 'WeightedMSE', function() return nn.WeightedMSECriterion(weights) end, rand(4, 3), rand(4, 3) },
  { 'SpatialAutoCropMSE', function() return nn.SpatialAutoCropMSECriterion() end, rand(2, 3, 2), rand(2, 5, 5) },
  { 'ClassSimplex', function() return nn.ClassSimplexCriterion(3) end, rand(4, 3), classes },
  { 'MultiMargin weighted', function() return nn.MultiMarginCriterion(2, weights, 0.7) end, rand(4, 3), classes },
  { 'MultiLabelMargin', function()
    return nn.MultiLabelMarginCriterion()
  end, rand(3, 4), torch.LongTensor { { 2, 0, 0, 0 }, { 4, 1, 0, 3 }, { 0, 1, 2, 3 } } },
  { 'MultiLabelSoftMargin', function() return nn.MultiLabelSoftMarginCriterion(weights) end, rand(4, 3), bits },
  { 'SpatialClassNLL', function() return nn.SpatialClassNLLCriterion(weights) end, maps,
    torch.LongTensor(2, 2, 2):fill(3) },
  { 'CrossEntropy smoothed', function() return nn.CrossEntropyCriterion(weights, true, 0.2) end, rand(4, 3), classes },
  { 'CrossEntropy smoothed and summed', function()
    return nn.CrossEntropyCriterion(nil, false, 0.2)
  end, rand(4, 3), torch.LongTensor { 1, -100, 3, 2 } },
  { 'Focal', function() return nn.FocalCriterion(2, weights) end, rand(4, 3), classes },
  { 'Triplet', function() return nn.TripletMarginCriterion(1.5) end, three },
  { 'Triplet swapped', function() return nn.TripletMarginCriterion(1.5, 1, true, false) end, three },
  { 'Contrastive', function() return nn.ContrastiveCriterion(2) end, two, signs },
  { 'CosineDistance', function() return nn.CosineDistanceCriterion() end, rand(4, 3), rand(4, 3) },
}

local function made(x)
  if type(x) == 'function' then return x() end
  return x
end

local function convert(x, kind)
  if torch.isTensor(x) then return x:type() == 'torch.DoubleTensor' and x:type(kind) or x:clone() end
  if type(x) ~= 'table' then return x end
  local out = {}
  for k, v in pairs(x) do out[k] = convert(v, kind) end
  return out
end

-- The same numbers in memory with gaps, in the other order.
local function scattered(x)
  if type(x) == 'table' then
    local out = {}
    for k, v in pairs(x) do out[k] = scattered(v) end
    return out
  end
  if not torch.isTensor(x) then return x end
  local n = x:dim()
  local size = x:size():totable()
  if n == 1 then return x.new(size[1], 2):select(2, 1):copy(x) end
  local order = {}
  for d = 1, n do order[d] = size[n + 1 - d] end
  local t = x.new(unpack(order))
  for d = 1, math.floor(n / 2) do t = t:transpose(d, n + 1 - d) end
  return t:copy(x)
end

local flat = support.flat

describe('nn losses', function()
  local before
  before_each(function()
    before = nn.hints(false)
    torch.manualSeed(11)
  end)
  after_each(function() nn.hints(before) end)

  for _, row in ipairs(rows) do
    it(row[1], function()
      local c, x, t = row[2](), made(row[3]), made(row[4])
      local err = support.criterion_error(c, x, t)
      assert.is_true(err < 1e-6, ('gradient off by %g'):format(err))
      local loss = c:forward(x, t)
      assert.are.equal('number', type(loss))
      assert.are.equal(c.output, loss)
      local dx = flat(c:backward(x, t))
      for i, g in ipairs(dx) do
        assert.are.same(flat(x)[i]:size():totable(), g:size():totable())
        dx[i] = g:clone()
      end
      -- memory in any order
      local xs, ts = scattered(x), scattered(t)
      assert.is_true(math.abs(c:forward(xs, ts) - loss) < 1e-12)
      for i, g in ipairs(flat(c:backward(xs, ts))) do assert.is_true(support.distance(g, dx[i]) < 1e-12) end
      -- float
      local f = row[2]():float()
      local xf, tf = convert(x, 'torch.FloatTensor'), convert(t, 'torch.FloatTensor')
      assert.is_true(math.abs(f:forward(xf, tf) - loss) < 1e-4 * math.max(1, math.abs(loss)))
      for i, g in ipairs(flat(f:backward(xf, tf))) do
        assert.are.equal('torch.FloatTensor', g:type())
        assert.is_true(support.distance(g, dx[i]) < 1e-4)
      end
      -- files, copies
      assert.is_true(math.abs(c:clone():forward(x, t) - loss) < 1e-14)
    end)
  end

  it('average or sum', function()
    for _, name in ipairs { 'MSECriterion', 'AbsCriterion', 'SmoothL1Criterion', 'SoftMarginCriterion' } do
      local x, t = rand(4, 3), sign_map
      local mean, sum = nn[name](), nn[name](false)
      assert.is_true(math.abs(mean:forward(x, t) * 12 - sum:forward(x, t)) < 1e-12)
      assert.is_true(support.distance(mean:backward(x, t) * 12, sum:backward(x, t)) < 1e-12)
      mean.sizeAverage = false
      assert.are.equal(sum.output, mean:forward(x, t))
    end
  end)

  it('large sums repeat bit for bit at any number of threads', function()
    local x, t = torch.randn(300, 401), torch.randn(300, 401)
    local threads = torch.getnumthreads()
    torch.setnumthreads(1)
    local one = nn.MSECriterion():forward(x, t)
    torch.setnumthreads(2)
    assert.are.equal(one, nn.MSECriterion():forward(x, t))
    torch.setnumthreads(threads)
    assert.is_true(math.abs(one - (x - t):pow(2):mean()) < 1e-12)
  end)

  it('say what is wrong', function()
    local function message(c, x, t)
      local ok, err = pcall(c.forward, c, x, t)
      assert.is_false(ok)
      assert.is_truthy(tostring(err):find('nn.', 1, true), err)
      return err
    end
    assert.is_truthy(message(nn.ClassNLLCriterion(), torch.zeros(2, 3), torch.LongTensor { 1, 4 })
      :find 'row 2: target 4 is not one of the 3 classes')
    assert.is_truthy(message(nn.CrossEntropyCriterion(), torch.zeros(2, 3), torch.LongTensor { 0, 1 })
      :find '^nn.CrossEntropyCriterion: .*count from 1')
    assert.is_truthy(message(nn.MultiMarginCriterion(), torch.zeros(2, 3), torch.LongTensor { 0, 1 }):find 'row 1')
    assert.is_truthy(message(nn.ClassSimplexCriterion(3), torch.zeros(2, 3), torch.LongTensor { 1, 9 }):find 'row 2')
    message(nn.CosineEmbeddingCriterion(), torch.zeros(3), 1)
    message(nn.CosineEmbeddingCriterion(), { torch.zeros(3), torch.zeros(4) }, 1)
    message(nn.CosineEmbeddingCriterion(), { torch.zeros(3), torch.zeros(3):float() }, 1)
    message(nn.MarginRankingCriterion(), { torch.zeros(3), torch.zeros(3) }, 1)
    message(nn.MarginRankingCriterion(), { torch.zeros(3) }, 1)
    message(nn.HingeEmbeddingCriterion(), torch.zeros(3), torch.zeros(2))
    message(nn.L1HingeEmbeddingCriterion(), { torch.zeros(3), torch.zeros(3) }, 'a')
    message(nn.DistanceRatioCriterion(), { torch.zeros(3), torch.zeros(2) })
    message(nn.L1Cost(), 3)
    message(nn.MultiLabelMarginCriterion(), torch.zeros(2, 3), torch.zeros(2, 2))
    message(nn.MultiLabelMarginCriterion(), torch.zeros(2, 3), torch.Tensor(2, 3):fill(7))
    message(nn.WeightedMSECriterion(weights), torch.zeros(2, 4), torch.zeros(2, 4))
    message(nn.SpatialAutoCropMSECriterion(), torch.zeros(1, 4, 4), torch.zeros(1, 3, 5))
    message(nn.SpatialClassNLLCriterion(), torch.zeros(3, 4, 4), torch.ones(4, 4))
    message(nn.BCECriterion(weights), torch.zeros(2, 4), torch.zeros(2, 4))
    message(nn.BCEWithLogitsCriterion(nil, true, weights), torch.zeros(2, 4), torch.zeros(2, 4))
    message(nn.MSECriterion(), torch.zeros(2, 4), torch.zeros(2, 4):float())
    for _, f in ipairs {
      function() nn.ClassSimplexCriterion(1) end, function() nn.CriterionTable(3) end,
      function() nn.ModuleCriterion(3) end, function() nn.WeightedMSECriterion(3) end,
      function() nn.HuberCriterion(0) end, function() nn.KLDivCriterion 'max' end,
      function() nn.CrossEntropyCriterion(nil, true, 1.5) end, function() nn.BCECriterion(true) end,
      function() nn.hints 'loud' end,
    } do
      assert.has_error(f)
    end
  end)

  it('predict by the nearest corner', function()
    local c = nn.ClassSimplexCriterion(5)
    local x = c.simplex:index(2 - 1, torch.LongTensor { 4, 2 }):add(rand(2, 5):mul(0.1))
    assert.are.same({ 4, 2 }, c:getTopPrediction(x):totable())
    assert.are.same({ 4 }, c:getTopPrediction(x[1]):totable())
    assert.are.same({ 2, 5 }, c:getPredictions(x):size():totable())
  end)

  it('as modules, behind modules', function()
    local m = nn.CriterionTable(nn.MSECriterion())
    local x, t = rand(3), rand(3)
    assert.are.equal(nn.MSECriterion():forward(x, t), m:forward { x, t })
    assert.is_true(support.distance(m:backward({ x, t }, torch.ones(1))[1], (x - t):mul(2 / 3)) < 1e-15)
    local c = nn.ModuleCriterion(nn.ClassNLLCriterion(), nn.LogSoftMax(), nn.Identity())
    assert.is_true(support.criterion_error(c, rand(4, 3), classes) < 1e-6)
    c:float()
    assert.are.equal('torch.FloatTensor', c.inputModule.output:type())
  end)
end)

describe('nn heads', function()
  local told, before
  before_each(function()
    told = {}
    before = nn.hints(function(text) told[#told + 1] = text end)
  end)
  after_each(function() nn.hints(before) end)

  local function train(head, criterion, target, steps)
    local m = nn.Sequential():add(nn.Linear(5, 3))
    if head then m:add(head) end
    for _ = 1, steps or 2 do
      local x = torch.randn(4, 5)
      criterion:forward(m:forward(x), target)
      m:backward(x, criterion:backward(m.output, target))
    end
  end

  it('SoftMax before CrossEntropy, once', function()
    train(nn.SoftMax(), nn.CrossEntropyCriterion(), classes)
    train(nn.SoftMax(), nn.CrossEntropyCriterion(), classes)
    assert.are.equal(1, #told)
    assert.is_truthy(told[1]:find 'Remove the nn.SoftMax')
  end)

  it('SoftMax before NLL, once', function()
    train(nn.SoftMax(), nn.ClassNLLCriterion(), classes)
    assert.are.equal(1, #told)
    assert.is_truthy(told[1]:find 'nn.LogSoftMax')
  end)

  it('are silent when all is well, and when nothing is trained', function()
    train(nil, nn.CrossEntropyCriterion(), classes)
    train(nn.LogSoftMax(), nn.CrossEntropyCriterion(), classes)
    train(nn.LogSoftMax(), nn.ClassNLLCriterion(), classes)
    train(nn.Sigmoid(), nn.CrossEntropyCriterion(), classes)
    nn.CrossEntropyCriterion():forward(probs(), classes)
    local c = nn.CrossEntropyCriterion()
    c:forward(torch.eye(3), torch.LongTensor { 1, 2, 3 })
    c:backward(torch.eye(3), torch.LongTensor { 1, 2, 3 })
    c = nn.ClassNLLCriterion()
    c:forward(torch.randn(2, 3), torch.LongTensor { 1, 2 })
    c:backward(torch.randn(2, 3), torch.LongTensor { 1, 2 })
    train(nil, nn.MSECriterion(), torch.randn(4, 3))
    nn.MSECriterion():forward(torch.randn(4, 3), torch.randn(12))
    nn.MSECriterion():forward(torch.randn(1), torch.randn(1, 1))
    assert.are.same({}, told)
  end)

  it('[N] against [N x 1], once', function()
    local x, t = torch.randn(4, 1), torch.randn(4)
    nn.MSECriterion():forward(x, t)
    nn.MSECriterion():forward(x, t)
    assert.are.equal(1, #told)
    assert.is_truthy(told[1]:find('target:viewAs(input)', 1, true))
    nn.AbsCriterion():forward(torch.randn(3, 4), torch.randn(4, 3))
    assert.are.equal(2, #told)
    nn.hints 'error'
    assert.has_error(function() nn.SmoothL1Criterion():forward(x, t) end)
  end)
end)
