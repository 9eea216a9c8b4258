--- nn.VolumetricDropout([p = 0.5], [stochasticInference = false]): drops whole planes with probability p while
-- training.
-- input (N, C, T, H, W) or (C, T, H, W) → the same; evaluating: x * (1 - p). Backward is defined while training only.
-- @usage y = nn.VolumetricDropout(0.3):forward(torch.randn(2, 4, 2, 3, 3))
return require 'nn.planedrop'('nn.VolumetricDropout', 3, 'T x H x W')
