--- nn.L1HingeEmbeddingCriterion([margin = 1]): d for y = 1, max(0, margin - d) for y = -1, d = sum |a - b| over all
-- elements of the pair {a, b}. The slope at equal elements is 0.
-- input {a, b} of one shape (any), target a number → loss, a number; gradient {da, db}.
-- @usage local loss = nn.L1HingeEmbeddingCriterion(2):forward({torch.randn(3), torch.randn(3)}, -1)
local couple = require 'nn.couple'
local L1Hinge, parent = torch.class('nn.L1HingeEmbeddingCriterion', 'nn.Criterion')
local common = require 'nn.common'

function L1Hinge:__init(margin)
  parent.__init(self)
  self.margin = common.optional(torch.type(self), 'margin', margin) or 1
  self.gradInput = { torch.Tensor(), torch.Tensor() }
end

-- {a, b}, 1 or -1 → loss
function L1Hinge:updateOutput(input, y)
  local a, b = couple.check(self, input)
  local d = a:dist(b, 1)
  self.output = couple.sign(self, y) == -1 and math.max(0, self.margin - d) or d
  return self.output
end

function L1Hinge:updateGradInput(input, y)
  local a, b = couple.check(self, input)
  local da, db = couple.gradients(self, a, b)
  da:add(a, -1, b)
  if couple.sign(self, y) == -1 then
    if da:norm(1) > self.margin then
      da:zero()
    else
      da:neg()
    end
  end
  db:neg(da:sign())
  return self.gradInput
end

return L1Hinge
