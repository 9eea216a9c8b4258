--- nn.SmoothL1Criterion([sizeAverage = true]): d^2 / 2 where |d| < 1, else |d| - 1/2, of d = x - y.
-- input x and target y of one shape (any) → loss, a number; gradient like x.
-- @usage local loss = nn.SmoothL1Criterion():forward(torch.randn(3), torch.randn(3))
return require 'nn.regression'.criterion('nn.SmoothL1Criterion', 'huber', 1)
