--- nn.MSECriterion([sizeAverage = true]): the mean (or sum) of (x - y)^2 over all elements.
local MSE, parent = torch.class('nn.MSECriterion', 'nn.Criterion')
local regression = require 'nn.regression'

function MSE:__init(sizeAverage)
  parent.__init(self)
  self.sizeAverage = sizeAverage ~= false
end

-- input, target (as many elements) → loss
function MSE:updateOutput(input, target)
  regression.check(self, input, target)
  local d = regression.difference(self, input, target)
  self.output = regression.average(self, input, d:dot(d))
  return self.output
end

function MSE:updateGradInput(input, target)
  regression.check(self, input, target)
  return regression.difference(self, input, target):mul(regression.average(self, input, 2))
end

return MSE
