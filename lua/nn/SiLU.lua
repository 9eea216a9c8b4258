--- nn.SiLU(): x / (1 + e^-x), also called swish.
-- input (any shape) → output (the same).
-- @usage y = nn.SiLU():forward(torch.randn(3, 4))
return require 'nn.pointwise'.layer('nn.SiLU', 'silu')
