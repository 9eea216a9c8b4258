--- nn.WeightedEuclidean(nIn, nOut): distances to nOut learnt centres with learnt scales, y_j = ||c_j (w_j - x)||.
--
-- Shapes: input (nIn) or (N, nIn); output (nOut) or (N, nOut). weight and diagCov (nIn, nOut), a column a centre.
-- @usage nn.WeightedEuclidean(3, 4):forward(torch.ones(2, 3))
local WeightedEuclidean, parent = torch.class('nn.WeightedEuclidean', 'nn.Module')
local common = require 'nn.common'
local distances = require 'nn.distances'
local rows = require 'nn.rows'
local utils = require 'nn.utils'

local buffers = {
  '_input', '_output', '_gradOutput', '_weight', '_diagCov', '_div', '_sum', '_expand', '_expand2', '_expand3',
  '_expand4', '_repeat', '_repeat2', '_repeat3',
}

function WeightedEuclidean:__init(nIn, nOut)
  parent.__init(self)
  rows.check_sizes('nn.WeightedEuclidean', nIn, nOut)
  self.weight = torch.Tensor(nIn, nOut)
  self.gradWeight = torch.Tensor(nIn, nOut)
  self.diagCov = torch.Tensor(nIn, nOut)
  self.gradDiagCov = torch.Tensor(nIn, nOut)
  self.fastBackward = true
  self:reset()
end

--- Draw new centres, uniform in ±stdv*sqrt(3), by default ±1/sqrt(nIn); scales of 1.
function WeightedEuclidean:reset(stdv)
  stdv = common.spread(self, stdv, self.weight:size(1))
  self.weight:uniform(-stdv, stdv)
  self.diagCov:fill(1)
end

function WeightedEuclidean:parameters()
  return { self.weight, self.diagCov }, { self.gradWeight, self.gradDiagCov }
end

-- (N, nIn, nOut): differences in self._repeat, and a parameter repeated for each sample
local function repeated(p, diff) return p:view(1, p:size(1), p:size(2)):expandAs(diff) end

function WeightedEuclidean:updateOutput(input)
  local x = rows.of(self, input, self.weight:size(1))
  local diff = distances.differences(self, x)
  self._repeat2 = common.buffer(self._repeat2, x):resizeAs(diff)
  self._repeat2:cmul(diff, repeated(self.diagCov, diff))
  return distances.lengths(self, input, self._repeat2)
end

-- c^2 (w - x) g / y in self._repeat2, c (w - x)^2 g / y in self._repeat3
local function pulls(self, x, gradOutput)
  local diff = distances.differences(self, x)
  self._repeat2 = common.buffer(self._repeat2, x):resizeAs(diff)
  self._repeat3 = common.buffer(self._repeat3, x):resizeAs(diff)
  local cov = repeated(self.diagCov, diff)
  self._repeat2:cmul(diff, distances.pull(self, gradOutput, diff)):cmul(cov)
  self._repeat3:cmul(self._repeat2, diff)
  return self._repeat2:cmul(cov), self._repeat3
end

function WeightedEuclidean:updateGradInput(input, gradOutput)
  if not self.gradInput then return end
  local x = rows.of(self, input, self.weight:size(1))
  local dx = common.buffer(self.gradInput, x)
  self.gradInput = dx
  return dx:sum(pulls(self, x, gradOutput), 3):mul(-1):resizeAs(input)
end

function WeightedEuclidean:accGradParameters(input, gradOutput, scale)
  local x = rows.of(self, input, self.weight:size(1))
  local size = self.weight:size()
  local dw, dcov = pulls(self, x, gradOutput)
  self._sum = common.buffer(self._sum, x)
  self.gradWeight:add(scale or 1, self._sum:sum(dw, 1):view(size))
  self.gradDiagCov:add(scale or 1, self._sum:sum(dcov, 1):view(size))
end

-- The parameters stand in for their gradients.
function WeightedEuclidean:accUpdateGradParameters(input, gradOutput, lr)
  lr = common.rate(self, 'accUpdateGradParameters', lr)
  local gradWeight, gradDiagCov = self.gradWeight, self.gradDiagCov
  self.gradWeight, self.gradDiagCov = self.weight, self.diagCov
  local ok, why = pcall(self.accGradParameters, self, input, gradOutput, -lr)
  self.gradWeight, self.gradDiagCov = gradWeight, gradDiagCov
  if not ok then error(why, 0) end
end

utils.clears(WeightedEuclidean, parent, buffers)

return WeightedEuclidean
