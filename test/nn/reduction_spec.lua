--- PyTorch's losses with every reduction: the numbers of PyTorch 2.15 for the mean, the sum, the losses one by one, and
-- the gradient of a weighted sum of these; nn.UnreducedCriterion; targets with positions and of probabilities.
require 'nn'
local support = dofile(debug.getinfo(1, 'S').source:match '^@(.*/)' .. 'support.lua')
local message = support.message

local function count(...)
  local n = 1
  for _, k in ipairs { ... } do n = n * k end
  return n
end
local function steps(...) return torch.range(0, count(...) - 1):view(...) end

-- The inputs: waves, numbers of (0, 1), signs, classes of c, weights, softmax and its logarithm along dimension 2.
local env = { nn = nn }
function env.X(...) return steps(...):mul(0.3):cos() end
function env.Y(...) return steps(...):mul(0.7):add(1):sin() end
function env.U(...) return env.Y(...):mul(0.4):add(0.5) end
function env.V(...) return env.X(...):mul(0.4):add(0.5) end
function env.S(...) return env.Y(...):sign() end
function env.I(c, ...) return steps(...):mul(3):apply(function(v) return v % c + 1 end):long() end
function env.W(n) return torch.range(1, n):mul(0.25):add(0.5) end
function env.L(x) return nn.LogSoftmax(2):forward(x) end
function env.P(x) return nn.Softmax(2):forward(x) end

