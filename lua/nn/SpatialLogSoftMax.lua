--- nn.SpatialLogSoftMax(): x_i - log(sum_j exp(x_j)) over the planes of (N, C, H, W) or (C, H, W), at each position.
-- Output (the same).
-- @usage y = nn.SpatialLogSoftMax():forward(torch.randn(2, 3, 4, 4)):exp()
return require 'nn.softmax'(torch.class('nn.SpatialLogSoftMax', 'nn.Module'), 1)
