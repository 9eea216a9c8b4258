--- nn.LSTM with projSize: PyTorch 2.15's numbers, gradients, lengths, states.
--
-- Inputs are x[i] = cos(0.3 i), i from 0, initial states half of that, cells 0.7 of it; the k-th parameter by name is
-- sin(k + i) / 2; gradients sin(i + 1), of states half, of cells 0.3 of that. A digest is the sum of y[i] cos(i).
require 'nn'
local support = dofile(debug.getinfo(1, 'S').source:match '^@(.*/)' .. 'support.lua')
local message = support.message

local function count(n, step) return torch.range(0, n - 1):mul(step) end
local function input(...)
  local x = torch.Tensor(...)
  return x:copy(count(x:nElement(), 0.3):cos())
end
local function digest(y) return y:contiguous():view(-1):dot(count(y:nElement(), 1):cos()) end
local function gradient(y) return y:clone():copy(count(y:nElement(), 1):add(1):sin()) end

local function fill(m)
  local names, named = {}, m:named()
  for name in pairs(named) do names[#names + 1] = name end
  table.sort(names)
  for k, name in ipairs(names) do named[name]:copy(count(named[name]:nElement(), 1):add(k):sin():mul(0.5)) end
  return m
end

-- T, N, in, H, P, layers, options, with states; output, hn, cn, gradInput[, of h0, of c0], sum of the parameters'
local cases = {
  { 5, 3, 4, 6, 2, 1, {}, false,
    { 0.08398701552332, 0.05785154711313, 6.57687305885, 0.06918829818066, 2.220728677906 } },
  { 5, 3, 4, 6, 2, 2, { bidirectional = true }, false,
    { 0.0651640285333, -0.04033276679811, -2.020823254627, 0.2655355698911, 1.510695391396 } },
  { 5, 3, 4, 6, 2, 2, { bidirectional = true, batch_first = true }, true,
    { 0.2324770170285, 0.05415193425095, -2.128946095991, -0.2545177683774, 0.01988351177349, -0.512441370467,
      -0.9806472038938 } },
  { 4, 2, 3, 5, 3, 3, { bias = false }, true,
    { 0.4837941672049, 0.02866701319857, 0.5261579831902, -0.122140694075, -0.05222128395386, 0.711427361958,
      0.4181448790535 } },
}

local function run(T, N, width, H, P, layers, options, states)
  options.proj_size = P
  local m = fill(nn.LSTM(width, H, layers, options))
  local LD = layers * (options.bidirectional and 2 or 1)
  local x = options.batch_first and input(N, T, width) or input(T, N, width)
  m:zeroGradParameters()
  local out
  if states then
    local whole = { x, input(LD, N, P):mul(0.5), input(LD, N, H):mul(0.7) }
    local y = m:forward(whole)
    local dx = m:backward(whole, { gradient(y[1]), gradient(y[2]):mul(0.5), gradient(y[3]):mul(0.3) })
    out = { digest(y[1]), digest(y[2]), digest(y[3]), digest(dx[1]), digest(dx[2]), digest(dx[3]) }
  else
    local y = m:forward(x)
    out = { digest(y), digest(m.hiddenOutput), digest(m.cellOutput), digest(m:backward(x, gradient(y))) }
  end
  local sum = 0
  for _, g in pairs(m:named(true)) do sum = sum + digest(g) end
  out[#out + 1] = sum
  return out
end

describe('nn.LSTM with projSize', function()
  before_each(function() torch.manualSeed(7) end)

  for i, case in ipairs(cases) do
    it("gives PyTorch's numbers " .. i, function()
      local got = run(unpack(case, 1, 8))
      for k, want in ipairs(case[9]) do
        assert.is_true(math.abs(got[k] - want) < 1e-10 * math.max(1, math.abs(want)), ('%d: %.13g'):format(k, got[k]))
      end
    end)
  end

  it('has the right gradients, with lengths and without', function()
    local m = nn.LSTM(3, 5, 2, { bidirectional = true, projSize = 2 })
    assert.is_true(support.gradient_error(m, torch.randn(6, 3, 3)) < 1e-6)
    m:setLengths { 6, 2, 4 }
    assert.is_true(support.gradient_error(m, torch.randn(6, 3, 3)) < 1e-6)
    local states = { torch.randn(6, 3, 3), torch.randn(4, 3, 2), torch.randn(4, 3, 5) }
    assert.is_true(support.gradient_error(m, states) < 1e-6)
    assert.is_true(support.gradient_error(nn.LSTM(3, 5, { projSize = 2, batchFirst = true }), torch.randn(4, 3)) < 1e-6)
  end)

  it('reads padded sequences as they are alone', function()
    local m = nn.LSTM(3, 5, 1, { bidirectional = true, projSize = 2 })
    local x = torch.randn(6, 2, 3)
    local h, c = torch.randn(2, 2, 2), torch.randn(2, 2, 5)
    local y = m:setLengths({ 6, 4 }):forward { x, h, c }
    local padded, last = y[1]:select(2, 2):clone(), y[2]:select(2, 2):clone()
    local alone = m:setLengths():forward { x:narrow(1, 1, 4):narrow(2, 2, 1), h:narrow(2, 2, 1), c:narrow(2, 2, 1) }
    assert.is_true(support.distance(padded:narrow(1, 1, 4), alone[1]:select(2, 1)) < 1e-12)
    assert.are.equal(0, padded:narrow(1, 5, 2):norm())
    assert.is_true(support.distance(last, alone[2]:select(2, 1)) < 1e-12)
  end)

  it('continues where it ended, drops while training, and keeps the protocol', function()
    local m = nn.LSTM(3, 5, 2, { projSize = 2, dropout = 0.5 })
    local x = torch.randn(6, 2, 3)
    assert.is_true(support.distance(m:forward(x):clone(), m:forward(x)) > 1e-6)
    m:evaluate()
    local whole = m:forward(x):clone()
    m:remember()
    m:resetStates()
    m:forward(x:narrow(1, 1, 4))
    assert.is_true(support.distance(whole:narrow(1, 5, 2), m:forward(x:narrow(1, 5, 2))) < 1e-12)
    m:remember(false):resetStates()
    assert.are.equal('nn.LSTM(3 -> 5 -> 2, 2 layers, dropout 0.5)', tostring(m))
    assert.is_true(torch.isTypeOf(m, 'nn.LSTM'))
    local twin = m:clone():float()
    assert.is_true(support.distance(whole, twin:forward(x:float())) < 1e-5)
    local w = m:getParameters()
    assert.are.equal(w:nElement(), m.weight:nElement() + m.bias:nElement())
    assert.are.same({ 2, 5 }, m:named().weight_hr_l1:size():totable())
    m:clearState()
    assert.is_true(support.distance(whole, m:forward(x)) < 1e-12)
  end)

  it('says what is wrong', function()
    local m = nn.LSTM(3, 5, { projSize = 2 })
    local cases_ = {
      { 'nn.LSTM(3 -> 5 -> 2): expected input [T x N x 3] or [T x 3], got [2 x 4]', m.forward, m, torch.ones(2, 4) },
      { 'initial states [1 x 2 x 2], got [1 x 2 x 5]', m.forward, m, { torch.ones(4, 2, 3), torch.ones(1, 2, 5) } },
      { 'backward before forward', m.backward, m, torch.ones(4, 2, 3), torch.ones(4, 2, 2) },
      { 'of type torch.DoubleTensor, the input of type torch.FloatTensor', m.forward, m, torch.FloatTensor(2, 1, 3) },
      { 'projSize: expected a number below hiddenSize, 5, got 5', nn.LSTM, 3, 5, { projSize = 5 } },
    }
    for _, case in ipairs(cases_) do
      local got = message(unpack(case, 2))
      assert.is_truthy(got:find(case[1], 1, true), got)
    end
    m:forward(torch.ones(4, 2, 3))
    local got = message(m.backward, m, torch.ones(4, 2, 3), torch.ones(4, 2, 5))
    assert.is_truthy(got:find('gradOutput [4 x 2 x 2], got [4 x 2 x 5]', 1, true), got)
  end)
end)
