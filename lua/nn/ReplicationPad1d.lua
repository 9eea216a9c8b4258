--- nn.ReplicationPad1d(padding): borders that repeat the edge elements; negative widths cut.
-- padding: one width for all, or {left, right}.
-- input (N, C, W) or (C, W) → (N, C, W + left + right) or without N.
-- @usage y = nn.ReplicationPad1d(1):forward(torch.randn(2, 3, 6))
return require 'nn.padding'.modern('Replication', 1)
