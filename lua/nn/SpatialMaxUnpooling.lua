--- nn.SpatialMaxUnpooling(pool): every number back to where `pool`, a max pooling layer that has run forward, found its
-- maximum; zeros elsewhere. Windows must be as large as the steps between them.
-- input (N, C, H', W') or (C, H', W'), as pool's output → (N, C, H, W) or without N, as pool's input.
-- @usage p = nn.SpatialMaxPooling(2, 2); y = nn.SpatialMaxUnpooling(p):forward(p:forward(torch.randn(3, 4, 4)))
local pools = { ['nn.SpatialMaxPooling'] = true, ['nn.SpatialDilatedMaxPooling'] = true }
return require 'nn.unpooling'('nn.SpatialMaxUnpooling', pools, 'HW', { 'iheight', 'iwidth' })
