--- nn.DistanceRatioCriterion([sizeAverage = true]): -log(e^-p / (e^-p + e^-n)) = log(1 + e^(p - n)) for distances
-- {p, n} of similar and of dissimilar pairs, averaged over the first dimension.
-- input {p, n}, both (N) → loss, a number; gradient {dp, dn}; no target.
-- @usage local loss = nn.DistanceRatioCriterion():forward{torch.rand(3), torch.rand(3)}
local couple = require 'nn.couple'
local regression = require 'nn.regression'
local Ratio, parent = torch.class('nn.DistanceRatioCriterion', 'nn.Criterion')

function Ratio:__init(sizeAverage)
  parent.__init(self)
  self.sizeAverage = sizeAverage ~= false
  self.gradInput = { torch.Tensor(), torch.Tensor() }
end

-- {p, n} (as many each) → loss
function Ratio:updateOutput(input)
  local p, n = couple.check(self, input)
  self.output = regression.sum('ratio', self, p, n) / (self.sizeAverage and p:size(1) or 1)
  return self.output
end

function Ratio:each(input)
  local p, n = couple.check(self, input)
  return regression.each('ratio', self, p, n)
end

function Ratio:updateGradInput(input)
  local p, n = couple.check(self, input)
  local dp, dn = couple.gradients(self, p, n)
  regression.slope('ratio', self, dp, p, n, self.sizeAverage and 1 / p:size(1) or 1)
  dn:neg(dp)
  return self.gradInput
end

return Ratio
