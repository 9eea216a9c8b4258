--- nn.MulConstant(c, [inplace = false]): c x.
-- input (any shape) → output (the same).
-- @usage local y = nn.MulConstant(0.5):forward(torch.randn(2, 3))
local pointwise = require 'nn.pointwise'
local MulConstant, parent = torch.class('nn.MulConstant', 'nn.Module')
local common = require 'nn.common'

function MulConstant:__init(constant, inplace)
  parent.__init(self)
  if type(constant) ~= 'number' then error('nn.MulConstant: expected a number, got ' .. torch.type(constant), 2) end
  self.constant_scalar = constant
  self.inplace = pointwise.flag('nn.MulConstant', 'inplace', inplace)
end

-- input (any shape) → output (the same)
function MulConstant:updateOutput(input)
  common.check_tensor(self, input)
  self.output = common.buffer(self.output, input)
  if self.inplace then
    input:mul(self.constant_scalar)
    return self.output:set(input)
  end
  return self.output:resizeAs(input):mul(input, self.constant_scalar)
end

-- In place, the input is put back as it was.
function MulConstant:updateGradInput(input, gradOutput)
  if not self.gradInput then return end
  common.check_tensor(self, gradOutput, 'gradOutput')
  self.gradInput = common.buffer(self.gradInput, gradOutput)
  if self.inplace then
    gradOutput:mul(self.constant_scalar)
    self.gradInput:set(gradOutput)
    input:div(self.constant_scalar)
    return self.gradInput
  end
  return self.gradInput:resizeAs(gradOutput):mul(gradOutput, self.constant_scalar)
end

return MulConstant
