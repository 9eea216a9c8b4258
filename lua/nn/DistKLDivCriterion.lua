--- nn.DistKLDivCriterion(): the sum of y (log y - x) over y > 0, x being log-probabilities, divided by the number of
-- elements.
local KL, parent = torch.class('nn.DistKLDivCriterion', 'nn.Criterion')
local regression = require 'nn.regression'
local common = require 'nn.common'

function KL:__init()
  parent.__init(self)
  self.sizeAverage = true
end

-- Where y is 0, log y is taken of 1: y log y is 0 there.
-- input, target (equal sizes) → loss
function KL:updateOutput(input, target)
  regression.check(self, input, target)
  self._positive = self._positive or torch.ByteTensor()
  self._positive:gt(target, 0)
  local y, b = common.buffer(self._target, input), common.buffer(self._log, input)
  self._target, self._log = y, b
  y:resizeAs(target):copy(self._positive):cmul(target)
  b:resizeAs(target):copy(self._positive):mul(-1):add(1):add(y):log():add(-1, input)
  self.output = regression.average(self, input, y:dot(b))
  return self.output
end

function KL:updateGradInput(input, target)
  regression.check(self, input, target)
  self._positive = self._positive or torch.ByteTensor()
  self._positive:gt(target, 0)
  self.gradInput = common.buffer(self.gradInput, input)
  self.gradInput:resizeAs(input):copy(self._positive):cmul(target)
  return self.gradInput:mul(regression.average(self, input, -1))
end

return KL
