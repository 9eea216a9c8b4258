--- nn.CAdd(sizes...) or nn.CAdd(LongStorage): y = x + b, element by element, with a learnt tensor b of these sizes.
--
-- Shapes: input (sizes) or (N, sizes), sizes of 1 in b repeated along the input's; output the same.
-- @usage nn.CAdd(1, 3):forward(torch.ones(2, 3))
local CAdd, parent = torch.class('nn.CAdd', 'nn.Module')
local common = require 'nn.common'
local expand = require 'nn.expand'
local utils = require 'nn.utils'

local buffers = { '_gradOutput', '_gradBias', '_expand', '_output', '_bias', '_repeat' }

function CAdd:__init(...)
  parent.__init(self)
  self.size = expand.sizes('nn.CAdd', ...)
  self.bias = torch.Tensor(self.size)
  self.gradBias = torch.Tensor(self.size)
  self.output:resize(self.size)
  self:reset()
end

--- Draw a new bias, uniform in ±stdv*sqrt(3), by default ±1/sqrt(number of elements).
function CAdd:reset(stdv)
  stdv = common.spread(self, stdv, self.bias:nElement())
  self.bias:uniform(-stdv, stdv)
end

-- input → input + bias
function CAdd:updateOutput(input)
  local bias = expand.meet(self, self.bias, input)
  self.output = common.buffer(self.output, input)
  return self.output:resizeAs(input):add(input, bias:expandAs(input))
end

function CAdd:updateGradInput(_input, gradOutput)
  if not self.gradInput then return end
  common.check_tensor(self, gradOutput, 'gradOutput')
  self.gradInput = common.buffer(self.gradInput, gradOutput)
  return self.gradInput:resizeAs(gradOutput):copy(gradOutput)
end

-- gradBias (sizes) += scale * gradOutput, summed where b is repeated
function CAdd:accGradParameters(input, gradOutput, scale)
  local bias = expand.meet(self, self.bias, input)
  self._gradBias = common.buffer(self._gradBias, gradOutput)
  self._repeat = common.buffer(self._repeat, gradOutput)
  expand.accumulate(self.gradBias, bias, gradOutput, scale or 1, { self._gradBias, self._repeat })
end

utils.clears(CAdd, parent, buffers)

return CAdd
