--- nn.VolumetricMaxUnpooling(pool): every number back to where `pool`, a max pooling layer that has run forward, found
-- its maximum; zeros elsewhere. Windows must be as large as the steps between them.
-- input (N, C, T', H', W') or without N, as pool's output → (N, C, T, H, W) or without N, as pool's input.
-- @usage p = nn.VolumetricMaxPooling(2, 2, 2)
-- y = nn.VolumetricMaxUnpooling(p):forward(p:forward(torch.ones(1, 4, 4, 4)))
local pools = { ['nn.VolumetricMaxPooling'] = true, ['nn.VolumetricDilatedMaxPooling'] = true }
return require 'nn.unpooling'('nn.VolumetricMaxUnpooling', pools, 'THW', { 'itime', 'iheight', 'iwidth' })
