--- nn.Dropout1d([p = 0.5]): drops whole planes with probability p while training and scales the others by 1 / (1 - p).
-- input (N, C, L) or (C, L) → the same; evaluating: the input.
-- @usage y = nn.Dropout1d(0.3):forward(torch.randn(2, 4, 6))
return require 'nn.planedrop'('nn.Dropout1d', 1, 'L', true)
