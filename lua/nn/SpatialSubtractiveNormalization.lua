--- nn.SpatialSubtractiveNormalization([nPlane = 1], [kernel = ones(9, 9)]): x less its local mean over all planes,
-- weighted by the kernel (a matrix, or a vector applied along both directions; odd sizes); near the border the mean is
-- over what lies inside.
-- input (N, nPlane, H, W) or (nPlane, H, W) → output (the same).
-- @usage y = nn.SpatialSubtractiveNormalization(3, torch.ones(5, 5)):forward(torch.randn(3, 8, 8))
local Normalization, parent = torch.class('nn.SpatialSubtractiveNormalization', 'nn.Module')
local common = require 'nn.common'
local localmean = require 'nn.localmean'
local utils = require 'nn.utils'

function Normalization:__init(nInputPlane, kernel)
  parent.__init(self)
  self.nInputPlane = common.optional(torch.type(self), 'nInputPlane', nInputPlane) or 1
  self.kernel = localmean.kernel('nn.SpatialSubtractiveNormalization', self.nInputPlane, kernel)
  self.meanestimator = localmean.estimator(nn.Sequential(), self.nInputPlane, self.kernel)
  self.subtractor = nn.CSubTable()
  self.divider = nn.CDivTable()
  self.coef = torch.Tensor(1, 1, 1)
end

-- input (N, nPlane, H, W) → output (the same); or without N
function Normalization:updateOutput(input)
  localmean.check_input(self, input)
  localmean.coefficients(self, input)
  self.localsums = self.meanestimator:updateOutput(input)
  self.adjustedsums = self.divider:updateOutput { self.localsums, self.coef }
  self.output = self.subtractor:updateOutput { input, self.adjustedsums }
  return self.output
end

function Normalization:updateGradInput(input, gradOutput)
  localmean.check_input(self, input)
  common.check_dims(self, gradOutput, input.rank, input.rank, 'gradOutput of the output\'s size')
  if not self.localsums then error(tostring(self) .. ': backward before forward', 0) end
  local gradsub = self.subtractor:updateGradInput({ input, self.adjustedsums }, gradOutput)
  local graddiv = self.divider:updateGradInput({ self.localsums, self.coef }, gradsub[2])
  local through = self.meanestimator:updateGradInput(input, graddiv[1])
  self.gradInput = common.buffer(self.gradInput, input)
  self.gradInput:resizeAs(input):add(through, gradsub[1])
  return self.gradInput
end

function Normalization:clearState()
  self.meanestimator:clearState()
  self.subtractor:clearState()
  self.divider:clearState()
  self.coef, self._inpsz = self.coef.new(1, 1, 1), nil
  utils.clear(self, 'ones', '_coef')
  self.ones, self._coef, self.localsums, self.adjustedsums = nil, nil, nil, nil
  return parent.clearState(self)
end

return Normalization
