--- nn.MSECriterion([sizeAverage = true]): the mean (or sum) of (x - y)^2 over all elements.
-- input x and target y of one shape (any) → loss, a number; gradient like x.
-- @usage local loss = nn.MSECriterion():forward(torch.randn(3), torch.randn(3))
return require 'nn.regression'.criterion('nn.MSECriterion', 'mse')
