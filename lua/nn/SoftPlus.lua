--- nn.SoftPlus([beta = 1], [threshold = 20]): log(1 + e^(beta x)) / beta; x itself where beta x is above the threshold.
-- From 20 on, as in Torch7, the threshold makes no difference: there the formula is x but for 2e-9.
-- input (any shape) → output (the same).
-- @usage local y = nn.SoftPlus():forward(torch.randn(2, 3))
local SoftPlus = require('nn.pointwise').layer('nn.SoftPlus', 'softplus', { { 'beta', 1 }, { 'threshold', 20 } })
local common = require 'nn.common'

local EXACT = 20
local forward, backward = SoftPlus.updateOutput, SoftPlus.updateGradInput

-- out is x where beta x is above the threshold.
local function straight(self, out, input, x)
  self._scaled = common.buffer(self._scaled, input):resizeAs(input):mul(input, self.beta)
  local above = self._scaled:gt(self.threshold)
  if above:any() then out:maskedCopy(above, x:maskedSelect(above)) end
  return out
end

function SoftPlus:updateOutput(input)
  local out = forward(self, input)
  return (self.threshold or EXACT) < EXACT and straight(self, out, input, input) or out
end

function SoftPlus:updateGradInput(input, gradOutput)
  local dx = backward(self, input, gradOutput)
  return (self.threshold or EXACT) < EXACT and straight(self, dx, input, gradOutput) or dx
end

function SoftPlus:clearState()
  self._scaled = nil
  return nn.Module.clearState(self)
end

return SoftPlus
