--- nn.HuberCriterion([delta = 1], [sizeAverage = true]): d^2 / 2 where |d| < delta, else delta (|d| - delta / 2), of
-- d = x - y: squared near the target, linear far from it.
-- @usage local loss = nn.HuberCriterion(0.5):forward(torch.randn(3), torch.randn(3))
local regression = require 'nn.regression'
local Huber, parent = torch.class('nn.HuberCriterion', 'nn.Criterion')
local common = require 'nn.common'

function Huber:__init(delta, sizeAverage)
  parent.__init(self)
  if delta ~= nil and not (type(delta) == 'number' and delta > 0) then
    error('nn.HuberCriterion: delta: expected a number above 0, got ' .. tostring(delta), 2)
  end
  self.delta = common.optional(torch.type(self), 'delta', delta) or 1
  self.sizeAverage = sizeAverage ~= false
end

return regression.methods(Huber, 'huber', 'delta')
