--- What nn.Euclidean and nn.WeightedEuclidean share: distances of the input to learnt centres.
local common = require 'nn.common'
local rows = require 'nn.rows'

local M = {}

local TINY = 1e-7 -- added to distances that divide

--- Differences (N, nIn, nOut) of centres and inputs, in self._repeat.
-- @param self the module, weight (nIn, nOut)
-- @param x (N, nIn)
function M.differences(self, x)
  local w = self.weight
  local nIn, nOut, n = w:size(1), w:size(2), x:size(1)
  local diff = common.buffer(self._repeat, x):resize(n, nIn, nOut)
  self._repeat = diff
  local packed = x:isContiguous() and x or x:clone()
  return diff:add(w:view(1, nIn, nOut):expand(n, nIn, nOut), -1, packed:view(n, nIn, 1):expand(n, nIn, nOut))
end

--- Lengths of differences along nIn, into self.output: (N, nOut), or (nOut) for a single input.
function M.lengths(self, input, diff)
  local out = common.buffer(self.output, diff)
  self.output = out
  out:norm(diff, 2, 2):resize(diff:size(1), diff:size(3))
  return rows.back(out, input, diff:size(3))
end

--- gradOutput / distance, (N, 1, nOut) repeated to diff's sizes.
function M.pull(self, gradOutput, diff)
  local n, nOut = diff:size(1), diff:size(3)
  local g = rows.of(self, gradOutput, nOut, 'gradOutput')
  self._output = common.buffer(self._output, diff):resize(n, nOut):add(self.output:view(n, nOut), TINY)
  self._div = common.buffer(self._div, diff):resize(n, nOut):cdiv(g, self._output)
  return self._div:view(n, 1, nOut):expandAs(diff)
end

return M
