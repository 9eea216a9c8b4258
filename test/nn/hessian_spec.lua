--- nn.hessian: the diagonals of every class of nn (by registry.lua) against finite differences of
-- h_x[i] = Σ_k h[k] (∂y[k]/∂x[i])², containers, criterions, getParameters, switching it off.
require 'nn'
local here = debug.getinfo(1, 'S').source:match '^@(.*/)'
local support = dofile(here .. 'support.lua')
local registry, value = dofile(here .. 'registry.lua')
local flat, map = support.flat, support.map

-- Every draw of a layer that draws is the same.
local function run(m, x)
  torch.manualSeed(13)
  return m:forward(x)
end
local function outputs(m, x)
  return map(run(m, x), function(t) return t:clone() end)
end

-- Σ_k h[k] (∂y[k]/∂t[i])² of element i (in the order of memory) of a packed tensor.
local function numeric(m, x, t, i, h)
  local eps, storage, at = 1e-5, t:storage(), t:storageOffset() + i - 1
  local old = storage[at]
  storage[at] = old + eps
  local up = flat(outputs(m, x))
  storage[at] = old - eps
  local down = flat(outputs(m, x))
  storage[at] = old
  local sum, hs = 0, flat(h)
  for k = 1, #up do
    local slope = (up[k] - down[k]):div(2 * eps):reshape(up[k]:nElement())
    sum = sum + slope:cmul(slope):dot(hs[k]:reshape(hs[k]:nElement()))
  end
  return sum
end

local function agree(m, x, t, got, h, name)
  assert.are.equal(t:nElement(), got:nElement(), name)
  local list = got:contiguous():view(-1)
  local n = t:nElement()
  for _ = 1, math.min(n, 8) do
    local i = math.random(n)
    local want = numeric(m, x, t, i, h)
    assert.is_true(math.abs(want - list[i]) <= 1e-5 * math.max(1, math.abs(want)),
      ('%s: element %d: %.10g instead of %.10g'):format(name, i, list[i], want))
  end
end

-- Whose gradient is not the derivative of the output, on purpose; which have none; chains, which drop mixed terms.
local differ = {}
for name in ([[ZeroGrad L1Penalty Kmeans SparseLinear IndexLinear LookupTable EmbeddingBag SparseEmbedding OneHot
  PrintSize Index CriterionTable Profile TransformerEncoderLayer TransformerDecoderLayer
  TransformerEncoder TransformerDecoder Transformer LayerNormalization]]):gmatch '%S+' do
  differ[name] = true
end

local function check(m, x, name)
  m:zeroGradParameters() -- nn.NaN would find any NaN that their memory holds
  local y = run(m, x)
  local h = map(y, function(t) return t:clone():uniform(0.5, 1.5) end)
  m:initDiagHessianParameters()
  local dx = map(m:updateDiagHessianInput(x, h), function(t) return t:clone() end)
  m:accDiagHessianParameters(x, h)
  local params, _, diagonals = m:parameters()
  if params and #params > 0 and (not diagonals or #diagonals == 0) then diagonals = m.diagHessian end
  local xs, hs = flat(x), flat(dx)
  for i = 1, #xs do
    if xs[i]:type() == 'torch.DoubleTensor' then agree(m, x, xs[i], hs[i], h, name .. ' input ' .. i) end
  end
  for i = 1, #(params or {}) do
    if params[i]:isContiguous() then agree(m, x, params[i], diagonals[i], h, name .. ' parameter ' .. i) end
  end
end