-- Loss, options, input, target; mean, sum, digest of the losses, digest of the gradients.
local rows = {
  { 'MSELoss', '', 'X(3, 4)', 'Y(3, 4)',
    { 1.141792076409, 13.70150491691, 0.1479722162097, 2.948017601161 } },
  { 'L1Loss', '', 'X(3, 4)', 'Y(3, 4)',
    { 0.8473089689316, 10.16770762718, 0.2752112215662, 0.20075291201 } },
  { 'SmoothL1Loss', '', 'X(3, 4)', 'Y(3, 4)',
    { 0.4893868870035, 5.872642644041, 0.1321604120163, 0.6621949161728 } },
  { 'SmoothL1Loss', 'beta = 0.4', 'X(3, 4)', 'Y(3, 4)',
    { 0.6812159030779, 8.174590836935, 0.2690412058953, 0.380998611457 } },
  { 'HuberLoss', 'delta = 0.7', 'X(3, 4)', 'Y(3, 4)',
    { 0.4054660218892, 4.865592262671, 0.1423073464967, 0.3692363332039 } },
  { 'BCELoss', '', 'V(3, 4)', 'U(3, 4)',
    { 0.9643914402902, 11.57269728348, -0.5731738659536, 7.737108168995 } },
  { 'BCELoss', 'weight = W(4)', 'V(3, 4)', 'U(3, 4)',
    { 1.114175251328, 13.37010301594, -0.05420594356136, 10.01953480665 } },
  { 'BCEWithLogitsLoss', 'weight = W(4)', 'X(3, 4)', 'U(3, 4)',
    { 0.8738656575284, 10.48638789034, -0.2199365965475, 0.6360287521141 } },
  { 'BCEWithLogitsLoss', 'posWeight = W(4)', 'X(3, 4)', 'U(3, 4)',
    { 0.8413605889371, 10.09632706724, -0.04696090103806, 0.6940781873225 } },
  { 'SoftMarginLoss', '', 'X(3, 4)', 'S(3, 4)',
    { 0.7577011477223, 9.092413772667, -0.2466806472177, 1.143593189024 } },
  { 'KLDivLoss', '', 'L(X(3, 4))', 'P(Y(3, 4))',
    { 0.01558082440342, 0.186969892841, -0.06477788386132, 1.096881062995 } },
  { 'KLDivLoss', 'logTarget = true', 'L(X(3, 4))', 'L(Y(3, 4))',
    { 0.01558082440342, 0.186969892841, -0.06477788386132, 1.096881062995 } },
  { 'PoissonNLLLoss', '', 'X(3, 4)', 'V(3, 4)',
    { 1.046850495284, 12.56220594341, -0.9604630889287, -3.359200909688 } },
  { 'PoissonNLLLoss', 'logInput = false, full = true', 'V(3, 4)', 'V(3, 4) * 5',
    { 3.241291549036, 38.89549858843, -2.593699990648, 19.51099981238 } },
  { 'GaussianNLLLoss', 'full = true', '{ X(3, 4), V(3, 4) }', 'Y(3, 4)',
    { 4.436635791736, 53.23962950083, 0.3371524811877, 293.4466607777 } },
  { 'HingeEmbeddingLoss', 'margin = 0.6', 'X(3, 4)', 'S(3, 4)',
    { 0.2068580992822, 2.482297191387, 0.5505943045877, -1.994449412919 } },
  { 'CosineEmbeddingLoss', 'margin = 0.2', '{ X(3, 4), Y(3, 4) }', 'S(3)',
    { 0.9767296438039, 2.930188931412, -2.287689688876, 1.148965812951 } },
  { 'MarginRankingLoss', 'margin = 0.2', '{ X(5), Y(5) }', 'S(5)',
    { 0.3004285034391, 1.502142517196, 0.2075142477385, -1.035696868326 } },
  { 'TripletMarginLoss', 'margin = 0.8, swap = true', '{ X(3, 4), Y(3, 4), V(3, 4) }', '',
    { 1.761717449548, 5.285152348645, -2.628085396086, -2.681453936476 } },
  { 'MultiMarginLoss', 'p = 2, margin = 0.8, weight = W(4)', 'X(3, 4)', 'I(4, 3)',
    { 1.064602409673, 3.193807229018, -1.579695771303, 1.433586379788 } },
  { 'MultiLabelSoftMarginLoss', 'weight = W(4)', 'X(3, 4)', 'U(3, 4)',
    { 0.8738656575284, 2.621596972585, -1.17260824119, 0.1643466125251 } },
  { 'NLLLoss', 'weight = W(4)', 'L(X(3, 4))', 'I(4, 3)',
    { 1.595545387829, 5.584408857402, -2.488613690472, 0.1786207403672 } },
  { 'NLLLoss', 'ignoreIndex = 2', 'L(X(2, 4, 3))', 'I(4, 2, 3)',
    { 1.849052337477, 9.245261687385, -1.014313169177, 1.335002921069 } },
  { 'CrossEntropyLoss', '', 'X(3, 4)', 'I(4, 3)',
    { 1.530920582981, 4.592761748944, -1.565805510835, 0.2814249231761 } },
  { 'CrossEntropyLoss', 'weight = W(4), labelSmoothing = 0.2, ignoreIndex = 2', 'X(5, 4)', 'I(4, 5)',
    { 1.611102087676, 6.847183872623, -1.877831213736, -0.0009449055586337 } },
  { 'CrossEntropyLoss', 'weight = W(4), labelSmoothing = 0.1', 'X(2, 4, 3, 2)', 'I(4, 2, 3, 2)',
    { 1.522059104108, 20.54779790546, -2.393531657728, -0.03761137650913 } },
  { 'CrossEntropyLoss', '', 'X(3, 4)', 'P(Y(3, 4))',
    { 1.412257465416, 4.236772396247, -1.277444189252, 0.03035225570123 } },
  { 'CrossEntropyLoss', 'weight = W(4), labelSmoothing = 0.3', 'X(2, 4, 3)', 'P(Y(2, 4, 3))',
    { 1.812643260265, 10.87585956159, -1.041068951185, -0.3597976382157 } },
}

local function value(text) return setfenv(assert(loadstring('return ' .. text)), env)() end
local function digest(t)
  local flat = t:clone():view(-1)
  return flat:dot(torch.range(1, flat:nElement()):cos())
end
local function near(got, want)
  assert.is_true(math.abs(got - want) < 1e-9 * (1 + math.abs(want)), got .. ', not ' .. want)
end

