--- nn.Sum([dim = 1], [nInputDims], [sizeAverage = false], [squeeze = true]): the sum along a dimension.
--
-- Shapes: input (..., n, ...); output without that dimension, (1) for a vector; with squeeze false it keeps size 1.
-- sizeAverage divides by n. A negative dim counts from the last; with nInputDims, inputs of one dimension more are
-- batches.
-- @usage nn.Sum(1, 1):forward(torch.ones(2, 5))  -- 5, 5
local Sum, parent = torch.class('nn.Sum', 'nn.Module')
local common = require 'nn.common'
local reduced = require 'nn.reduced'

function Sum:__init(dimension, nInputDims, sizeAverage, squeeze)
  parent.__init(self)
  reduced.check_arguments(torch.type(self), dimension, nInputDims)
  self.dimension = common.optional(torch.type(self), 'dimension', dimension) or 1
  self.nInputDims = nInputDims
  self.sizeAverage = sizeAverage or false
  if squeeze == nil then squeeze = true end
  self.squeeze = squeeze
end

Sum._getPositiveDimension = reduced.dimension

function Sum:updateOutput(input)
  local dim = self:_getPositiveDimension(input)
  local out = common.buffer(self.output, input)
  self.output = out
  out:sum(input, dim)
  if self.sizeAverage then out:div(input:size(dim)) end
  if self.squeeze ~= false and out:dim() > 1 then out:set(out:select(dim, 1)) end
  return out
end

function Sum:updateGradInput(input, gradOutput)
  local dim = self:_getPositiveDimension(input)
  local g = reduced.column(self, input, gradOutput, dim)
  local dx = common.buffer(self.gradInput, input)
  self.gradInput = dx
  dx:resizeAs(input):copy(g:expandAs(input))
  if self.sizeAverage then dx:div(input:size(dim)) end
  return dx
end

return Sum
