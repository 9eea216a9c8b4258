--- nn.CELU([alpha = 1]): x above 0, alpha * (e^(x/alpha) - 1) below; its slope has no step at 0 whatever alpha.
-- input (any shape) → output (the same).
-- @usage y = nn.CELU(0.5):forward(torch.randn(3, 4))
return require 'nn.pointwise'.layer('nn.CELU', 'celu', { { 'alpha', 1 } }, true)