describe('reduction', function()
  for i, row in ipairs(rows) do
    local name, args, input, target, want = unpack(row)
    local function setting(reduction)
      local o = value('{' .. args .. '}')
      o.reduction = reduction
      return nn[name](o), value(input), target ~= '' and value(target) or nil
    end

    it(('%d of %s(%s)'):format(i, name, args), function()
      for k, reduction in ipairs { 'mean', 'sum' } do
        local c, x, t = setting(reduction)
        near(c:forward(x, t), want[k])
        assert.is_true(support.criterion_error(c, x, t) < 1e-5, reduction)
      end
      local c, x, t = setting 'none'
      local y = c:forward(x, t)
      near(digest(y), want[3])
      local g, sum = torch.range(0, y:nElement() - 1):sin(), 0
      local dx = c:backward(x, t, g)
      for k, d in ipairs(torch.isTensor(dx) and { dx } or dx) do sum = sum + k * digest(d) end
      near(sum, want[4])
      local copy = torch.deserialize(torch.serialize(c))
      assert.are.equal(0, support.distance(copy:forward(x, t), y))
      local kept = y:clone()
      local function float(v) return v:type() == 'torch.DoubleTensor' and v:float() or v end
      assert.is_true(support.distance(c:float():forward(support.map(x, float), support.map(t, float)), kept) < 1e-4)
    end)
  end

  it('may be given by the older arguments', function()
    local x, y = env.X(3), env.Y(3)
    assert.are.equal(nn.MSELoss { reduction = 'sum' }:forward(x, y), nn.MSELoss(false):forward(x, y))
    assert.are.equal(3, nn.MSELoss(nil, false):forward(x, y):nElement())
    assert.are.equal(3, nn.MSELoss(true, true, 'none'):forward(x, y):nElement())
  end)

  it('of single samples', function()
    local x, one = env.X(4), nn.LogSoftMax():forward(env.X(4))[3]
    for _, case in ipairs { { nn.CrossEntropyLoss { reduction = 'none' }, 3, -one },
      { nn.CrossEntropyLoss { reduction = 'none' }, torch.Tensor { 0, 0, 1, 0 }, -one },
      { nn.MultiMarginLoss { reduction = 'none' }, 3, nn.MultiMarginCriterion():forward(x, 3) },
      { nn.MultiMarginLoss { reduction = 'none' }, torch.Tensor { 3 }, nn.MultiMarginCriterion():forward(x, 3) } } do
      local c, t, want = unpack(case)
      near(c:forward(x, t):sum(), want)
      assert.are.equal(1, c.output:nElement())
      assert.are.same({ 4 }, c:backward(x, t, 2):size():totable())
    end
  end)

  it('of losses that have no name of PyTorch', function()
    local a, b, s = env.X(3, 4), env.Y(3, 4), torch.Tensor { 1, -1, 1 }
    local cases = { { nn.ContrastiveCriterion(2, false), { a, b }, s }, { nn.CosineDistanceCriterion(false), a, b },
      { nn.DistanceRatioCriterion(false), { env.V(3), env.U(3) } }, { nn.FocalCriterion(2, env.W(4), false), a,
      torch.LongTensor { 1, 4, 2 } }, { nn.ClassSimplexCriterion(4), a, torch.LongTensor { 1, 4, 2 } },
      { nn.WeightedMSECriterion(env.W(4)), a, b }, { nn.MarginCriterion(0.3), a, b:clone():sign() },
      { nn.SpatialAutoCropMSECriterion(false), a, env.Y(5, 6) },
      { nn.MultiLabelMarginCriterion(false), a, torch.LongTensor { { 2, 0, 0, 0 }, { 4, 1, 0, 3 }, { 1, 2, 3, 0 } } },
      { nn.TripletMarginWithDistanceCriterion(nil, 1, false, false), { a, b, env.V(3, 4) } } }
    for _, case in ipairs(cases) do
      local c, x, t = unpack(case)
      local name = torch.type(c)
      c.sizeAverage = false
      local sum = c:forward(x, t)
      local each = nn.UnreducedCriterion(c)
      assert.is_true(each:forward(x, t):nElement() > 1, name)
      assert.is_true(math.abs(each.output:sum() - sum) < 1e-12, name)
      local g = each.output:clone():uniform()
      local whole = nn.ModuleCriterion(each) -- a criterion whose loss is the weighted sum
      function whole:updateOutput(input, target) return each:forward(input, target):dot(g) end
      function whole:updateGradInput(input, target) return each:backward(input, target, g) end
      assert.is_true(support.criterion_error(whole, x, t) < 1e-5, name)
    end
    local ctc = nn.CTCLoss { reduction = 'none' }
    local x, t = nn.LogSoftmax(-1):forward(env.X(9, 2, 5)), { { { 3, 2, 2 }, { 4 } } }
    local sum = nn.CTCCriterion { reduction = 'sum' }
    near(ctc:forward(x, t):sum(), sum:forward(x, t))
    local dx = ctc:backward(x, t, torch.Tensor { 0, 2 })
    assert.are.equal(0, dx:select(2, 1):clone():abs():max())
    assert.is_true(support.distance(dx:select(2, 2), sum:backward(x, t):select(2, 2) * 2) < 1e-12)
  end)

  it('of TripletMarginLoss depends on eps', function()
    local x = { env.X(2, 3), env.X(2, 3), env.X(2, 3) } -- only eps is left of the distances
    near(nn.TripletMarginLoss { eps = 0.5, reduction = 'sum' }:forward(x), 2)
    local c = nn.TripletMarginLoss { eps = 0.5, margin = 0, reduction = 'sum' }
    near(c:forward { torch.ones(1, 3), torch.zeros(1, 3), torch.ones(1, 3) }, math.sqrt(3) * 1.5 - math.sqrt(3) * 0.5)
  end)

  it('refuses what does not fit', function()
    local function says(text, f, ...)
      local got = message(f, ...)
      assert.is_truthy(got:find(text, 1, true), got)
    end
    says("nn.MSELoss: reduction: expected 'mean', 'sum' or 'none', got \"max\"", nn.MSELoss, { reduction = 'max' })
    says("nn.KLDivLoss: reduction: expected 'batchmean', 'mean'", nn.KLDivLoss, { reduction = 'max' })
    says('nn.MSELoss: sizeAverage: expected true or false', nn.MSELoss, 'sum')
    says('nn.MSELoss: reduce: expected true or false', nn.MSELoss, { reduce = 1 })
    says('nn.UnreducedCriterion: expected a criterion, got number', nn.UnreducedCriterion, 3)
    says('nn.L1HingeEmbeddingCriterion has no losses one by one', nn.UnreducedCriterion, nn.L1HingeEmbeddingCriterion())
    says('nn.CrossEntropyLoss: weight: expected a vector', nn.CrossEntropyLoss, { weight = torch.ones(2, 2) })
    says('nn.MultiMarginLoss: p: expected 1 or 2', nn.MultiMarginLoss, 3)
    says('labelSmoothing: expected a number from 0 to 1', nn.CrossEntropyLoss, { label_smoothing = 2 })
    local c, x, t = nn.CrossEntropyLoss { reduction = 'none' }, env.X(3, 4), env.I(4, 3)
    c:forward(x, t)
    says('expected gradOutput of 3 elements, got [2]', c.backward, c, x, t, torch.ones(2))
    says('expected a number or a tensor as gradOutput, got table', c.backward, c, x, t, {})
    says('probabilities of 0..1', c.forward, c, x, env.X(3, 4))
    says('expected scores [N x C] or [C]', c.forward, c, env.X(3, 4, 2), env.I(4, 3))
    says('is not one of the 4 classes', c.forward, c, x, torch.LongTensor { 1, 5, 2 })
    says('a tensor', c.forward, c, {}, t)
    local mixed = nn.MultiCriterion():add(nn.MSECriterion()):add(nn.CosineDistanceCriterion())
    says('expected losses [3 x 4], got [3]', mixed.each, mixed, x, x)
    local n = nn.NLLLoss { reduction = 'none' }
    says('log-probabilities [N x C] or [C]', n.forward, n, env.X(2, 3, 4), 2)
  end)
end)
