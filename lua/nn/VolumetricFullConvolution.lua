--- nn.VolumetricFullConvolution(nIn, nOut, kT, kW, kH, [dT, dW, dH = 1], [padT, padW, padH = 0],
-- [adjT, adjW, adjH = 0], [groups = 1]): transposed 3-D convolution.
--
-- input (N, nIn, T, H, W) or (nIn, T, H, W) → output (N, nOut, T', H', W'), T' = (T - 1)·dT - 2·padT + kT + adjT, and
-- so on. Given {x, target}, the adj values are those that bring the output to the target's sizes; the target gets a
-- gradient of zeros. weight (nIn, nOut/groups, kT, kH, kW), bias (nOut). Errors: adj not less than the stride, an
-- output that would be empty.
-- @usage print(nn.VolumetricFullConvolution(2, 3, 2, 2, 2, 2, 2, 2):forward(torch.randn(2, 3, 4, 4)):size())
local Full, parent = torch.class('nn.VolumetricFullConvolution', 'nn.Module')
local convolution = require 'nn.convolution'

function Full:__init(nInputPlane, nOutputPlane, kT, kW, kH, dT, dW, dH, padT, padW, padH, adjT, adjW, adjH, groups)
  parent.__init(self)
  convolution.store(self, 1, { 'nInputPlane', 'nOutputPlane', 'kT', 'kW', 'kH', 'dT', 'dW', 'dH' }, nInputPlane,
    nOutputPlane, kT, kW, kH, dT or 1, dW or 1, dH or 1)
  convolution.store(self, 0, { 'padT', 'padW', 'padH', 'adjT', 'adjW', 'adjH' }, padT or 0, padW or 0, padH or 0,
    adjT or 0, adjW or 0, adjH or 0)
  if self.adjT > self.dT - 1 or self.adjW > self.dW - 1 or self.adjH > self.dH - 1 then
    error(('%s: adjT, adjW and adjH must be smaller than the strides %d, %d and %d, got %d, %d and %d'):format(
      torch.type(self), self.dT, self.dW, self.dH, self.adjT, self.adjW, self.adjH), 2)
  end
  convolution.store_groups(self, groups)
  convolution.allocate(self, nOutputPlane, nInputPlane, nOutputPlane / (groups or 1), kT, kH, kW)
  self.ones, self.finput, self.fgradInput = torch.Tensor(), torch.Tensor(), torch.Tensor() -- Torch7's, in files
  self:reset()
end

convolution.methods(Full, { 'T', 'H', 'W' }, true)

--- Fields that layers of old files lack.
function Full:backCompatibility()
  self.adjT, self.adjW, self.adjH = self.adjT or 0, self.adjW or 0, self.adjH or 0
end

function Full:__tostring__() return convolution.text(self, { 'T', 'W', 'H' }, { 'd', 'pad', 'adj', 'dilation' }) end

return Full
