--- nn.MarginRankingCriterion([margin = 1]): max(0, margin - y (a - b)) for a pair of scores {a, b}, y = 1 when a should
-- rank above b, -1 below. For a batch the sum, divided by its size with the field sizeAverage (true).
-- input {a, b}, both (1) or (N), target a number or (N) → loss, a number; gradient {da, db}.
-- @usage local loss = nn.MarginRankingCriterion(0.1):forward({torch.randn(3), torch.randn(3)}, torch.Tensor{1, -1, 1})
local couple = require 'nn.couple'
local regression = require 'nn.regression'
local common = require 'nn.common'
local Ranking, parent = torch.class('nn.MarginRankingCriterion', 'nn.Criterion')

function Ranking:__init(margin)
  parent.__init(self)
  self.margin = common.optional(torch.type(self), 'margin', margin) or 1
  self.gradInput = { torch.Tensor(), torch.Tensor() }
  self.sizeAverage = true
end

local function difference(self, input, y)
  local a, b = couple.check(self, input)
  self._difference = common.buffer(self._difference, a)
  return a, b, self._difference:resizeAs(a):add(a, -1, b), couple.signs(self, y, a, a:nElement())
end

-- {a, b}, y 1 or -1 each → loss
function Ranking:updateOutput(input, y)
  local a, _, d, signs = difference(self, input, y)
  self.output = regression.sum('ranking', self, d, signs, nil, self.margin)
  if self.sizeAverage then self.output = self.output / a:size(1) end
  return self.output
end

function Ranking:each(input, y)
  local _, _, d, signs = difference(self, input, y)
  return regression.each('ranking', self, d, signs, nil, self.margin)
end

function Ranking:updateGradInput(input, y)
  local a, b, d, signs = difference(self, input, y)
  local da, db = couple.gradients(self, a, b)
  regression.slope('ranking', self, da, d, signs, self.sizeAverage and 1 / a:size(1) or 1, nil, self.margin)
  db:neg(da)
  return self.gradInput
end

return Ranking
