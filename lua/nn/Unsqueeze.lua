--- nn.Unsqueeze(pos, [numInputDims]): a dimension of size 1 put in at pos.
--
-- Shapes: input (..., ...); output (..., 1, ...). With numInputDims, inputs of one dimension more are batches, and pos
-- counts from behind the batch dimension.
-- @usage nn.Unsqueeze(2):forward(torch.ones(3, 2))  -- 3x1x2
local Unsqueeze, parent = torch.class('nn.Unsqueeze', 'nn.Module')
local common = require 'nn.common'
local resized = require 'nn.resized'
local utils = require 'nn.utils'

function Unsqueeze:__init(pos, numInputDims)
  parent.__init(self)
  if type(pos) ~= 'number' or pos < 1 then
    error('nn.Unsqueeze: expected the position to insert a dimension at, got ' .. tostring(pos), 2)
  end
  self.pos = pos
  self:setNumInputDims(numInputDims)
end

resized.batches(Unsqueeze)

--- Where the dimension goes in this input.
function Unsqueeze:_getActualPosition(input)
  common.check_dims(self, input, 1, 11, 'a tensor with elements')
  local batch = self.numInputDims and input:dim() > self.numInputDims
  local pos = self.pos + (batch and input:dim() - self.numInputDims or 0)
  if pos > input:dim() + 1 then
    common.expected(self, ('input of at least %d dimensions'):format(pos - 1), input)
  end
  return pos
end

function Unsqueeze:updateOutput(input)
  local pos = self:_getActualPosition(input)
  self.output = common.buffer(self.output, input)
  return utils.addSingletonDimension(self.output, input, pos)
end

function Unsqueeze:__tostring__() return ('%s(dim %d)'):format(torch.type(self), self.pos) end

return resized.methods(Unsqueeze, parent)
