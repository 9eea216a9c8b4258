--- nn.SpatialFullConvolution(nIn, nOut, kW, kH, [dW = 1], [dH = 1], [padW = 0], [padH = 0], [adjW = 0], [adjH = 0],
-- [groups = 1]): transposed 2-D convolution ("deconvolution").
--
-- y[n, o, i·dH + u - padH, j·dW + v - padW] += w[c,o,u,v] · x[n,c,i,j], on top of b[o].
-- input (N, nIn, H, W) or (nIn, H, W) → output (N, nOut, H', W'), H' = (H - 1)·dH - 2·padH + kH + adjH.
-- Given {x, target}, adjH and adjW are those that bring the output to the target's height and width
-- ((H_target + 2·padH - kH) mod dH); the target gets a gradient of zeros. weight (nIn, nOut/groups, kH, kW), bias
-- (nOut). Errors: adj not less than the stride, an output that would be empty.
-- @usage print(nn.SpatialFullConvolution(16, 3, 4, 4, 2, 2, 1, 1):forward(torch.randn(16, 8, 8)):size())
local Full, parent = torch.class('nn.SpatialFullConvolution', 'nn.Module')
local convolution = require 'nn.convolution'

function Full:__init(nInputPlane, nOutputPlane, kW, kH, dW, dH, padW, padH, adjW, adjH, groups)
  parent.__init(self)
  convolution.store(self, 1, { 'nInputPlane', 'nOutputPlane', 'kW', 'kH', 'dW', 'dH' }, nInputPlane, nOutputPlane, kW,
    kH, dW or 1, dH or 1)
  convolution.store(self, 0, { 'padW', 'padH', 'adjW', 'adjH' }, padW or 0, padH or 0, adjW or 0, adjH or 0)
  if self.adjW > self.dW - 1 or self.adjH > self.dH - 1 then
    error(('%s: adjW and adjH must be smaller than the strides %d and %d, got %d and %d'):format(torch.type(self),
      self.dW, self.dH, self.adjW, self.adjH), 2)
  end
  convolution.store_groups(self, groups)
  convolution.allocate(self, nOutputPlane, nInputPlane, nOutputPlane / (groups or 1), kH, kW)
  self.ones = torch.Tensor()
  self:reset()
end

convolution.methods(Full, { 'H', 'W' }, true)

--- Fields that layers of old files lack.
function Full:backCompatibility()
  self.adjW, self.adjH = self.adjW or 0, self.adjH or 0
end

function Full:__tostring__()
  return convolution.text(self, { 'W', 'H' }, { 'd', 'pad', 'adj', 'dilation' }, convolution.bias_text(self))
end

return Full
