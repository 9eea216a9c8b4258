--- nn.SpatialContrastiveNormalization([nPlane = 1], [kernel = ones(9, 9)], [threshold = 1e-4], [thresval = threshold]):
-- nn.SpatialSubtractiveNormalization, then nn.SpatialDivisiveNormalization.
-- input (N, nPlane, H, W) or (nPlane, H, W) → output (the same).
-- @usage y = nn.SpatialContrastiveNormalization(3, torch.ones(5, 5)):forward(torch.randn(3, 8, 8))
local Normalization, parent = torch.class('nn.SpatialContrastiveNormalization', 'nn.Module')
local common = require 'nn.common'
local localmean = require 'nn.localmean'

function Normalization:__init(nInputPlane, kernel, threshold, thresval)
  parent.__init(self)
  self.nInputPlane = common.optional(torch.type(self), 'nInputPlane', nInputPlane) or 1
  self.kernel = localmean.kernel('nn.SpatialContrastiveNormalization', self.nInputPlane, kernel)
  self.threshold = common.optional(torch.type(self), 'threshold', threshold) or 1e-4
  self.thresval = thresval or threshold or 1e-4
  self.normalizer = nn.Sequential()
    :add(nn.SpatialSubtractiveNormalization(self.nInputPlane, self.kernel))
    :add(nn.SpatialDivisiveNormalization(self.nInputPlane, self.kernel, self.threshold, self.thresval))
end

-- input (N, nPlane, H, W) → output (the same); or without N
function Normalization:updateOutput(input)
  localmean.check_input(self, input)
  self.output = self.normalizer:forward(input)
  return self.output
end

function Normalization:updateGradInput(input, gradOutput)
  localmean.check_input(self, input)
  self.gradInput = self.normalizer:backward(input, gradOutput)
  return self.gradInput
end

function Normalization:clearState()
  self.normalizer:clearState()
  return parent.clearState(self)
end

return Normalization
