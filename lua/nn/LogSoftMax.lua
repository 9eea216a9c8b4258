--- nn.LogSoftMax(): x_i - log sum_j exp(x_j) over classes.
-- input (n), (N, n), (n, H, W) or (N, n, H, W), n classes → output (the same).
-- @usage local y = nn.LogSoftMax():forward(torch.randn(2, 5))
return require 'nn.softmax'(torch.class('nn.LogSoftMax', 'nn.Module'), 1)
