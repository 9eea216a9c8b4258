--- nn.Squeeze([dim], [numInputDims]): drops dimensions of size 1: all, or one.
--
-- Shapes: input (..., 1, ...); output (..., ...). With numInputDims, inputs of one dimension more are batches, whose
-- first dimension stays. A dim of another size stays as it is.
-- @usage nn.Squeeze():forward(torch.ones(3, 1, 2))  -- 3x2
local Squeeze, parent = torch.class('nn.Squeeze', 'nn.Module')
local common = require 'nn.common'
local resized = require 'nn.resized'

function Squeeze:__init(dim, numInputDims)
  parent.__init(self)
  if dim ~= nil and type(dim) ~= 'number' then
    error('nn.Squeeze: expected a dimension, got ' .. torch.type(dim), 2)
  end
  self.dim = dim
  self:setNumInputDims(numInputDims)
end

resized.batches(Squeeze)

function Squeeze:updateOutput(input)
  common.check_dims(self, input, 1, 12, 'a tensor with elements')
  local batch = self.numInputDims and input:dim() == self.numInputDims + 1
  local dim = self.dim and (batch and self.dim + 1 or self.dim)
  if dim and (dim < 1 or dim > input:dim()) then
    common.expected(self, ('input with a dimension %d'):format(dim), input)
  end
  local out = common.buffer(self.output, input)
  self.output = out
  out:set(input)
  for d = input:dim(), 1, -1 do
    local drop = input:size(d) == 1 and (not dim or d == dim) and not (batch and not dim and d == 1)
    if drop and out:dim() > 1 then out:set(out:select(d, 1)) end
  end
  return out
end

return resized.methods(Squeeze, parent)
