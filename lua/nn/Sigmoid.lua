--- nn.Sigmoid(): 1 / (1 + e^-x).
-- input (any shape) → output (the same).
-- @usage local y = nn.Sigmoid():forward(torch.randn(2, 3))
return require('nn.pointwise').layer('nn.Sigmoid', 'sigmoid')
