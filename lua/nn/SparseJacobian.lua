--- nn.SparseJacobian: nn.Jacobian for modules whose input is sparse: a tensor n x 2 of rows (index, value), or a
-- table of
-- such. Only values are perturbed and randomized. gradInput is as nn.SparseLinear's: a table of nIn x 2 tensors with
-- the
-- gradient of every index; the rows that the input has are compared.
-- @usage local m = nn.SparseLinear(5, 2, true)
-- local x = torch.Tensor{{2, 1}, {4, 1}}
-- assert(nn.SparseJacobian.testJacobian(m, x) < 1e-7)
local SparseJacobian = {}
local Jacobian = require 'nn.Jacobian'

local function samples(input) return type(input) == 'table' and input or { input } end

local function count(input)
  local n = 0
  for _, x in ipairs(samples(input)) do n = n + x:size(1) end
  return n
end

local function randomize_values(input, minval, maxval)
  minval, maxval = minval or -2, maxval or 2
  for _, x in ipairs(samples(input)) do
    x:select(2, 2):copy(torch.rand(x:size(1)):mul(maxval - minval):add(minval))
  end
end

local function randomize(t, minval, maxval)
  minval, maxval = minval or -2, maxval or 2
  t:copy(torch.rand(t:nElement()):mul(maxval - minval):add(minval))
end

-- The gradients of the values that the input has, one after another.
local function values_of(gradInput, input)
  local out, at = torch.Tensor(count(input)), 0
  local dx = type(gradInput) == 'table' and gradInput or { gradInput }
  for i, x in ipairs(samples(input)) do
    local d = dx[i]
    for k = 1, x:size(1) do
      at = at + 1
      -- rows either stand in the input's order or hold every index in turn
      out[at] = d:size(1) == x:size(1) and d[k][1] == x[k][1] and d[k][2] or d[x[k][1]][2]
    end
  end
  return out
end

local function columns(module, input, rows, f)
  local output = module:forward(input)
  local dout = output:clone()
  local sdout = dout:view(-1)
  local jacobian = torch.Tensor(rows, dout:nElement()):zero()
  for i = 1, sdout:nElement() do
    dout:zero()
    sdout[i] = 1
    jacobian:select(2, i):copy(f(dout))
  end
  return jacobian
end

--- The Jacobian by back-propagation: of the values, or of a parameter.
function SparseJacobian.backward(module, input, param, dparam)
  return columns(module, input, param and param:nElement() or count(input), function(dout)
    module:zeroGradParameters()
    local din = module:updateGradInput(input, dout)
    module:accGradParameters(input, dout)
    return param and dparam or values_of(din, input)
  end)
end

--- What accUpdateGradParameters with a rate of 1 makes of a parameter: param - Jacobian.
function SparseJacobian.backwardUpdate(module, input, param)
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

--- The Jacobian by central differences: of the values, or of a parameter.
function SparseJacobian.forward(module, input, param, perturbation)
  if param then return Jacobian.forward(module, input, param, perturbation) end
  local small, at, jacobian = perturbation or 1e-6, 0, nil
  for _, x in ipairs(samples(input)) do
    local values = x:select(2, 2)
    for k = 1, x:size(1) do
      at = at + 1
      local old = values[k]
      values[k] = old + small
      local up = module:forward(input):clone()
      values[k] = old - small
      local slope = up:add(-1, module:forward(input)):div(2 * small)
      values[k] = old
      jacobian = jacobian or torch.Tensor(count(input), slope:nElement())
      jacobian:select(1, at):copy(slope)
    end
  end
  return jacobian
end

SparseJacobian.forwardUpdate = Jacobian.forwardUpdate

local function difference(a, b) return (a - b):abs():max() end

--- Error of updateGradInput.
function SparseJacobian.testJacobian(module, input, minval, maxval, perturbation)
  randomize_values(input, minval, maxval)
  local numeric = SparseJacobian.forward(module, input, nil, perturbation)
  return difference(numeric, SparseJacobian.backward(module, input))
end

--- Error of accGradParameters for one parameter.
function SparseJacobian.testJacobianParameters(module, input, param, dparam, minval, maxval, perturbation)
  randomize_values(input, minval, maxval)
  randomize(param, minval, maxval)
  local analytic = SparseJacobian.backward(module, input, param, dparam)
  return difference(SparseJacobian.forward(module, input, param, perturbation), analytic)
end

--- Error of accUpdateGradParameters for one parameter.
function SparseJacobian.testJacobianUpdateParameters(module, input, param, minval, maxval, perturbation)
  randomize_values(input, minval, maxval)
  randomize(param, minval, maxval)
  local analytic = SparseJacobian.backwardUpdate(module, input, param)
  return difference(SparseJacobian.forwardUpdate(module, input, param, perturbation), analytic)
end

--- Does the module compute the same after a round trip through a file?
-- @return largest differences of output and of gradInput
function SparseJacobian.testIO(module, input, minval, maxval)
  randomize_values(input, minval, maxval)
  local output = module:forward(input)
  local gradOutput = output:clone():copy(torch.rand(output:nElement()))
  local forward = output:clone()
  module:zeroGradParameters()
  local doing = module.doGradInput
  local backward = module:backward(input, gradOutput)
  backward = doing and values_of(backward, input)
  local copy = torch.deserialize(torch.serialize(module))
  copy:forward(input)
  copy:zeroGradParameters()
  local again = copy:backward(input, gradOutput)
  return difference(copy.output, forward), doing and difference(values_of(again, input), backward) or 0
end

SparseJacobian.testAllUpdate = Jacobian.testAllUpdate

return SparseJacobian
