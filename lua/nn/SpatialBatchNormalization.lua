--- nn.SpatialBatchNormalization(n, ...): nn.BatchNormalization of (N, n, H, W), statistics over N, H and W.
-- input (N, n, H, W) → output (the same); formula and running estimates are those of nn.BatchNormalization.
-- @usage local y = nn.SpatialBatchNormalization(3):forward(torch.randn(2, 3, 4, 5))
local SpatialBN = torch.class('nn.SpatialBatchNormalization', 'nn.BatchNormalization')
SpatialBN.__version = 2
SpatialBN.nDim = 4
return SpatialBN
