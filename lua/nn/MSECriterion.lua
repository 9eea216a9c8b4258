--- nn.MSECriterion([sizeAverage = true]): the mean (or sum) of (x - y)^2 over all elements.
-- @usage local loss = nn.MSECriterion():forward(torch.randn(3), torch.randn(3))
return require 'nn.regression'.criterion('nn.MSECriterion', 'mse')
