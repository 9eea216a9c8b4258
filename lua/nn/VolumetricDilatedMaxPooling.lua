--- nn.VolumetricDilatedMaxPooling(kT, kW, kH, [dT = kT], [dW = kW], [dH = kH], [padT = 0], [padW = 0], [padH = 0],
-- [dilationT = 1], [dilationW = 1], [dilationH = 1]): the largest of each window whose elements lie `dilation` apart.
-- input (N, C, T, H, W) or (C, T, H, W) → the same with T' = floor((T + 2*padT - dilationT*(kT - 1) - 1) / dT) + 1,
-- H' and W' likewise.
-- @usage y = nn.VolumetricDilatedMaxPooling(2, 2, 2, 1, 1, 1, 0, 0, 0, 2, 2, 2):forward(torch.randn(1, 4, 4, 4))
local Pool, parent = torch.class('nn.VolumetricDilatedMaxPooling', 'nn.VolumetricMaxPooling')
local pooling = require 'nn.pooling'

function Pool:__init(...)
  parent.__init(self, ...)
  pooling.set(self, 'dilation', 'TWH', 1, { ... }, 10, 1)
end

return Pool
