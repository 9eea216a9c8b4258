--- nn.InstanceNorm3d(planes, [eps = 1e-5], [momentum = 0.1], [affine = false], [trackRunningStats = false]): every
-- plane of every sample to mean 0 and variance 1 by itself, y = (x - mean) / sqrt(variance + eps) * weight + bias.
-- With running estimates evaluation uses these in place of the sample's.
-- input (N, planes, T, H, W) or (planes, T, H, W) → output (the same).
-- @usage y = nn.InstanceNorm3d(4, { affine = true }):forward(torch.randn(2, 4, 3, 5, 5))
return require 'nn.instancenorm'(3)
