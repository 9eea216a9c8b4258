--- nn.Log(): natural logarithm.
-- input (any shape) → output (the same).
-- @usage local y = nn.Log():forward(torch.rand(2, 3):add(1))
return require('nn.pointwise').layer('nn.Log', 'log')
