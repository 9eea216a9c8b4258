--- nn.HardShrink([lambda = 0.5]): x where |x| > lambda, else 0.
-- input (any shape) → output (the same).
-- @usage local y = nn.HardShrink(0.3):forward(torch.randn(2, 3))
return require('nn.pointwise').layer('nn.HardShrink', 'hardshrink', { { 'lambda', 0.5 } })
