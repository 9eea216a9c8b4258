--- nn.Jacobian: modules against finite differences.
--
-- Jacobians have a row for each number of the input (or parameter) and a column for each number of the output. The test
-- functions fill their input (and parameter) with random numbers of minval..maxval (-2..2) and give the largest
-- absolute difference.
-- @usage assert(nn.Jacobian.testJacobian(nn.Tanh(), torch.Tensor(3, 4)) < 1e-7)
local Jacobian = {}
local common = require 'nn.common'

local function insist_on_tensor(t, what)
  if not torch.isTensor(t) or t:nElement() == 0 then
    error(('nn.Jacobian: %s: expected a tensor with elements, got %s'):format(what, common.shape(t)), 3)
  end
end

-- A view of all elements of a tensor as one vector; tensors with gaps are refused, as they cannot be perturbed in
-- place.
local function vector(t, what)
  if not torch.isTensor(t) then
    error(('nn.Jacobian: %s: expected a tensor, got %s'):format(what, torch.type(t)), 3)
  end
  if not t:isContiguous() then error('nn.Jacobian: ' .. what .. ' must be contiguous', 3) end
  return t:view(-1)
end

function Jacobian._insist_on_module(module)
  if type(module) ~= 'table' or not module.forward then
    error('nn.Jacobian: a module expected, got ' .. torch.type(module), 3)
  end
end

local insist_on_module = Jacobian._insist_on_module
Jacobian._insist_on_tensor = insist_on_tensor

-- Random numbers of minval..maxval.
function Jacobian._randomize(t, minval, maxval)
  if not torch.isTensor(t) then
    error('nn.Jacobian: expected a tensor of parameters or inputs, got ' .. torch.type(t), 3)
  end
  minval, maxval = common.optional('nn.Jacobian', 'minval', minval) or -2,
    common.optional('nn.Jacobian', 'maxval', maxval) or 2
  t:copy(torch.rand(t:nElement()):mul(maxval - minval):add(minval))
end
local randomize = Jacobian._randomize

-- f() for a gradOutput of 1 at each output in turn; its result is copied into a column.
function Jacobian._columns(module, input, rows, f)
  insist_on_module(module)
  local output = module:forward(input)
  insist_on_tensor(output, 'the output')
  local dout = output.new():resizeAs(output)
  local sdout = vector(dout, 'the output')
  local jacobian = torch.Tensor(rows, dout:nElement()):zero()
  for i = 1, sdout:nElement() do
    dout:zero()
    sdout[i] = 1
    jacobian:select(2, i):copy(f(dout))
  end
  return jacobian
end
local columns = Jacobian._columns

local function insist(module, input)
  insist_on_module(module)
  insist_on_tensor(input, 'the input')
end

-- The names of fields that hold tensors.
local function insist_on_fields(module, ...)
  for _, name in ipairs { ... } do
    if type(name) ~= 'string' or not torch.isTensor(module[name]) then
      error(('nn.Jacobian: expected the name of a tensor of %s, got %s'):format(torch.type(module), tostring(name)), 3)
    end
  end
end

--- The Jacobian by back-propagation.
-- @param module
-- @param input
-- @param[opt] param a parameter tensor instead of the input
-- @param[opt] dparam its gradient
function Jacobian.backward(module, input, param, dparam)
  insist_on_module(module)
  insist_on_tensor(param or input, param and 'the parameter' or 'the input')
  if param then insist_on_tensor(dparam, "the parameter's gradient") end
  return columns(module, input, (param or input):nElement(), function(dout)
    module:zeroGradParameters()
    local din = module:updateGradInput(input, dout)
    module:accGradParameters(input, dout)
    return param and dparam or din
  end)
end

--- What accUpdateGradParameters with a rate of 1 makes of a parameter: param - Jacobian.
function Jacobian.backwardUpdate(module, input, param)
  insist_on_module(module)
  insist_on_tensor(param, 'the parameter')
  local before = param:clone()
  local jacobian = columns(module, input, param:nElement(), function(dout)
    param:copy(before)
    module:updateGradInput(input, dout)
    module:accUpdateGradParameters(input, dout, 1)
    return param
  end)
  param:copy(before)
  return jacobian
