--- nn.AbsCriterion([sizeAverage = true]): the mean (or sum) of |x - y| over all elements.
local AbsCriterion, parent = torch.class('nn.AbsCriterion', 'nn.Criterion')
local regression = require 'nn.regression'

function AbsCriterion:__init(sizeAverage)
  parent.__init(self)
  self.sizeAverage = sizeAverage ~= false
end

-- input, target (as many elements) → loss
function AbsCriterion:updateOutput(input, target)
  regression.check(self, input, target)
  self.output = regression.average(self, input, input:dist(target, 1))
  return self.output
end

function AbsCriterion:updateGradInput(input, target)
  regression.check(self, input, target)
  return regression.difference(self, input, target):sign():mul(regression.average(self, input, 1))
end

return AbsCriterion
