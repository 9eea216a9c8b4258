--- nn.MultiLabelSoftMarginCriterion([weights], [sizeAverage = true]): the mean over classes and batch of the cross
-- entropy
-- of sigmoid(x) and y, y being 0 or 1 for each class; times the weight of the class.
-- @usage local loss = nn.MultiLabelSoftMarginCriterion():forward(torch.randn(3), torch.Tensor{0, 1, 1})
local regression = require 'nn.regression'
local MultiLabel, parent = torch.class('nn.MultiLabelSoftMarginCriterion', 'nn.Criterion')

function MultiLabel:__init(weights, sizeAverage)
  parent.__init(self)
  self.weights = regression.vector('nn.MultiLabelSoftMarginCriterion', weights)
  self.sizeAverage = sizeAverage ~= false
  self.sigmoid = nn.Sigmoid()
end

return regression.methods(MultiLabel, 'bce_logits')
