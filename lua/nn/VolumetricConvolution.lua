--- nn.VolumetricConvolution(nIn, nOut, kT, kW, kH, [dT = 1], [dW = 1], [dH = 1], [padT = 0], [padW = padT],
-- [padH = padW], [groups = 1]): 3-D correlation.
--
-- y[n,o,t,i,j] = b[o] + Σ w[o,c,s,u,v] · x[n, c, t·dT + s - padT, i·dH + u - padH, j·dW + v - padW].
-- input (N, nIn, T, H, W) or (nIn, T, H, W) → output (N, nOut, T', H', W'), T' = floor((T + 2·padT - kT) / dT) + 1.
-- weight (nOut, nIn/groups, kT, kH, kW), bias (nOut). Note the order of arguments: time, width, height.
-- An error when the padded input is smaller than the kernel.
-- @usage print(nn.VolumetricConvolution(3, 8, 3, 3, 3, 1, 2, 2, 1):forward(torch.randn(2, 3, 4, 16, 16)):size())
local Conv, parent = torch.class('nn.VolumetricConvolution', 'nn.Module')
local convolution = require 'nn.convolution'

function Conv:__init(nInputPlane, nOutputPlane, kT, kW, kH, dT, dW, dH, padT, padW, padH, groups)
  parent.__init(self)
  convolution.store(self, 1, { 'nInputPlane', 'nOutputPlane', 'kT', 'kW', 'kH', 'dT', 'dW', 'dH' }, nInputPlane,
    nOutputPlane, kT, kW, kH, dT or 1, dW or 1, dH or 1)
  padT = padT or 0
  padW = padW or padT
  convolution.store(self, 0, { 'padT', 'padW', 'padH' }, padT, padW, padH or padW)
  convolution.store_groups(self, groups)
  convolution.allocate(self, nOutputPlane, nOutputPlane, nInputPlane / (groups or 1), kT, kH, kW)
  self:reset()
end

convolution.methods(Conv, { 'T', 'H', 'W' })

function Conv:__tostring__() return convolution.text(self, { 'T', 'W', 'H' }) end

return Conv
