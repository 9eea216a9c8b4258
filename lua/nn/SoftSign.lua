--- nn.SoftSign(): x / (1 + |x|).
-- input (any shape) → output (the same).
-- @usage local y = nn.SoftSign():forward(torch.randn(2, 3))
return require('nn.pointwise').layer('nn.SoftSign', 'softsign')
