--- nn.InstanceNorm1d(planes, [eps = 1e-5], [momentum = 0.1], [affine = false], [trackRunningStats = false]): every
-- plane of every sample to mean 0 and variance 1 by itself, y = (x - mean) / sqrt(variance + eps) * weight + bias.
-- With running estimates evaluation uses these in place of the sample's.
-- input (N, planes, L) or (planes, L) → output (the same).
-- @usage y = nn.InstanceNorm1d(4, { affine = true }):forward(torch.randn(2, 4, 9))
return require 'nn.instancenorm'(1)
