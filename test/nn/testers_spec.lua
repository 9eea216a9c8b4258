--- nn.Jacobian, nn.SparseJacobian, nn.hessian, nn.StochasticGradient.
require 'nn'

describe('nn.Jacobian', function()
  before_each(function() torch.manualSeed(6) end)
  local jac, precision = nn.Jacobian, 1e-6

  it('accepts layers that are right', function()
    local m, x = nn.Linear(4, 3), torch.Tensor(2, 4)
    assert.is_true(jac.testJacobian(m, x) < precision)
    assert.is_true(jac.testJacobian(m, x, 0.1, 2, 1e-4) < precision)
    assert.is_true(jac.testJacobianParameters(m, x, m.weight, m.gradWeight) < precision)
    assert.is_true(jac.testJacobianParameters(m, x, m.bias, m.gradBias) < precision)
    assert.is_true(jac.testJacobianUpdateParameters(m, x, m.weight) < precision)
    assert.is_true(jac.testJacobianUpdateParameters(m, x, m.bias) < precision)
    for name, err in pairs(jac.testAllUpdate(m, x, 'weight', 'gradWeight')) do
      assert.is_true(err < precision, name)
    end
    local forward, backward = jac.testIO(m, x)
    assert.are.equal(0, forward)
    assert.are.equal(0, backward)
    assert.are.same({ 8, 6 }, jac.forward(m, x):size():totable())
    assert.are.same({ 12, 6 }, jac.backward(m, x, m.weight, m.gradWeight):size():totable())
  end)

  it('finds what is wrong', function()
    local zoo = {}
    local Wrong, parent = torch.class('spec.WrongLinear', 'nn.Linear', zoo)
    function Wrong:updateGradInput(x, g) return parent.updateGradInput(self, x, g):mul(1.01) end
    function Wrong:accGradParameters(x, g, scale) parent.accGradParameters(self, x, g, 1.01 * (scale or 1)) end
    local m, x = zoo.WrongLinear(4, 3), torch.Tensor(4)
    assert.is_true(jac.testJacobian(m, x) > precision)
    assert.is_true(jac.testJacobianParameters(m, x, m.weight, m.gradWeight) > precision)
    assert.is_true(jac.testJacobianUpdateParameters(m, x, m.weight) > precision)
    assert.has_error(function() jac.forward(m, torch.zeros(2, 4):t()) end)
  end)

  it('of sparse layers', function()
    local sjac, m = nn.SparseJacobian, nn.SparseLinear(6, 3, true)
    local x = torch.Tensor { { 2, 1 }, { 5, -1 }, { 6, 3 } }
    assert.error_matches(function() sjac.testJacobian(nn.SparseLinear(6, 3), x) end, 'gradients n x 2')
    assert.error_matches(function() sjac.testJacobian(nn.Identity(), x[{ { 2, 3 } }]) end, 'no gradient for index 5')
    for _, input in ipairs { x, { x, x[{ { 1, 2 } }]:clone() } } do
      assert.is_true(sjac.testJacobian(m, input) < precision)
      assert.is_true(sjac.testJacobianParameters(m, input, m.weight, m.gradWeight) < precision)
      assert.is_true(sjac.testJacobianParameters(m, input, m.bias, m.gradBias) < precision)
      assert.is_true(sjac.testJacobianUpdateParameters(m, input, m.weight) < precision)
      for name, err in pairs(sjac.testAllUpdate(m, input, 'weight', 'gradWeight')) do
        assert.is_true(err < precision, name)
      end
      local forward, backward = sjac.testIO(m, input)
      assert.is_true(forward == 0 and backward == 0)
    end
    local tensor = torch.randn(2, 2, 2)
    tensor:select(3, 1):copy(torch.Tensor { { 1, 3 }, { 6, 2 } })
    m = nn.SparseLinear(6, 3, true)
    m:forward(tensor)
    assert.are.same({ 2, 2, 2 }, m:updateGradInput(tensor, torch.ones(2, 3)):size():totable())
    assert.is_true(math.abs(m.gradInput[2][1][2] - m.weight:select(2, 6):sum()) < 1e-12)
  end)
end)

describe('nn.hessian', function()
  it('carries the diagonal back', function()
    torch.manualSeed(6)
    nn.hessian.enable()
    local jac = nn.Jacobian
    local conv = nn.SpatialConvolution(2, 3, 2, 2)
    for _, case in ipairs { { nn.Linear(4, 3), torch.Tensor(4) }, { conv, torch.Tensor(2, 4, 4) } } do
      local m, x = case[1], case[2]
      assert.is_true(jac.testDiagHessianInput(m, x) < 1e-10)
      assert.is_true(jac.testDiagHessianWeight(m, x) < 1e-10)
      assert.is_true(jac.testDiagHessianBias(m, x) < 1e-10)
    end
    assert.is_true(jac.testDiagHessianInput(nn.Tanh(), torch.Tensor(5)) < 1e-10)
    local net = nn.Sequential():add(nn.Linear(4, 5)):add(nn.Sigmoid()):add(nn.Linear(5, 2))
    net:initDiagHessianParameters()
    local flat, grads, diagonals = net:getParameters()
    assert.are.equal(flat:nElement(), diagonals:nElement())
    assert.are.equal(flat:nElement(), grads:nElement())
    local x, c = torch.randn(4), nn.MSECriterion()
    local y = net:forward(x)
    local h = c:updateDiagHessianInput(y, torch.zeros(2))
    assert.are.same({ 1, 1 }, h:totable())
    net:updateDiagHessianInput(x, h)
    net:accDiagHessianParameters(x, h)
    assert.is_true(diagonals:min() >= 0 and diagonals:sum() > 0)
    assert.are.same({ 4 }, net.diagHessianInput:size():totable())
    nn.hessian.disable()
  end)
end)

describe('nn.StochasticGradient', function()
  local function data()
    local set = {}
    for i = 1, 40 do
      local x = torch.randn(2)
      set[i] = { x, torch.Tensor { x[1] - 2 * x[2] } }
    end
    function set.size() return 40 end
    return set
  end

  it('learns', function()
    torch.manualSeed(6)
    local trainer = nn.StochasticGradient(nn.Linear(2, 1), nn.MSECriterion())
    local examples, errors = 0, {}
    trainer.verbose, trainer.maxIteration, trainer.learningRateDecay = false, 12, 0.01
    trainer.hookExample = function(self, example)
      assert.are.equal(trainer, self)
      examples = examples + (example[1] and 1 or 0)
    end
    trainer.hookIteration = function(_, i, err) errors[i] = err end
    trainer:train(data())
    assert.are.equal(480, examples)
    assert.are.equal(12, #errors)
    assert.is_true(errors[12] < 1e-3 and errors[1] > errors[12])
    assert.has_error(function() nn.StochasticGradient(3) end)
  end)
end)
