--- nn.SmoothL1Criterion([sizeAverage = true]): d^2 / 2 where |d| < 1, else |d| - 1/2, of d = x - y.
local SmoothL1, parent = torch.class('nn.SmoothL1Criterion', 'nn.Criterion')
local common = require 'nn.common'
local regression = require 'nn.regression'

function SmoothL1:__init(sizeAverage)
  parent.__init(self)
  self.sizeAverage = sizeAverage ~= false
end

-- With c = d limited to -1..1 the loss is c (d - c/2) and the slope c.
function SmoothL1:updateOutput(input, target)
  regression.check(self, input, target)
  local d = regression.difference(self, input, target)
  local c = common.buffer(self._limited, input)
  self._limited = c
  c:resizeAs(d):copy(d):clamp(-1, 1)
  self.output = regression.average(self, input, d:add(-0.5, c):dot(c))
  return self.output
end

function SmoothL1:updateGradInput(input, target)
  regression.check(self, input, target)
  return regression.difference(self, input, target):clamp(-1, 1):mul(regression.average(self, input, 1))
end

return SmoothL1
