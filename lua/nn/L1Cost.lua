--- nn.L1Cost(): the sum of |x|; no target.
-- input of any shape → loss, a number; gradient sign(x).
-- @usage local loss = nn.L1Cost():forward(torch.randn(3))
local common = require 'nn.common'
local L1Cost, parent = torch.class('nn.L1Cost', 'nn.Criterion')

function L1Cost:__init() parent.__init(self) end

-- input → loss
function L1Cost:updateOutput(input)
  common.check_tensor(self, input)
  self.output = input:norm(1)
  return self.output
end

function L1Cost:updateGradInput(input)
  common.check_tensor(self, input)
  self.gradInput = common.buffer(self.gradInput, input)
  return self.gradInput:resizeAs(input):sign(input)
end

return L1Cost
