--- nn.Unsqueeze(pos, [numInputDims]): a dimension of size 1 put in at pos.
--
-- Shapes: input (..., ...); output (..., 1, ...). With numInputDims, inputs of one dimension more are batches, and pos
-- counts from behind the batch dimension.
-- @usage nn.Unsqueeze(2):forward(torch.ones(3, 2))  -- 3x1x2
local Unsqueeze, parent = torch.class('nn.Unsqueeze', 'nn.Module')
local common = require 'nn.common'
local utils = require 'nn.utils'

function Unsqueeze:__init(pos, numInputDims)
  parent.__init(self)
  if type(pos) ~= 'number' or pos < 1 then
    error('nn.Unsqueeze: expected the position to insert a dimension at, got ' .. tostring(pos), 2)
  end
  self.pos = pos
  self:setNumInputDims(numInputDims)
end

--- How many dimensions an input has without the batch.
-- @return self
function Unsqueeze:setNumInputDims(numInputDims)
  self.numInputDims = numInputDims
  return self
end

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

function Unsqueeze:updateGradInput(input, gradOutput)
  common.check_tensor(self, gradOutput, 'gradOutput')
  if gradOutput:nElement() ~= input:nElement() then
    common.expected(self, 'gradOutput ' .. common.shape(self.output), gradOutput)
  end
  if not gradOutput:isContiguous() then gradOutput = gradOutput:clone() end
  self.gradInput = common.buffer(self.gradInput, gradOutput)
  return self.gradInput:set(gradOutput:view(input:size()))
end

function Unsqueeze:__tostring__() return ('%s(dim %d)'):format(torch.type(self), self.pos) end

return Unsqueeze
