--- nn.VolumetricBatchNormalization(n, ...): nn.BatchNormalization of (N, n, T, H, W), statistics over N, T, H and W.
-- input (N, n, T, H, W) → output (the same).
-- @usage y = nn.VolumetricBatchNormalization(3):forward(torch.randn(2, 3, 4, 5, 5))
local VolumetricBN = torch.class('nn.VolumetricBatchNormalization', 'nn.BatchNormalization')
VolumetricBN.__version = 2
VolumetricBN.nDim = 5
return VolumetricBN
