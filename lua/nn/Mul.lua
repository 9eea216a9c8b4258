--- nn.Mul(): y = w x with one learnable number.
-- input (any shape) → output (the same). weight (1).
-- @usage local y = nn.Mul():forward(torch.randn(2, 3))
local Mul, parent = torch.class('nn.Mul', 'nn.Module')
local common = require 'nn.common'

function Mul:__init()
  parent.__init(self)
  self.weight = torch.Tensor(1)
  self.gradWeight = torch.Tensor(1)
  self:reset()
end

--- Draw the number, uniform in ±stdv*sqrt(3), by default ±1.
function Mul:reset(stdv)
  stdv = common.spread(self, stdv, self.weight:size(1))
  self.weight:uniform(-stdv, stdv)
end

-- input (any shape) → output (the same)
function Mul:updateOutput(input)
  common.check_tensor(self, input)
  self.output = common.buffer(self.output, input)
  return self.output:resizeAs(input):mul(input, self.weight[1])
end

function Mul:updateGradInput(input, gradOutput)
  common.check_tensor(self, input)
  common.check_tensor(self, gradOutput, 'gradOutput')
  self.gradInput = common.buffer(self.gradInput, input)
  return self.gradInput:resizeAs(input):mul(gradOutput, self.weight[1])
end

function Mul:accGradParameters(input, gradOutput, scale)
  common.check_tensor(self, input)
  self.gradWeight[1] = self.gradWeight[1] + (scale or 1) * input:dot(gradOutput)
end

return Mul
