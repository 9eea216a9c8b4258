--- nn.SoftPlus([beta = 1]): log(1 + e^(beta x)) / beta.
-- input (any shape) → output (the same).
-- @usage local y = nn.SoftPlus():forward(torch.randn(2, 3))
return require('nn.pointwise').layer('nn.SoftPlus', 'softplus', { { 'beta', 1 } })
