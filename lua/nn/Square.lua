--- nn.Square(): x^2.
-- input (any shape) → output (the same).
-- @usage local y = nn.Square():forward(torch.randn(2, 3))
return require('nn.pointwise').layer('nn.Square', 'square')
