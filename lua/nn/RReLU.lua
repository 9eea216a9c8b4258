--- nn.RReLU([l = 1/8], [u = 1/3], [inplace = false]): x above 0, r x below, r drawn anew from [l, u] for each element.
--
-- Shapes: any; output as the input. When evaluating, r = (l + u) / 2. self.noise holds the slopes.
-- Xu et al. 2015, Empirical Evaluation of Rectified Activations in Convolutional Network.
-- @usage nn.RReLU():forward(torch.randn(2, 3))
local RReLU, parent = torch.class('nn.RReLU', 'nn.Module')
local options = require 'nn.options'
local common = require 'nn.common'
local couple = require 'nn.couple'
local pointwise = require 'nn.pointwise'

function RReLU:__init(l, u, inplace)
  parent.__init(self)
  l, u, inplace = options.positional('nn.RReLU', { 'lower', 'upper', 'inplace' }, l, u, inplace)
  self.lower = l or 1 / 8
  self.upper = u or 1 / 3
  if type(self.lower) ~= 'number' or type(self.upper) ~= 'number' or self.lower > self.upper then
    error(('nn.RReLU: expected numbers l <= u, got %s and %s'):format(tostring(l), tostring(u)), 2)
  end
  self.noise = torch.Tensor()
  self.train = true
  self.inplace = pointwise.flag('nn.RReLU', 'inplace', inplace)
end

-- Slopes: 1 above 0, else one draw each, in the order of the elements
local function draw(self, input)
  local noise = common.buffer(self.noise, input)
  self.noise = noise
  noise:resizeAs(input):fill(1)
  local mask = couple.mask(self, '_below'):le(input, 0)
  local count = mask:sum()
  if count > 0 then
    self._drawn = common.buffer(self._drawn, input)
    noise:maskedCopy(mask, self._drawn:resize(count):uniform(self.lower, self.upper))
  end
  return noise
end

-- x, or x itself where work is in place
local function start(self, field, x)
  local out = common.buffer(self[field], x)
  self[field] = out
  if self.inplace then return out:set(x) end
  return out:resizeAs(x):copy(x)
end

-- x times slope where the mask says
local function sloped(self, x, mask, slope)
  if mask:sum() == 0 then return x end
  self._drawn = common.buffer(self._drawn, x)
  self._drawn:maskedSelect(x, mask)
  x:maskedCopy(mask, self._drawn:mul(slope))
  return x
end

function RReLU:updateOutput(input)
  common.check_tensor(self, input)
  if self.train then
    local noise = draw(self, input)
    return start(self, 'output', input):cmul(noise)
  end
  local slope = (self.lower + self.upper) / 2
  local mask = couple.mask(self, '_below'):le(input, 0)
  return sloped(self, start(self, 'output', input), mask, slope)
end

function RReLU:updateGradInput(input, gradOutput)
  common.check_tensor(self, input)
  common.check_tensor(self, gradOutput, 'gradOutput')
  if gradOutput:nElement() ~= input:nElement() then
    common.expected(self, 'gradOutput ' .. common.shape(input), gradOutput)
  end
  local dx = start(self, 'gradInput', gradOutput)
  if self.train then return dx:cmul(self.noise) end
  return sloped(self, dx, couple.mask(self, '_below'):le(input, 0), (self.lower + self.upper) / 2)
end

function RReLU:clearState()
  if self.noise then self.noise:set() end
  self._below, self._drawn = nil, nil
  return parent.clearState(self)
end

function RReLU:__tostring__()
  return ('%s (l:%f, u:%f)'):format(torch.type(self), self.lower, self.upper)
end

return RReLU
