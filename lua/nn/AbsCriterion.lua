--- nn.AbsCriterion([sizeAverage = true]): the mean (or sum) of |x - y| over all elements.
-- input x and target y of one shape (any) → loss, a number; gradient like x.
-- @usage local loss = nn.AbsCriterion():forward(torch.randn(3), torch.randn(3))
return require 'nn.regression'.criterion('nn.AbsCriterion', 'abs')
