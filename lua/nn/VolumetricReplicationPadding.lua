--- nn.VolumetricReplicationPadding(left, [right = left], [top = left], [bottom = left], [front = left], [back = left]):
-- borders that repeat the edge elements; negative widths cut.
-- input (N, C, T, H, W) or (C, T, H, W) → (N, C, T + front + back, H + top + bottom, W + left + right) or without N.
-- @usage y = nn.VolumetricReplicationPadding(1):forward(torch.randn(3, 2, 4, 4)) -- 3x4x6x6
local fields = { 'pleft', 'pright', 'ptop', 'pbottom', 'pfront', 'pback' }
return require 'nn.padding'.layer('nn.VolumetricReplicationPadding', 'Replication', fields)
