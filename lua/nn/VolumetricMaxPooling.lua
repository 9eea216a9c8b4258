--- nn.VolumetricMaxPooling(kT, kW, kH, [dT = kT], [dW = kW], [dH = kH], [padT = 0], [padW = 0], [padH = 0]): the
-- largest of each window.
-- input (N, C, T, H, W) or (C, T, H, W) → the same with T' = floor((T + 2*padT - kT) / dT) + 1, H' and W' likewise;
-- after :ceil() rounded up. Padding is at most half the window. self.indices holds where the maxima were, 1-based
-- in their planes.
-- @usage y = nn.VolumetricMaxPooling(2, 2, 2):forward(torch.randn(3, 4, 6, 6)) -- 3x2x3x3
local Pool, parent = torch.class('nn.VolumetricMaxPooling', 'nn.Module')
local pooling = require 'nn.pooling'

Pool.__version = 2

function Pool:__init(...)
  parent.__init(self)
  pooling.windows(self, 'TWH', { ... }, 'k')
  self.indices = torch.LongTensor()
end

function Pool:read(file) pooling.read(self, file, 'TWH') end

return pooling.max(Pool, parent, 'THW', 'TWH')
