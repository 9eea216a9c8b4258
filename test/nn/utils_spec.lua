--- nn.utils under PyTorch's names.
require 'nn'
local support = dofile(debug.getinfo(1, 'S').source:match '^@(.*/)' .. 'support.lua')
local message = support.message

describe("nn.utils, PyTorch's names", function()
  local function says(text, f, ...)
    local got = message(f, ...)
    assert.is_truthy(got:find(text, 1, true), got)
  end

  it('clip gradients', function()
    local net = nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1))
    local _, grads = net:parameters()
    for _, g in ipairs(grads) do g:fill(2) end
    local n = nn.utils.parameters_to_vector(grads):nElement()
    assert.is_true(math.abs(nn.utils.clip_grad_norm_(net, 1) - 2 * math.sqrt(n)) < 1e-12)
    assert.is_true(math.abs(nn.utils.parameters_to_vector(grads):norm() - 1) < 1e-5)
    nn.utils.clip_grad_value_(grads, 0.01)
    assert.are.equal(0.01, grads[1]:max())
    says('expected a number that is not negative', nn.utils.clip_grad_norm_, net, 'a')
    says('expected a tensor, a list', nn.utils.clip_grad_value_, 3, 1)
  end)

  it('join and part parameters', function()
    local net = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1))
    local v = nn.utils.parameters_to_vector(net)
    assert.are.equal(13, v:nElement())
    assert.are.equal(net:get(1).weight[1][2], v[2])
    local other = net:clone()
    other:apply(function(m) if m.weight then m.weight:zero() end end)
    nn.utils.vector_to_parameters(v, other)
    assert.are.equal(0, support.distance(nn.utils.parameters_to_vector(other), v))
    nn.utils.vector_to_parameters(torch.zeros(2, 2):t(), { net:get(1).weight:narrow(1, 1, 2) })
    assert.are.equal(0, net:get(1).weight:narrow(1, 1, 2):clone():norm())
    assert.are.equal(0, nn.utils.parameters_to_vector(nn.Tanh()):nElement())
    says('vector: expected a tensor of 13 elements, got 3', nn.utils.vector_to_parameters, torch.ones(3), net)
    says('vector: expected a tensor of 13 elements', nn.utils.vector_to_parameters, {}, net)
    says('parameters: expected a list of tensors or a module', nn.utils.parameters_to_vector, 3)
    says('parameters[2]: expected a tensor', nn.utils.parameters_to_vector, { torch.ones(1), 2 })
    says('parameters[2]: expected a torch.DoubleTensor', nn.utils.parameters_to_vector,
      { torch.DoubleTensor(1), torch.FloatTensor(1) })
  end)

  it('pad sequences and undo it', function()
    local list = { torch.randn(3, 2), torch.randn(5, 2), torch.randn(1, 2) }
    for _, first in ipairs { false, true } do
      local x = nn.utils.rnn.pad_sequence(list, first, 7)
      assert.are.same(first and { 3, 5, 2 } or { 5, 3, 2 }, x:size():totable())
      assert.are.equal(7, (first and x[3][2] or x[2][3]):min())
      local back = nn.utils.rnn.unpad_sequence(x, { 3, 5, 1 }, first)
      for i = 1, 3 do assert.are.equal(0, support.distance(back[i], list[i])) end
      assert.are.equal(5, nn.utils.rnn.unpad_sequence(x, torch.LongTensor { 3, 5, 1 }, first)[2]:size(1))
    end
    local rnn = nn.utils.rnn
    assert.are.same({ 3, 2 }, rnn.pad_sequence({ torch.ones(3), torch.ones(2) }):size():totable())
    says('sequences: expected a list of tensors', rnn.pad_sequence, {})
    says('sequences: expected a list of tensors', rnn.pad_sequence, nn.Tanh())
    says('sequences[2]: expected sizes of the first', rnn.pad_sequence, { torch.ones(2, 3), torch.ones(2, 2) })
    says('batchFirst: expected true or false', rnn.pad_sequence, list, 1)
    says('paddingValue: expected a number', rnn.pad_sequence, list, true, 'x')
    says('padded: expected a tensor', rnn.unpad_sequence, 3)
    says('lengths: expected 2 numbers', rnn.unpad_sequence, torch.ones(5, 2), { 1 })
    says('lengths[2]: expected a whole number of 1..5, got 6', rnn.unpad_sequence, torch.ones(5, 2), { 1, 6 })
  end)

  it('normalise weights', function()
    local m = nn.utils.weight_norm(nn.Linear(3, 2))
    assert.is_true(torch.isTypeOf(m, 'nn.WeightNorm'))
    assert.is_true(support.gradient_error(m, torch.randn(4, 3)) < 1e-6)
    says('module: expected a module with a weight', nn.utils.weight_norm, nn.Tanh())
    says('module: expected a module with a weight, got nil', nn.utils.weight_norm)
    says('module: expected an nn.SpectralNorm, got nil', nn.utils.remove_spectral_norm)
    says("name: expected 'weight'", nn.utils.weight_norm, nn.Linear(3, 2), 'bias')
    local x, plain = torch.randn(2, 4, 7), nn.Conv1d(4, 3, 2)
    local before = plain:forward(x):clone()
    for _, kind in ipairs { 'weight_norm', 'spectral_norm' } do
      local net = nn.utils[kind](plain:clone())
      assert.is_true(torch.isTypeOf(net:get(1), kind == 'weight_norm' and 'nn.WeightNorm' or 'nn.SpectralNorm'))
      if kind == 'weight_norm' then assert.is_true(support.distance(before, net:forward(x)) < 1e-12) end
      net:evaluate()
      local now = net:forward(x):clone()
      net = nn.utils['remove_' .. kind](net)
      assert.are.equal('nn.SpatialConvolution', torch.type(net:get(1)))
      assert.is_true(support.distance(now, net:forward(x)) < 1e-12)
      says('expected an nn.', nn.utils['remove_' .. kind], net)
    end
    assert.is_nil(nn.utils.no_such_function)
  end)

  -- PyTorch 2.15's numbers: x[i] = cos(0.3 i), parameters sin(k + i) / 2, u_ and v_ sines and cosines of 1, 2, ...
  it('divide weights by their largest singular value', function()
    local function count(n, step) return torch.range(0, n - 1):mul(step) end
    local function digest(y) return y:contiguous():view(-1):dot(count(y:nElement(), 1):cos()) end
    local function unit(t, f) return t:copy(f(torch.range(1, t:nElement()))):div(t:norm()) end
    local cases = {
      { nn.SpectralNorm(nn.Linear(4, 3)), { 5, 4 },
        { 1.7543698834591, -0.1277847228071, 0.2632951083259, 0.9591978015542 } },
      { nn.SpectralNorm(nn.SpatialFullConvolution(2, 3, 2, 2, 2, 2), { n_power_iterations = 3 }), { 2, 2, 3, 2 },
        { -1.7520135383968, 0.0389988831496, 0.1064998547982, -0.4108946606987 } },
      { nn.utils.spectral_norm(nn.Conv1d(2, 3, 3)), { 2, 2, 6 },
        { 1.4884186353367, -0.0866902578119, -0.2002463950238, 3.8565750308674 } },
    }
    for _, case in ipairs(cases) do
      local m, x = case[1], torch.Tensor(unpack(case[2]))
      x:copy(count(x:nElement(), 0.3):cos())
      local norm = torch.isTypeOf(m, 'nn.OneRow') and m:get(1) or m
      local params, grads = m:parameters()
      for k, p in ipairs(params) do p:copy(count(p:nElement(), 1):add(k):sin():mul(0.5)) end
      unit(norm.u, torch.sin)
      unit(norm.v, torch.cos)
      m:zeroGradParameters()
      local y = m:forward(x)
      local g = y:clone():copy(count(y:nElement(), 1):add(1):sin())
      local got = { y, m:backward(x, g), grads[1], grads[2] }
      for i, want in ipairs(case[3]) do assert.is_true(math.abs(digest(got[i]) - want) < 1e-11, tostring(m) .. i) end
      m:evaluate()
      assert.is_true(math.abs(digest(m:forward(x)) - case[3][1]) < 1e-11)
    end
    says('expected a module with a weight of two dimensions', nn.SpectralNorm, nn.Tanh())
    says('nPowerIterations: expected a whole number from 1', nn.SpectralNorm, nn.Linear(2, 3), 0)
    says('dim: expected a dimension of 1..2', nn.SpectralNorm, nn.Linear(2, 3), 1, 1e-12, 3)
    says('backward before forward', function()
      nn.SpectralNorm(nn.Linear(2, 3)):backward(torch.ones(2), torch.ones(3))
    end)
  end)
end)
