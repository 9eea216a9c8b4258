--- nn.SpatialDilatedMaxPooling(kW, kH, [dW = kW], [dH = kH], [padW = 0], [padH = 0], [dilationW = 1], [dilationH = 1]):
-- the largest of each window whose elements lie `dilation` apart.
-- input (N, C, H, W) or (C, H, W) → the same with H' = floor((H + 2*padH - dilationH*(kH - 1) - 1) / dH) + 1, W'
-- likewise.
-- @usage y = nn.SpatialDilatedMaxPooling(3, 3, 1, 1, 1, 1, 2, 2):forward(torch.randn(2, 7, 7)) -- 2x5x5
local Pool, parent = torch.class('nn.SpatialDilatedMaxPooling', 'nn.SpatialMaxPooling')
local pooling = require 'nn.pooling'

function Pool:__init(...)
  parent.__init(self, ...)
  pooling.set(self, 'dilation', 'WH', 1, { ... }, 7, 1)
end

return Pool
