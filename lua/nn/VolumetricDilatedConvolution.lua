--- nn.VolumetricDilatedConvolution(nIn, nOut, kT, kW, kH, [dT, dW, dH = 1], [padT, padW, padH = 0], [dilationT = 1],
-- [dilationW = 1], [dilationH = 1], [groups = 1]): nn.VolumetricConvolution whose kernel is spread out.
--
-- input (N, nIn, T, H, W) or (nIn, T, H, W) → output (N, nOut, T', H', W'),
-- T' = floor((T + 2·padT - dilationT·(kT - 1) - 1) / dT) + 1, and so on. An error when the padded input is smaller than
-- the spread-out kernel.
-- @usage print(nn.VolumetricDilatedConvolution(1, 2, 2, 2, 2, 1, 1, 1, 0, 0, 0, 2, 2, 2).dilationT)
local Dilated, parent = torch.class('nn.VolumetricDilatedConvolution', 'nn.VolumetricConvolution')
local convolution = require 'nn.convolution'

function Dilated:__init(nInputPlane, nOutputPlane, kT, kW, kH, dT, dW, dH, padT, padW, padH, dilationT, dilationW,
  dilationH, groups)
  parent.__init(self, nInputPlane, nOutputPlane, kT, kW, kH, dT, dW, dH, padT, padW, padH, groups)
  convolution.store(self, 1, { 'dilationT', 'dilationW', 'dilationH' }, dilationT or 1, dilationW or 1, dilationH or 1)
end

function Dilated:__tostring__() return convolution.text(self, { 'T', 'W', 'H' }, { 'd', 'pad', 'dilation' }) end

return Dilated
