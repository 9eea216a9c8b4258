--- nn.TanhShrink(): x - tanh(x).
-- input (any shape) → output (the same).
-- @usage local y = nn.TanhShrink():forward(torch.randn(2, 3))
return require('nn.pointwise').layer('nn.TanhShrink', 'tanhshrink')
