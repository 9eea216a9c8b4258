--- nn.SpatialMaxPooling(kW, kH, [dW = kW], [dH = kH], [padW = 0], [padH = 0]): the largest of each window.
-- input (N, C, H, W) or (C, H, W) → the same with H' = floor((H + 2*padH - kH) / dH) + 1, W' likewise; after :ceil()
-- rounded up, but no window starts in the padding. Padding is at most half the window and never chosen.
-- self.indices holds where the maxima were, 1-based in their planes.
-- @usage y = nn.SpatialMaxPooling(3, 3, 2, 2, 1, 1):forward(torch.randn(2, 4, 8, 8)) -- 2x4x4x4
local Pool, parent = torch.class('nn.SpatialMaxPooling', 'nn.Module')
local pooling = require 'nn.pooling'

function Pool:__init(...)
  parent.__init(self)
  pooling.windows(self, 'WH', { ... }, 'k')
  self.indices = torch.LongTensor()
end

function Pool:read(file) pooling.read(self, file, 'WH') end

return pooling.max(Pool, parent, 'HW', 'WH')
