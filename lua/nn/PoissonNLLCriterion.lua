--- nn.PoissonNLLCriterion([logInput = true], [full = false], [sizeAverage = true], [eps = 1e-8]): negative log
-- likelihood of counts t under a Poisson law of rate e^x (logInput): e^x - t x; else of rate x: x - t log(x + eps).
-- full adds Stirling's log t! where t > 1.
-- @usage local loss = nn.PoissonNLLCriterion():forward(torch.randn(3), torch.Tensor{0, 2, 5})
local regression = require 'nn.regression'
local common = require 'nn.common'
local Poisson, parent = torch.class('nn.PoissonNLLCriterion', 'nn.Criterion')

function Poisson:__init(logInput, full, sizeAverage, eps)
  parent.__init(self)
  self.logInput = logInput ~= false
  self.full = full or false
  self.sizeAverage = sizeAverage ~= false
  self.eps = common.optional(torch.type(self), 'eps', eps) or 1e-8
end

-- input, target (as many elements) → loss
function Poisson:updateOutput(input, target)
  regression.check(self, input, target)
  local row = self.logInput and 'poisson_log' or 'poisson'
  local total = regression.sum(row, self, input, target, nil, self.eps, self.full and 1 or 0)
  self.output = regression.average(self, input, total)
  return self.output
end

function Poisson:each(input, target)
  regression.check(self, input, target)
  local row = self.logInput and 'poisson_log' or 'poisson'
  return regression.each(row, self, input, target, nil, self.eps, self.full and 1 or 0)
end

function Poisson:updateGradInput(input, target)
  regression.check(self, input, target)
  self.gradInput = common.buffer(self.gradInput, input)
  return regression.slope(self.logInput and 'poisson_log' or 'poisson', self, self.gradInput, input, target,
    regression.average(self, input, 1), nil, self.eps)
end

return Poisson