end

--- The Jacobian by central differences.
-- @param module
-- @param input
-- @param[opt] param a parameter tensor instead of the input
-- @param[opt=1e-6] perturbation
function Jacobian.forward(module, input, param, perturbation)
  insist_on_module(module)
  param = param or input
  local small = perturbation or 1e-6
  insist_on_tensor(param, 'the input or parameter')
  local where = vector(param, 'the input or parameter')
  local jacobian
  for i = 1, where:nElement() do
    local old = where[i]
    where[i] = old + small
    local up = module:forward(input)
    insist_on_tensor(up, 'the output')
    up = up:clone()
    where[i] = old - small
    local slope = up:add(-1, module:forward(input)):div(2 * small)
    where[i] = old
    jacobian = jacobian or torch.Tensor(where:nElement(), slope:nElement())
    jacobian:select(1, i):copy(slope)
  end
  return jacobian
end

--- As forward, but param - Jacobian: what backwardUpdate should give.
function Jacobian.forwardUpdate(module, input, param, perturbation)
  insist_on_module(module)
  insist_on_tensor(param, 'the parameter')
  local jacobian = Jacobian.forward(module, input, param, perturbation)
  return jacobian:mul(-1):add(torch.Tensor(param:nElement(), 1):copy(param):expandAs(jacobian))
end

local function difference(a, b) return (a - b):abs():max() end
Jacobian._difference = difference

-- Give a table with forward, backward, forwardUpdate and backwardUpdate its test functions.
function Jacobian._testers(J, randomize_input)
  --- Error of updateGradInput.
  -- @return largest absolute difference from finite differences
  function J.testJacobian(module, input, minval, maxval, perturbation)
    randomize_input(input, minval, maxval)
    local numeric = J.forward(module, input, nil, perturbation)
    return difference(numeric, J.backward(module, input))
  end

  --- Error of accGradParameters for one parameter.
  function J.testJacobianParameters(module, input, param, dparam, minval, maxval, perturbation)
    randomize_input(input, minval, maxval)
    randomize(param, minval, maxval)
    local analytic = J.backward(module, input, param, dparam)
    return difference(J.forward(module, input, param, perturbation), analytic)
  end

  --- Error of accUpdateGradParameters for one parameter.
  function J.testJacobianUpdateParameters(module, input, param, minval, maxval, perturbation)
    randomize_input(input, minval, maxval)
    randomize(param, minval, maxval)
    local analytic = J.backwardUpdate(module, input, param)
    return difference(J.forwardUpdate(module, input, param, perturbation), analytic)
  end
end
Jacobian._testers(Jacobian, randomize)

--- Does the module compute the same after a round trip through a file?
-- @return largest differences of output and of gradInput
function Jacobian.testIO(module, input, minval, maxval)
  insist(module, input)
  randomize(input, minval, maxval)
  local output = module:forward(input)
  insist_on_tensor(output, 'the output')
  local gradOutput = output:clone():copy(torch.rand(output:nElement()))
  module:zeroGradParameters()
  local forward = output:clone()
  local backward = module:backward(input, gradOutput):clone()
  local copy = torch.deserialize(torch.serialize(module))
  copy:forward(input)
  copy:zeroGradParameters()
  copy:backward(input, gradOutput)
  return difference(copy.output, forward), difference(copy.gradInput, backward)
end

-- Twins of a module that share one field; each goes through `step`.
local function shared(module, field, input, step)
  local a, b = module:clone(), module:clone()
  b:share(a, field)
  for _, m in ipairs { a, b } do
    m:forward(input)
    m:zeroGradParameters()
  end
  step(a)
  step(b)
  return a, b
end

