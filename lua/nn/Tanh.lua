--- nn.Tanh(): hyperbolic tangent.
-- input (any shape) → output (the same).
-- @usage local y = nn.Tanh():forward(torch.randn(2, 3))
return require('nn.pointwise').layer('nn.Tanh', 'tanh')
