--- nn.DistKLDivCriterion([sizeAverage = true]): the sum of y (log y - x) over y > 0, x being log-probabilities and y
-- probabilities, divided by the number of elements (of all, not of rows).
-- input x and target y of one shape (any) → loss, a number; gradient like x.
-- @usage local loss = nn.DistKLDivCriterion():forward(nn.LogSoftMax():forward(torch.randn(3)), torch.ones(3) / 3)
return require 'nn.regression'.criterion('nn.DistKLDivCriterion', 'kl')
