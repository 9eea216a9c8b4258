--- nn.Euclidean(nIn, nOut): distances to nOut learnt centres, y_j = ||w_j - x||.
--
-- Shapes: input (nIn) or (N, nIn); output (nOut) or (N, nOut). weight (nIn, nOut), a centre a column.
-- @usage nn.Euclidean(3, 4):forward(torch.ones(2, 3))
local Euclidean, parent = torch.class('nn.Euclidean', 'nn.Module')
local common = require 'nn.common'
local distances = require 'nn.distances'
local rows = require 'nn.rows'
local utils = require 'nn.utils'

local buffers = {
  '_input', '_output', '_gradOutput', '_weight', '_div', '_sum', '_expand', '_expand2', '_expand3', '_repeat',
  '_repeat2',
}

function Euclidean:__init(nIn, nOut)
  parent.__init(self)
  rows.check_sizes('nn.Euclidean', nIn, nOut)
  self.weight = torch.Tensor(nIn, nOut)
  self.gradWeight = torch.Tensor(nIn, nOut)
  -- accGradParameters takes what updateGradInput of the same input and gradOutput computed
  self.fastBackward = true
  self:reset()
end

--- Draw new centres, uniform in ±stdv*sqrt(3), by default ±1/sqrt(nIn).
function Euclidean:reset(stdv)
  stdv = common.spread(self, stdv, self.weight:size(1))
  self.weight:uniform(-stdv, stdv)
end

function Euclidean:updateOutput(input)
  local x = rows.of(self, input, self.weight:size(1))
  return distances.lengths(self, input, distances.differences(self, x))
end

-- (w_j - x) g_j / y_j of each centre, in self._repeat2
local function pulls(self, x, gradOutput)
  local diff = distances.differences(self, x)
  self._repeat2 = common.buffer(self._repeat2, x):resizeAs(diff)
  return self._repeat2:cmul(diff, distances.pull(self, gradOutput, diff))
end

function Euclidean:updateGradInput(input, gradOutput)
  if not self.gradInput then return end
  local x = rows.of(self, input, self.weight:size(1))
  local dx = common.buffer(self.gradInput, x)
  self.gradInput = dx
  dx:sum(pulls(self, x, gradOutput), 3):mul(-1)
  return dx:resizeAs(input)
end

function Euclidean:accGradParameters(input, gradOutput, scale)
  local x = rows.of(self, input, self.weight:size(1))
  local pull = self._repeat2
  if not (self.fastBackward and pull and pull:dim() == 3 and pull:size(1) == x:size(1)) then
    pull = pulls(self, x, gradOutput)
  end
  self._sum = common.buffer(self._sum, x)
  self.gradWeight:add(scale or 1, self._sum:sum(pull, 1):view(self.gradWeight:size()))
end

utils.clears(Euclidean, parent, buffers)

return Euclidean
