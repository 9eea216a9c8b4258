--- nn.MarginCriterion([margin = 1]): the mean of max(0, margin - x y) over all elements, y being 1 or -1.
local MarginCriterion, parent = torch.class('nn.MarginCriterion', 'nn.Criterion')
local regression = require 'nn.regression'
local common = require 'nn.common'

function MarginCriterion:__init(margin)
  parent.__init(self)
  self.sizeAverage = true
  self.margin = margin or 1
end

-- margin - x y
local function slack(self, input, target)
  regression.check(self, input, target)
  self.gradInput = common.buffer(self.gradInput, input)
  return self.gradInput:resizeAs(input):cmul(input, target):mul(-1):add(self.margin)
end

-- input, target (as many elements) → loss
function MarginCriterion:updateOutput(input, target)
  self.output = regression.average(self, input, slack(self, input, target):cmax(0):sum())
  return self.output
end

function MarginCriterion:updateGradInput(input, target)
  local dx = slack(self, input, target)
  self._active = self._active or torch.ByteTensor()
  self._active:gt(dx, 0)
  return dx:copy(self._active):cmul(target):mul(regression.average(self, input, -1))
end

return MarginCriterion
