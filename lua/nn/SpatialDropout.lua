--- nn.SpatialDropout([p = 0.5], [stochasticInference = false]): drops whole planes with probability p while training.
-- input (N, C, H, W) or (C, H, W) → the same; evaluating: x * (1 - p). Backward is defined while training only.
-- @usage y = nn.SpatialDropout(0.3):forward(torch.randn(2, 4, 3, 3))
return require 'nn.planedrop'('nn.SpatialDropout', 2, 'H x W')
