--- nn.SpatialDilatedConvolution(nIn, nOut, kW, kH, [dW = 1], [dH = 1], [padW = 0], [padH = padW], [dilationW = 1],
-- [dilationH = 1], [groups = 1]): nn.SpatialConvolution whose kernel is spread out.
--
-- y[n,o,i,j] = b[o] + Σ_{c,u,v} w[o,c,u,v] · x[n, c, i·dH + u·dilationH - padH, j·dW + v·dilationW - padW].
-- input (N, nIn, H, W) or (nIn, H, W) → output (N, nOut, H', W'),
-- H' = floor((H + 2·padH - dilationH·(kH - 1) - 1) / dH) + 1. An error when the padded input is smaller than the
-- spread-out kernel.
-- @usage print(nn.SpatialDilatedConvolution(3, 4, 3, 3, 1, 1, 2, 2, 2, 2):forward(torch.randn(3, 9, 9)):size())
local Dilated, parent = torch.class('nn.SpatialDilatedConvolution', 'nn.SpatialConvolution')
local convolution = require 'nn.convolution'

function Dilated:__init(nInputPlane, nOutputPlane, kW, kH, dW, dH, padW, padH, dilationW, dilationH, groups)
  parent.__init(self, nInputPlane, nOutputPlane, kW, kH, dW, dH, padW, padH, groups)
  convolution.store(self, 1, { 'dilationW', 'dilationH' }, dilationW or 1, dilationH or 1)
end

function Dilated:__tostring__()
  return convolution.text(self, { 'W', 'H' }, { 'd', 'pad', 'dilation' }, convolution.bias_text(self))
end

return Dilated
