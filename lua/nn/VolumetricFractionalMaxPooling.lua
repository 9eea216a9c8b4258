--- nn.VolumetricFractionalMaxPooling(poolT, poolW, poolH, outT, outW, outH), or ratios below 1 in place of the sizes:
-- the largest of windows at pseudo-random places, as nn.SpatialFractionalMaxPooling.
-- Unlike other volumetric layers this one has time last, as in Torch7:
-- input (N, C, H, W, T) or (C, H, W, T) → (N, C, outH, outW, outT) or without N.
-- @usage y = nn.VolumetricFractionalMaxPooling(2, 2, 2, 3, 4, 4):forward(torch.randn(3, 6, 6, 5)) -- 3x4x4x3
return require 'nn.windows'.fractional('nn.VolumetricFractionalMaxPooling', 'HWT', 'TWH')
