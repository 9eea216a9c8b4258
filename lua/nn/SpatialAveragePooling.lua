--- nn.SpatialAveragePooling(kW, kH, [dW = 1], [dH = 1], [padW = 0], [padH = 0]): the mean of each window.
-- input (N, C, H, W) or (C, H, W) → the same with H' = floor((H + 2*padH - kH) / dH) + 1, W' likewise; after :ceil()
-- rounded up. Padding counts as zeros unless :setCountExcludePad(). self.divide = false gives sums instead.
-- @usage y = nn.SpatialAveragePooling(2, 2, 2, 2):forward(torch.randn(2, 4, 8, 8)) -- 2x4x4x4
local Pool, parent = torch.class('nn.SpatialAveragePooling', 'nn.Module')
local pooling = require 'nn.pooling'

function Pool:__init(...)
  parent.__init(self)
  pooling.windows(self, 'WH', { ... }, 1)
  self.count_include_pad = true
  self.divide = true
end

-- Files of before these fields lack them.
function Pool:read(file)
  pooling.read(self, file, 'WH')
  if self.count_include_pad == nil then self.count_include_pad = true end
  if self.divide == nil then self.divide = true end
end

return pooling.average(Pool, 'HW', 'WH')
