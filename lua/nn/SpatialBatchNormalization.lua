--- nn.SpatialBatchNormalization(n, ...): nn.BatchNormalization of (N, n, H, W), statistics over N, H and W.
local SpatialBN = torch.class('nn.SpatialBatchNormalization', 'nn.BatchNormalization')
SpatialBN.__version = 2
SpatialBN.nDim = 4
return SpatialBN
