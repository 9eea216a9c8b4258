--- nn.SpatialDivisiveNormalization([nPlane = 1], [kernel = ones(9, 9)], [threshold = 1e-4], [thresval = threshold]): x
-- divided by its local deviation, the root of the local mean of x^2 over all planes, weighted by the kernel (a matrix,
-- or a vector applied along both directions; odd sizes). Deviations not above the threshold count as thresval.
-- input (N, nPlane, H, W) or (nPlane, H, W) → output (the same).
-- @usage y = nn.SpatialDivisiveNormalization(3, torch.ones(5, 5)):forward(torch.randn(3, 8, 8))
local Normalization, parent = torch.class('nn.SpatialDivisiveNormalization', 'nn.Module')
local common = require 'nn.common'
local localmean = require 'nn.localmean'

function Normalization:__init(nInputPlane, kernel, threshold, thresval)
  parent.__init(self)
  self.nInputPlane = common.optional(torch.type(self), 'nInputPlane', nInputPlane) or 1
  self.kernel = localmean.kernel('nn.SpatialDivisiveNormalization', self.nInputPlane, kernel)
  self.threshold = common.optional(torch.type(self), 'threshold', threshold) or 1e-4
  self.thresval = thresval or threshold or 1e-4
  self.meanestimator = localmean.estimator(nn.Sequential(), self.nInputPlane, self.kernel)
  self.stdestimator = localmean.estimator(nn.Sequential():add(nn.Square()), self.nInputPlane, self.kernel)
  self.stdestimator:add(nn.Sqrt())
  self.normalizer = nn.CDivTable()
  self.divider = nn.CDivTable()
  self.thresholder = nn.Threshold(self.threshold, self.thresval)
  self.coef = torch.Tensor(1, 1, 1)
end

-- input (N, nPlane, H, W) → output (the same); or without N
function Normalization:updateOutput(input)
  localmean.check_input(self, input)
  localmean.coefficients(self, input)
  self.localstds = self.stdestimator:updateOutput(input)
  self.adjustedstds = self.divider:updateOutput { self.localstds, self.coef }
  self.thresholdedstds = self.thresholder:updateOutput(self.adjustedstds)
  self.output = self.normalizer:updateOutput { input, self.thresholdedstds }
  return self.output
end

function Normalization:updateGradInput(input, gradOutput)
  localmean.check_input(self, input)
  common.check_dims(self, gradOutput, input.rank, input.rank, 'gradOutput of the output\'s size')
  if not self.localstds then error(tostring(self) .. ': backward before forward', 0) end
  local gradnorm = self.normalizer:updateGradInput({ input, self.thresholdedstds }, gradOutput)
  local gradthres = self.thresholder:updateGradInput(self.adjustedstds, gradnorm[2])
  local graddiv = self.divider:updateGradInput({ self.localstds, self.coef }, gradthres)
  local through = self.stdestimator:updateGradInput(input, graddiv[1])
  self.gradInput = common.buffer(self.gradInput, input)
  self.gradInput:resizeAs(input):add(through, gradnorm[1])
  return self.gradInput
end

function Normalization:clearState()
  for _, name in ipairs { 'meanestimator', 'stdestimator', 'normalizer', 'divider', 'thresholder' } do
    self[name]:clearState()
  end
  self.coef, self._inpsz = self.coef.new(1, 1, 1), nil
  self.ones, self._coef, self.localstds, self.adjustedstds, self.thresholdedstds = nil, nil, nil, nil, nil
  return parent.clearState(self)
end

return Normalization