describe('nn.hessian', function()
  before_each(function()
    torch.manualSeed(6)
    math.randomseed(6)
    nn.hessian.enable()
  end)
  after_each(function() nn.hessian.disable() end)

  for name, row in pairs(registry) do
    if not (row.target or row.abstract or row.forward or differ[name]) then
      it('of nn.' .. name, function()
        torch.manualSeed(11)
        local m = value(('nn.%s(%s)'):format(name, row.args))
        torch.manualSeed(12)
        check(m, value(row.input), name)
      end)
    end
  end

  it('goes through chains layer by layer', function()
    local a, b, c = nn.Linear(4, 3), nn.Tanh(), nn.Linear(3, 2)
    local net, x, h = nn.Sequential():add(a):add(b):add(c), torch.randn(5, 4), torch.rand(5, 2)
    net:initDiagHessianParameters()
    net:forward(x)
    local got = net:updateDiagHessianInput(x, h):clone()
    net:accDiagHessianParameters(x, h)
    local wc, wa = torch.cmul(c.weight, c.weight), torch.cmul(a.weight, a.weight)
    local slope = torch.cmul(b.output, b.output):mul(-1):add(1)
    local hb = torch.mm(h, wc)
    local ha = hb:clone():cmul(slope):cmul(slope)
    assert.is_true((torch.mm(ha, wa) - got):abs():max() < 1e-12)
    local want = torch.mm(ha:t(), torch.cmul(x, x))
    assert.is_true((want - a.diagHessianWeight):abs():max() < 1e-12)
    assert.is_true((ha:sum(1):view(-1) - a.diagHessianBias):abs():max() < 1e-12)
    net:accDiagHessianParameters(x, h) -- adds
    assert.is_true((want * 2 - a.diagHessianWeight):abs():max() < 1e-12)
    assert.is_nil(rawget(a, 'updateGradInput'))
    assert.is_nil(rawget(a, 'accGradParameters'))
  end)

  it('goes through a graph, branches and a layer used twice', function()
    require 'nngraph'
    local input, mul, tanh = nn.Identity()(), nn.Mul(), nn.Tanh()
    local net = nn.gModule({ input }, { nn.CAddTable() { tanh(mul(input)), nn.Square()(input) } })
    local x = torch.randn(5)
    net:forward(x)
    local slope = torch.cmul(tanh.output, tanh.output):mul(-1):add(1):mul(mul.weight[1])
    local got = net:updateDiagHessianInput(x, torch.ones(5)):clone() -- branches add, their mixed term is dropped
    assert.is_true((torch.cmul(slope, slope) + torch.cmul(x, x) * 4 - got):abs():max() < 1e-12)
    net:accDiagHessianParameters(x, torch.ones(5))
    slope:div(mul.weight[1]):cmul(x)
    assert.is_true(math.abs(slope:dot(slope) - mul.diagHessianWeight[1]) < 1e-12)
    local square = nn.Square()
    check(nn.Sequential():add(nn.Concat(1):add(nn.Mul()):add(square)), torch.randn(3), 'Concat')
    check(nn.Sequential():add(nn.Sequential():add(nn.Mul()):add(nn.Tanh())):add(nn.Mul()), torch.randn(3), 'in')
  end)

  it('keeps gradients, in-place layers and results as they were', function()
    local m, x = nn.Sequential():add(nn.Linear(4, 3)):add(nn.ReLU(true)):add(nn.SoftMax()), torch.randn(2, 4)
    m:zeroGradParameters()
    local g = torch.randn(2, 3)
    local y = m:forward(x):clone()
    local dx = m:backward(x, g):clone()
    local _, grads = m:parameters()
    local before = grads[1]:clone()
    m:initDiagHessianParameters()
    m:forward(x)
    m:updateDiagHessianInput(x, torch.ones(2, 3))
    m:accDiagHessianParameters(x, torch.ones(2, 3))
    assert.are.equal(0, (grads[1] - before):abs():max())
    assert.are.equal(0, (m:forward(x) - y):abs():max())
    assert.is_true((m:backward(x, g) - dx):abs():max() < 1e-15)
  end)

  it('of criterions', function()
    local x, t = torch.randn(3, 4), torch.randn(3, 4)
    -- the second derivative, by differences of the first
    local function second(c, input, target)
      local out = input:clone()
      for i = 1, input:nElement() do
        local flat_ = input:view(-1)
        local old = flat_[i]
        flat_[i] = old + 1e-5
        c:forward(input, target)
        local up = c:backward(input, target):clone():view(-1)[i]
        flat_[i] = old - 1e-5
        c:forward(input, target)
        out:view(-1)[i] = (up - c:backward(input, target):clone():view(-1)[i]) / 2e-5
        flat_[i] = old
      end
      return out
    end
    local classes = torch.LongTensor { 2, 4, 1 }
    local multi = nn.MultiCriterion():add(nn.MSECriterion(), 0.5):add(nn.MSECriterion(false), 2)
    for _, case in ipairs { { nn.MSECriterion(), t }, { nn.MSECriterion(false), t }, { multi, t },
      { nn.WeightedMSECriterion(torch.ones(4)), t }, { nn.CrossEntropyCriterion(), classes },
      { nn.CrossEntropyCriterion(torch.Tensor { 1, 2, 3, 4 }), classes } } do
      local h = case[1]:updateDiagHessianInput(x, case[2])
      assert.is_true((second(case[1], x, case[2]) - h):abs():max() < 1e-7, torch.type(case[1]))
    end
    local p = nn.ParallelCriterion():add(nn.MSECriterion(), 0.5):add(nn.L1Cost(), 3)
    local h = p:updateDiagHessianInput({ x, torch.Tensor { 0, 2, -1 } }, { t })
    assert.is_true((h[1] - 1 / 12):abs():max() < 1e-15)
    assert.are.same({ 0, 3, 3 }, h[2]:totable())
    assert.has_error(function() nn.MarginCriterion():updateDiagHessianInput(x, t) end)
  end)

  it('flattens diagonals beside parameters', function()
    local net = nn.Sequential():add(nn.Linear(4, 5)):add(nn.Concat(2):add(nn.Linear(5, 2)):add(nn.PReLU()))
      :add(nn.MapTable():add(nn.Mul()))
    assert.are.equal(2, select('#', net:getParameters()))
    net:initDiagHessianParameters()
    local flat_, grads, diagonals = net:getParameters()
    assert.are.equal(flat_:nElement(), diagonals:nElement())
    assert.are.equal(flat_:nElement(), grads:nElement())
    diagonals:fill(3)
    assert.are.equal(3, net:get(1).diagHessianWeight:max())
    net:initDiagHessianParameters()
    assert.are.equal(0, diagonals:max())
    local mha = nn.MultiHeadAttention(4, 2)
    mha:initDiagHessianParameters()
    local a, _, d = mha:getParameters()
    assert.are.equal(a:nElement(), d:nElement())
  end)

  it('goes away again', function()
    nn.hessian.disable()
    assert.is_nil(nn.Linear(2, 2).updateDiagHessianInput)
    assert.are.equal(2, select('#', nn.Linear(2, 2):parameters()))
    assert.has_no_error(nn.hessian.disable)
    nn.hessian.enable()
    nn.hessian.enable()
    assert.is_function(nn.Linear(2, 2).updateDiagHessianInput)
  end)
end)