--- Do all ways to update a parameter agree, alone and shared?
-- @param module
-- @param input
-- @param weight name of the parameter's field
-- @param gradWeight name of its gradient's field
-- @return table of name → error
function Jacobian.testAllUpdate(module, input, weight, gradWeight)
  insist_on_module(module)
  insist_on_fields(module, weight or false, gradWeight or false)
  local lr, errors = torch.uniform(0.1, 1), {}
  local plain = module:clone()
  local before = plain[weight]:clone()
  local output = plain:forward(input)
  local gradOutput = output:clone():copy(torch.rand(output:nElement()))
  plain:zeroGradParameters()
  plain:updateGradInput(input, gradOutput)
  plain:accGradParameters(input, gradOutput)
  plain:updateParameters(lr)
  local step = plain[gradWeight] * lr
  errors['accGradParameters'] = (before - step - plain[weight]):norm()

  local direct = module:clone()
  direct:forward(input)
  direct:updateGradInput(input, gradOutput)
  direct:accUpdateGradParameters(input, gradOutput, lr)
  errors['accUpdateGradParameters'] = (direct[weight] - plain[weight]):norm()

  local function two_steps(a, b)
    local want = before - step * 2
    return (want - a[weight]):norm() + (want - b[weight]):norm()
  end
  local a, b = shared(module, weight, input, function(m)
    m:updateGradInput(input, gradOutput)
    m:accGradParameters(input, gradOutput)
  end)
  a:updateParameters(lr)
  b:updateParameters(lr)
  errors['accGradParameters [shared]'] = two_steps(a, b)
  errors['accUpdateGradParameters [shared]'] = two_steps(shared(module, weight, input, function(m)
    m:updateGradInput(input, gradOutput)
    m:accUpdateGradParameters(input, gradOutput, lr)
  end))
  return errors
end

--- The diagonal second derivative by the module's own methods (nn.hessian.enable() first), ones coming from above.
-- @param field 'diagHessianInput' (default) or that of a parameter
function Jacobian.backwardDiagHessian(module, input, field)
  insist(module, input)
  if not module.updateDiagHessianInput then
    error('nn.Jacobian: modules have no second derivatives yet: call nn.hessian.enable() first', 2)
  end
  local output = module:forward(input)
  local ones = output:clone():fill(1)
  if module.initDiagHessianParameters then module:initDiagHessianParameters() end
  module:updateDiagHessianInput(input, ones)
  module:accDiagHessianParameters(input, ones)
  return module[field or 'diagHessianInput']
end

--- The same from the Jacobian: the sum of its squares over outputs, exact for modules that are linear.
-- @param field 'gradInput' (default), 'gradWeight' or 'gradBias'
function Jacobian.linearModuleDiagHessian(module, input, field)
  insist(module, input)
  local jacobian
  if not field or field == 'gradInput' then
    jacobian = Jacobian.backward(module, input)
  else
    insist_on_fields(module, field)
    local param = field:gsub('^grad', ''):lower()
    insist_on_fields(module, param)
    jacobian = Jacobian.backward(module, input, module[param], module[field])
  end
  return jacobian:cmul(jacobian):sum(2)
end

--- Error of the diagonal second derivative.
-- @param module
-- @param input
-- @param gradField 'gradInput', 'gradWeight', 'gradBias'
-- @param field 'diagHessianInput', 'diagHessianWeight', 'diagHessianBias'
function Jacobian.testDiagHessian(module, input, gradField, field, minval, maxval)
  insist(module, input)
  randomize(input, minval, maxval)
  if module.initDiagHessianParameters then module:initDiagHessianParameters() end
  local want = Jacobian.linearModuleDiagHessian(module, input, gradField)
  local got = Jacobian.backwardDiagHessian(module, input, field)
  return difference(want:view(-1), got:contiguous():view(-1))
end

for what, name in pairs { Input = 'Input', Weight = 'Weight', Bias = 'Bias' } do
  Jacobian['testDiagHessian' .. what] = function(module, input, minval, maxval)
    return Jacobian.testDiagHessian(module, input, 'grad' .. name, 'diagHessian' .. name, minval, maxval)
  end
end

return Jacobian
