--- nn.SELU(): 1.0507 (x above 0, 1.6733 (e^x - 1) below): activations keep mean 0 and variance 1.
-- Klambauer et al. 2017, Self-Normalizing Neural Networks.
-- input (any shape) → output (the same).
-- @usage y = nn.SELU():forward(torch.randn(3, 4))
return require 'nn.pointwise'.layer('nn.SELU', 'selu')
