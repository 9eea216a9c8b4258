--- nn.HingeEmbeddingCriterion([margin = 1]): the mean of x for y = 1 and max(0, margin - x) for y = -1; x is a
-- distance, y a number for one, a tensor for several.
-- input x and target y of one shape (any) → loss, a number; gradient like x.
-- @usage local loss = nn.HingeEmbeddingCriterion(1):forward(torch.Tensor{0.3, 0.5}, torch.Tensor{1, -1})
local regression = require 'nn.regression'
local common = require 'nn.common'
local couple = require 'nn.couple'
local Hinge, parent = torch.class('nn.HingeEmbeddingCriterion', 'nn.Criterion')

function Hinge:__init(margin)
  parent.__init(self)
  self.margin = common.optional(torch.type(self), 'margin', margin) or 1
  self.sizeAverage = true
end

-- input, target (as many, or a number) → loss
function Hinge:updateOutput(input, y)
  common.check_tensor(self, input)
  local ty = couple.signs(self, y, input, input:nElement())
  self.output = regression.sum('hinge', self, input, ty, nil, self.margin)
  -- files of old have no sizeAverage: true then
  if self.sizeAverage ~= false then self.output = self.output / input:nElement() end
  return self.output
end

function Hinge:each(input, y)
  common.check_tensor(self, input)
  local ty = couple.signs(self, y, input, input:nElement())
  return regression.each('hinge', self, input, ty, nil, self.margin)
end

function Hinge:updateGradInput(input, y)
  common.check_tensor(self, input)
  local ty = couple.signs(self, y, input, input:nElement())
  self.gradInput = common.buffer(self.gradInput, input)
  local scale = self.sizeAverage ~= false and 1 / input:nElement() or 1
  return regression.slope('hinge', self, self.gradInput, input, ty, scale, nil, self.margin)
end

return Hinge
