--- nn.SpatialAveragePooling(kW, kH, [dW = 1], [dH = 1], [padW = 0], [padH = 0]): the mean of each window.
-- input (N, C, H, W) or (C, H, W) → the same with H' = floor((H + 2*padH - kH) / dH) + 1, W' likewise; after :ceil()
-- rounded up. Padding counts as zeros unless :setCountExcludePad(). self.divide = false gives sums instead.
-- @usage y = nn.SpatialAveragePooling(2, 2, 2, 2):forward(torch.randn(2, 4, 8, 8)) -- 2x4x4x4
local Pool, parent = torch.class('nn.SpatialAveragePooling', 'nn.Module')
local pooling = require 'nn.pooling'

function Pool:__init(...)
  parent.__init(self)
  local values = { ... }
  pooling.set(self, 'k', 'WH', 1, values, 1)
  pooling.set(self, 'd', 'WH', 1, values, 3, 1)
  pooling.set(self, 'pad', 'WH', 0, values, 5, 0)
  self.ceil_mode = false
  self.count_include_pad = true
  self.divide = true
end

-- Files of before these fields lack them.
function Pool:read(file)
  parent.read(self, file)
  self.ceil_mode = self.ceil_mode or false
  self.padW, self.padH = self.padW or 0, self.padH or 0
  if self.count_include_pad == nil then self.count_include_pad = true end
  if self.divide == nil then self.divide = true end
end

return pooling.average(Pool, 'HW', 'WH')
