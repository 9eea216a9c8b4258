--- nn.Dropout3d([p = 0.5]): drops whole planes with probability p while training and scales the others by 1 / (1 - p).
-- input (N, C, T, H, W) or (C, T, H, W) → the same; evaluating: the input.
-- @usage y = nn.Dropout3d(0.3):forward(torch.randn(2, 4, 2, 3, 3))
return require 'nn.planedrop'('nn.Dropout3d', 3, 'T x H x W', true)
