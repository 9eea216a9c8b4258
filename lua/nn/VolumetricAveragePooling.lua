--- nn.VolumetricAveragePooling(kT, kW, kH, [dT = kT], [dW = kW], [dH = kH], [padT = 0], [padW = 0], [padH = 0]): the
-- mean of each window.
-- input (N, C, T, H, W) or (C, T, H, W) → the same with T' = floor((T + 2*padT - kT) / dT) + 1, H' and W' likewise;
-- after :ceil() rounded up. Padding counts as zeros unless :setCountExcludePad().
-- @usage y = nn.VolumetricAveragePooling(2, 2, 2):forward(torch.randn(3, 4, 6, 6)) -- 3x2x3x3
local Pool, parent = torch.class('nn.VolumetricAveragePooling', 'nn.Module')
local pooling = require 'nn.pooling'

function Pool:__init(...)
  parent.__init(self)
  local values = { ... }
  pooling.set(self, 'k', 'TWH', 1, values, 1)
  pooling.set(self, 'd', 'TWH', 1, values, 4, 'k')
  -- Torch7 had no padding here: files of layers without any have its fields and no others.
  if select('#', ...) > 6 then pooling.set(self, 'pad', 'TWH', 0, values, 7, 0) end
end

return pooling.average(Pool, 'THW', 'TWH')
