--- nn.Mish(): x tanh(log(1 + e^x)).
-- input (any shape) → output (the same).
-- @usage y = nn.Mish():forward(torch.randn(3, 4))
return require 'nn.pointwise'.layer('nn.Mish', 'mish')
