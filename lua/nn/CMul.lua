--- nn.CMul(sizes...) or nn.CMul(LongStorage): y = w x, element by element, with a learnt tensor w of these sizes.
--
-- Shapes: input (sizes) or (N, sizes), sizes of 1 in w repeated along the input's; output the same.
-- @usage nn.CMul(1, 3):forward(torch.ones(2, 3))
local CMul, parent = torch.class('nn.CMul', 'nn.Module')
local common = require 'nn.common'
local expand = require 'nn.expand'
local utils = require 'nn.utils'

local buffers = {
  '_input', '_output', '_weight', '_gradWeight', '_expand', '_repeat', '_sum', '_gradOutput', '_gradInput',
}

function CMul:__init(...)
  parent.__init(self)
  self.size = expand.sizes('nn.CMul', ...)
  self.weight = torch.Tensor(self.size)
  self.gradWeight = torch.Tensor(self.size)
  self.output:resize(self.size)
  self:reset()
end

--- Draw a new weight, uniform in ±stdv*sqrt(3), by default ±1/sqrt(number of elements).
function CMul:reset(stdv)
  stdv = common.spread(self, stdv, self.weight:nElement())
  self.weight:uniform(-stdv, stdv)
end

-- input → weight * input
function CMul:updateOutput(input)
  local weight = expand.meet(self, self.weight, input)
  self.output = common.buffer(self.output, input)
  return self.output:resizeAs(input):cmul(input, weight:expandAs(input))
end

function CMul:updateGradInput(input, gradOutput)
  if not self.gradInput then return end
  local weight = expand.meet(self, self.weight, input)
  common.check_tensor(self, gradOutput, 'gradOutput')
  self.gradInput = common.buffer(self.gradInput, input)
  return self.gradInput:resizeAs(input):cmul(gradOutput, weight:expandAs(input))
end

-- gradWeight (sizes) += scale * input * gradOutput, summed where w is repeated
function CMul:accGradParameters(input, gradOutput, scale)
  local weight = expand.meet(self, self.weight, input)
  self._input = common.buffer(self._input, input)
  self._sum = common.buffer(self._sum, input)
  self._repeat = common.buffer(self._repeat, input)
  local product = self._input:resizeAs(input):cmul(input, gradOutput)
  expand.accumulate(self.gradWeight, weight, product, scale or 1, { self._sum, self._repeat })
end

utils.clears(CMul, parent, buffers)

return CMul
