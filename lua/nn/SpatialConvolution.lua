--- nn.SpatialConvolution(nIn, nOut, kW, kH, [dW = 1], [dH = 1], [padW = 0], [padH = padW],
-- [groups = 1]): 2-D correlation.
--
-- y[n,o,i,j] = b[o] + Σ_{c,u,v} w[o,c,u,v] · x[n, c, i·dH + u - padH, j·dW + v - padW], with zeros around the input.
-- input (N, nIn, H, W) or (nIn, H, W) → output (N, nOut, H', W'), H' = floor((H + 2·padH - kH) / dH) + 1.
-- weight (nOut, nIn/groups, kH, kW), bias (nOut). In several groups, each part of the output planes sees only its part
-- of the input planes (an addition to Torch7). A channels-last input gives a channels-last output.
-- An error when the padded input is smaller than the kernel. Base of other planar convolutions.
-- @usage print(nn.SpatialConvolution(3, 16, 5, 5, 2, 2, 2):forward(torch.randn(8, 3, 32, 32)):size())
local Conv, parent = torch.class('nn.SpatialConvolution', 'nn.Module')
local convolution = require 'nn.convolution'

function Conv:__init(nInputPlane, nOutputPlane, kW, kH, dW, dH, padW, padH, groups)
  parent.__init(self)
  convolution.store(self, 1, { 'nInputPlane', 'nOutputPlane', 'kW', 'kH', 'dW', 'dH' }, nInputPlane, nOutputPlane, kW,
    kH, dW or 1, dH or 1)
  convolution.store(self, 0, { 'padW', 'padH' }, padW or 0, padH or padW or 0)
  convolution.store_groups(self, groups)
  self:makeParameters()
  self:reset()
end

--- Allocate weight and bias and their gradients; subclasses with other layouts replace it.
function Conv:makeParameters()
  local planes = self.nInputPlane / (self.groups or 1)
  convolution.allocate(self, self.nOutputPlane, self.nOutputPlane, planes, self.kH, self.kW)
end

convolution.methods(Conv, { 'H', 'W' })

function Conv:__tostring__()
  return convolution.text(self, { 'W', 'H' }, nil, convolution.bias_text(self))
end

return Conv
