--- nn.SpatialSoftMax(): exp(x_i) / sum_j exp(x_j) over the planes of (N, C, H, W) or (C, H, W), at each position.
-- Output (the same).
-- @usage y = nn.SpatialSoftMax():forward(torch.randn(2, 3, 4, 4)); print(y:sum(2):mean()) -- 1
return require 'nn.softmax'(torch.class('nn.SpatialSoftMax', 'nn.Module'), 0)
