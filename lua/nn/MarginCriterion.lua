--- nn.MarginCriterion([margin = 1]): the mean of max(0, margin - x y) over all elements, y being 1 or -1.
-- input x and target y of one shape (any) → loss, a number; gradient like x.
-- @usage local loss = nn.MarginCriterion():forward(torch.randn(3), torch.Tensor{1, -1, 1})
local Margin, parent = torch.class('nn.MarginCriterion', 'nn.Criterion')
local common = require 'nn.common'

function Margin:__init(margin)
  parent.__init(self)
  self.sizeAverage = true
  self.margin = common.optional(torch.type(self), 'margin', margin) or 1
end

return require 'nn.regression'.methods(Margin, 'margin', 'margin')
