--- nn.SparseJacobian: nn.Jacobian for modules whose input is sparse: a tensor n x 2 of rows (index, value), or a
-- table of such. Only values are perturbed and randomized. gradInput is as nn.SparseLinear's: a table of nIn x 2
-- tensors with the gradient of every index; the rows that the input has are compared.
-- @usage local m = nn.SparseLinear(5, 2, true)
-- local x = torch.Tensor{{2, 1}, {4, 1}}
-- assert(nn.SparseJacobian.testJacobian(m, x) < 1e-7)
local SparseJacobian = {}
local Jacobian = require 'nn.Jacobian'
local check = require 'torch.check'

local function samples(input)
  local list = type(input) == 'table' and input or { input }
  for _, x in ipairs(list) do
    if not torch.isTensor(x) or x:dim() ~= 2 or x:size(2) ~= 2 then
      error('nn.SparseJacobian: expected a tensor n x 2 of (index, value), or a list of them', 0)
    end
  end
  return list
end

local function count(input)
  local n = 0
  for _, x in ipairs(samples(input)) do n = n + x:size(1) end
  return n
end

local function randomize(input, minval, maxval)
  for _, x in ipairs(samples(input)) do Jacobian._randomize(x:select(2, 2), minval, maxval) end
end

-- The gradients of the values that the input has, one after another.
local function values_of(gradInput, input)
  local out, at = torch.Tensor(count(input)), 0
  local dx = type(gradInput) == 'table' and gradInput or { gradInput }
  for i, x in ipairs(samples(input)) do
    local d = dx[i]
    if not (torch.isTensor(d) and d:dim() == 2 and d:size(2) == 2 and d:size(1) > 0) then
      error(('nn.SparseJacobian: expected gradients n x 2 of (index, value) from the module, got %s '
        .. '(nn.SparseLinear(n, m, true) gives them)'):format(check.describe(d)), 0)
    end
    for k = 1, x:size(1) do
      at = at + 1
      -- rows either stand in the input's order or hold every index in turn
      local row = d:size(1) == x:size(1) and d[k][1] == x[k][1] and k or x[k][1]
      if not (row >= 1 and row <= d:size(1)) then
        error(('nn.SparseJacobian: the module gives no gradient for index %s of the input'):format(row), 0)
      end
      out[at] = d[row][2]
    end
  end
  return out
end

--- The Jacobian by back-propagation: of the values, or of a parameter.
function SparseJacobian.backward(module, input, param, dparam)
  if param then return Jacobian.backward(module, input, param, dparam) end
  Jacobian._insist_on_module(module)
  return Jacobian._columns(module, input, count(input), function(dout)
    module:zeroGradParameters()
    local din = module:updateGradInput(input, dout)
    module:accGradParameters(input, dout)
    return values_of(din, input)
  end)
end

--- The Jacobian by central differences: of the values, or of a parameter.
function SparseJacobian.forward(module, input, param, perturbation)
  if param then return Jacobian.forward(module, input, param, perturbation) end
  Jacobian._insist_on_module(module)
  local small, at, jacobian = perturbation or 1e-6, 0, nil
  for _, x in ipairs(samples(input)) do
    local values = x:select(2, 2)
    for k = 1, x:size(1) do
      at = at + 1
      local old = values[k]
      values[k] = old + small
      local up = module:forward(input)
      Jacobian._insist_on_tensor(up, 'the output')
      up = up:clone()
      values[k] = old - small
      local slope = up:add(-1, module:forward(input)):div(2 * small)
      values[k] = old
      jacobian = jacobian or torch.Tensor(count(input), slope:nElement())
      jacobian:select(1, at):copy(slope)
    end
  end
  return jacobian
end

SparseJacobian.forwardUpdate, SparseJacobian.backwardUpdate = Jacobian.forwardUpdate, Jacobian.backwardUpdate
SparseJacobian.testAllUpdate = Jacobian.testAllUpdate
Jacobian._testers(SparseJacobian, randomize)

--- Does the module compute the same after a round trip through a file?
-- @return largest differences of output and of gradInput
function SparseJacobian.testIO(module, input, minval, maxval)
  Jacobian._insist_on_module(module)
  randomize(input, minval, maxval)
  local output = module:forward(input)
  Jacobian._insist_on_tensor(output, 'the output')
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
  local difference = Jacobian._difference
  return difference(copy.output, forward), doing and difference(values_of(again, input), backward) or 0
end

return SparseJacobian
