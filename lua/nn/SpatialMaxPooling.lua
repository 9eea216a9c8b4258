--- nn.SpatialMaxPooling(kW, kH, [dW = kW], [dH = kH], [padW = 0], [padH = 0]): the largest of each window.
-- input (N, C, H, W) or (C, H, W) → the same with H' = floor((H + 2*padH - kH) / dH) + 1, W' likewise; after :ceil()
-- rounded up, but no window starts in the padding. Padding is at most half the window and never chosen.
-- self.indices holds where the maxima were, 1-based in their planes.
-- @usage y = nn.SpatialMaxPooling(3, 3, 2, 2, 1, 1):forward(torch.randn(2, 4, 8, 8)) -- 2x4x4x4
local Pool, parent = torch.class('nn.SpatialMaxPooling', 'nn.Module')
local pooling = require 'nn.pooling'

function Pool:__init(...)
  parent.__init(self)
  local values = { ... }
  pooling.set(self, 'k', 'WH', 1, values, 1)
  pooling.set(self, 'd', 'WH', 1, values, 3, 'k')
  pooling.set(self, 'pad', 'WH', 0, values, 5, 0)
  self.ceil_mode = false
  self.indices = torch.LongTensor()
end

-- Files of before ceil mode and padding lack the fields.
function Pool:read(file)
  parent.read(self, file)
  self.ceil_mode = self.ceil_mode or false
  self.padW, self.padH = self.padW or 0, self.padH or 0
end

return pooling.max(Pool, parent, 'HW', 'WH')
