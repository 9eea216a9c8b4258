--- nn.KLDivCriterion([reduction = 'batchmean'], [logTarget = false]): Kullback-Leibler divergence y (log y - x) of
-- log-probabilities x from probabilities y (from log y, with logTarget). reduction: 'batchmean', the sum divided by the
-- size of the first dimension, which is the divergence; 'mean', by the number of elements; 'sum'.
-- @usage local loss = nn.KLDivCriterion():forward(nn.LogSoftMax():forward(torch.randn(3)), torch.ones(3) / 3)
local regression = require 'nn.regression'
local common = require 'nn.common'
local KL, parent = torch.class('nn.KLDivCriterion', 'nn.Criterion')

local divisors = {
  batchmean = function(x) return x:dim() > 1 and x:size(1) or 1 end,
  mean = function(x) return x:nElement() end,
  sum = function() return 1 end,
}

function KL:__init(reduction, logTarget)
  parent.__init(self)
  self.reduction = reduction or 'batchmean'
  if not divisors[self.reduction] then
    error("nn.KLDivCriterion: reduction: expected 'batchmean', 'mean' or 'sum', got " .. tostring(reduction), 2)
  end
  self.logTarget = logTarget or false
end

-- input, target (equal sizes) → loss
function KL:updateOutput(input, target)
  regression.check(self, input, target)
  local total = regression.sum(self.logTarget and 'kl_log' or 'kl', self, input, target)
  self.output = total / divisors[self.reduction](input)
  return self.output
end

function KL:each(input, target)
  regression.check(self, input, target)
  return regression.each(self.logTarget and 'kl_log' or 'kl', self, input, target)
end

function KL:updateGradInput(input, target)
  regression.check(self, input, target)
  self.gradInput = common.buffer(self.gradInput, input)
  return regression.slope(self.logTarget and 'kl_log' or 'kl', self, self.gradInput, input, target,
    1 / divisors[self.reduction](input))
end

return KL
