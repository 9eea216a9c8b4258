--- nn.Exp(): e^x.
-- input (any shape) → output (the same).
-- @usage local y = nn.Exp():forward(torch.randn(2, 3))
return require('nn.pointwise').layer('nn.Exp', 'exp')
