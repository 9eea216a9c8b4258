--- nn.L1Penalty(weight, [sizeAverage = false], [provideOutput = true]): the input unchanged; the gradient of
-- weight * sum |x| is added on the way back.
--
-- Shapes: any; output as the input. The penalty itself is in self.loss. sizeAverage divides weight by the number of
-- elements; with provideOutput false the gradient from above is not passed on.
-- @usage nn.L1Penalty(0.1):forward(torch.ones(2, 3))
local L1Penalty, parent = torch.class('nn.L1Penalty', 'nn.Module')
local common = require 'nn.common'
local utils = require 'nn.utils'

function L1Penalty:__init(l1weight, sizeAverage, provideOutput)
  parent.__init(self)
  if type(l1weight) ~= 'number' then
    error('nn.L1Penalty: expected a number as weight, got ' .. torch.type(l1weight), 2)
  end
  self.l1weight = l1weight
  self.sizeAverage = sizeAverage or false
  if provideOutput == nil then provideOutput = true end
  self.provideOutput = provideOutput
end

local function weight(self, input)
  common.check_tensor(self, input)
  return self.sizeAverage and self.l1weight / input:nElement() or self.l1weight
end

function L1Penalty:updateOutput(input)
  self.loss = weight(self, input) * input:norm(1)
  self.output = input
  return input
end

function L1Penalty:updateGradInput(input, gradOutput)
  local m = weight(self, input)
  self.gradInput = common.buffer(self.gradInput, input)
  self.gradInput:resizeAs(input):sign(input):mul(m)
  if self.provideOutput then self.gradInput:add(gradOutput) end
  return self.gradInput
end

-- The buffers are the neighbours' tensors: they are forgotten, not emptied.
function L1Penalty:clearState() return utils.forget(self, 'output', 'gradInput') end

return L1Penalty
