--- nn.Dropout2d([p = 0.5]): drops whole planes with probability p while training and scales the others by 1 / (1 - p).
-- input (N, C, H, W) or (C, H, W) → the same; evaluating: the input.
-- @usage y = nn.Dropout2d(0.3):forward(torch.randn(2, 4, 3, 3))
return require 'nn.planedrop'('nn.Dropout2d', 2, 'H x W', true)
