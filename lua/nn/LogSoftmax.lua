--- nn.LogSoftmax([dim]): x - log sum e^x along one dimension, counted from 1, from the end when negative.
-- Without dim as Torch7's nn.SoftMax: 1 for inputs of 1 or 3 dimensions, else 2.
-- input (any shape) → output (the same).
-- @usage y = nn.LogSoftmax(-1):forward(torch.randn(2, 3, 4))
return require 'nn.softmax_dim'('LogSoftmax', 1)
