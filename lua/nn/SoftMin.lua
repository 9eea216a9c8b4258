--- nn.SoftMin(): exp(-x_i) / sum_j exp(-x_j) over classes.
--
-- Shapes: as nn.SoftMax: input (C), (N, C), (C, H, W) or (N, C, H, W); output the same.
-- @usage nn.SoftMin():forward(torch.randn(2, 3))
local common = require 'nn.common'
local SoftMin, parent = torch.class('nn.SoftMin', 'nn.Module')
require 'nn.softmax'(SoftMin, 0)
local forward, backward = SoftMin.updateOutput, SoftMin.updateGradInput

function SoftMin:updateOutput(input)
  common.check_tensor(self, input)
  self.mininput = common.buffer(self.mininput, input)
  return forward(self, self.mininput:resizeAs(input):mul(input, -1))
end

function SoftMin:updateGradInput(input, gradOutput)
  common.check_tensor(self, gradOutput, 'gradOutput')
  return backward(self, input, gradOutput):mul(-1)
end

function SoftMin:clearState()
  if self.mininput then self.mininput:set() end
  return parent.clearState(self)
end

return SoftMin
