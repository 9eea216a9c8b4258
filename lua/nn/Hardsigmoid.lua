--- nn.Hardsigmoid(): min(max(x + 3, 0), 6) / 6.
-- input (any shape) → output (the same).
-- @usage y = nn.Hardsigmoid():forward(torch.randn(3, 4))
return require 'nn.pointwise'.layer('nn.Hardsigmoid', 'hardsigmoid')
