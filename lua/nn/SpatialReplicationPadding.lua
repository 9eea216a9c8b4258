--- nn.SpatialReplicationPadding(l, [r = l], [t = l], [b = l]): borders that repeat the edge elements; negative
-- widths cut.
-- input (N, C, H, W) or (C, H, W) → (N, C, H + t + b, W + l + r) or without N.
-- @usage y = nn.SpatialReplicationPadding(1):forward(torch.randn(3, 4, 4)) -- 3x6x6
return require 'nn.padding'.layer('nn.SpatialReplicationPadding', 'Replication', { 'pad_l', 'pad_r', 'pad_t', 'pad_b' })
