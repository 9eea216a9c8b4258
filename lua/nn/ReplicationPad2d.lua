--- nn.ReplicationPad2d(padding): borders that repeat the edge elements; negative widths cut.
-- padding: one width for all, or {left, right, top, bottom}.
-- input (N, C, H, W) or (C, H, W) → (N, C, H + top + bottom, W + left + right) or without N.
-- @usage y = nn.ReplicationPad2d(1):forward(torch.randn(2, 3, 6, 6))
return require 'nn.padding'.modern('Replication', 2)
