--- nn.SoftShrink([lambda = 0.5]): x moved by lambda towards 0, not past it.
-- input (any shape) → output (the same).
-- @usage local y = nn.SoftShrink(0.2):forward(torch.randn(2, 3))
return require('nn.pointwise').layer('nn.SoftShrink', 'softshrink', { { 'lambda', 0.5 } })
