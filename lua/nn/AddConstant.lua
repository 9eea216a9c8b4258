--- nn.AddConstant(c, [inplace = false]): x + c, c a number or a vector added to the last dimension.
-- input (any shape; for a vector c of n, (..., n)) → output (the same).
-- @usage local y = nn.AddConstant(1.5):forward(torch.randn(2, 3))
local pointwise = require 'nn.pointwise'
local AddConstant, parent = torch.class('nn.AddConstant', 'nn.Module')
local common = require 'nn.common'

function AddConstant:__init(constant, inplace)
  parent.__init(self)
  if type(constant) ~= 'number' and not (torch.isTensor(constant) and constant:dim() == 1) then
    error('nn.AddConstant: expected a number or a vector, got ' .. torch.type(constant), 2)
  end
  self.constant_scalar = constant
  self.inplace = pointwise.flag('nn.AddConstant', 'inplace', inplace)
end

local function shift(self, x, factor)
  local c = self.constant_scalar
  if type(c) == 'number' then return x:add(factor * c) end
  if x:size(x:dim()) ~= c:size(1) then
    common.expected(self, ('input whose last dimension is %d'):format(c:size(1)), x)
  end
  local lead = torch.LongStorage(x:dim()):fill(1)
  lead[x:dim()] = c:size(1)
  return x:add(factor, c:view(lead):expandAs(x))
end

-- input (any shape) → output (the same)
function AddConstant:updateOutput(input)
  common.check_tensor(self, input)
  self.output = common.buffer(self.output, input)
  if self.inplace then
    shift(self, input, 1)
    return self.output:set(input)
  end
  return shift(self, self.output:resizeAs(input):copy(input), 1)
end

-- In place, the input is put back as it was.
function AddConstant:updateGradInput(input, gradOutput)
  common.check_tensor(self, gradOutput, 'gradOutput')
  self.gradInput = common.buffer(self.gradInput, gradOutput)
  if self.inplace then
    self.gradInput:set(gradOutput)
    shift(self, input, -1)
    return self.gradInput
  end
  return self.gradInput:resizeAs(gradOutput):copy(gradOutput)
end

return AddConstant
