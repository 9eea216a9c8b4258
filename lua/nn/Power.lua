--- nn.Power(p): x^p.
-- input (any shape) → output (the same).
-- @usage local y = nn.Power(2.5):forward(torch.rand(2, 3))
return require('nn.pointwise').layer('nn.Power', 'pow', { { 'pow' } })
