--- nn.SoftMarginCriterion([sizeAverage = true]): the mean (or sum) of log(1 + e^(-x y)), y being 1 or -1.
-- input x and target y of one shape (any) → loss, a number; gradient like x.
-- @usage local loss = nn.SoftMarginCriterion():forward(torch.randn(3), torch.Tensor{1, -1, 1})
return require 'nn.regression'.criterion('nn.SoftMarginCriterion', 'soft_margin')
