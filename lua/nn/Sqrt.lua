--- nn.Sqrt([eps = 0]): the square root; its gradient is 0 where the output is 0. eps is kept and, as in Torch7, not
-- used.
-- input (any shape) → output (the same).
-- @usage local y = nn.Sqrt():forward(torch.rand(2, 3))
local Sqrt, parent = torch.class('nn.Sqrt', 'nn.Module')
local common = require 'nn.common'
local couple = require 'nn.couple'

function Sqrt:__init(eps)
  parent.__init(self)
  self.eps = common.optional(torch.type(self), 'eps', eps) or 0
end

-- input (any shape) → output (the same)
function Sqrt:updateOutput(input)
  common.check_tensor(self, input)
  self.output = common.buffer(self.output, input)
  return self.output:resizeAs(input):sqrt(input)
end

function Sqrt:updateGradInput(input, gradOutput)
  common.check_tensor(self, gradOutput, 'gradOutput')
  self.gradInput = common.buffer(self.gradInput, input)
  self.gradInput:resizeAs(input):cdiv(gradOutput, self.output):div(2)
  self.gradInput:maskedFill(couple.mask(self, '_zero'):eq(self.output, 0), 0)
  return self.gradInput
end

function Sqrt:clearState()
  self._zero = nil
  return parent.clearState(self)
end

return Sqrt
