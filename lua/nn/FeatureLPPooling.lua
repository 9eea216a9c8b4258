--- nn.FeatureLPPooling(width, stride, p, [batchMode = false]): Lp norms over windows of features,
-- y_f = (sum of x^p over the window)^(1/p).
--
-- Shapes: input (F), (F, H) or (F, H, W), in batch mode (N, F), (N, F, H) or (N, F, H, W); the output has
-- (F - width) / stride + 1 features, rounded down. p is meant for values of which x^p is defined and positive.
-- @usage nn.FeatureLPPooling(2, 2, 2, true):forward(torch.ones(3, 4))
local FeatureLPPooling, parent = torch.class('nn.FeatureLPPooling', 'nn.Module')
local common = require 'nn.common'
local couple = require 'nn.couple'
local utils = require 'nn.utils'

function FeatureLPPooling:__init(width, stride, power, batch_mode)
  parent.__init(self)
  local function check(name, v, lo, hi)
    if type(v) ~= 'number' or v < lo or v > hi then
      error(('nn.FeatureLPPooling: %s: expected %d to %g, got %s'):format(name, lo, hi, tostring(v)), 3)
    end
  end
  check('width', width, 2, 16)
  check('stride', stride, 1, 4)
  if type(power) ~= 'number' or power <= 0 then
    error('nn.FeatureLPPooling: power: expected a positive number, got ' .. tostring(power), 2)
  end
  self.width = width
  self.stride = stride
  self.power = power
  self.batch_mode = batch_mode or false
end

-- The windows of x, a last dimension more.
local function windows(self, x)
  local dim = self.batch_mode and 2 or 1
  common.check_dims(self, x, dim, dim + 2, ('input of %d to %d dimensions'):format(dim, dim + 2))
  if x:size(dim) < self.width then
    common.expected(self, ('at least %d features in dimension %d'):format(self.width, dim), x)
  end
  return x:unfold(dim, self.width, self.stride)
end

function FeatureLPPooling:updateOutput(input)
  local w = windows(self, input)
  local power = common.buffer(self._power, input):resize(w:size())
  self._power = power
  if self.power == 2 then power:cmul(w, w) else power:copy(w):pow(self.power) end
  local out = common.buffer(self.output, input)
  self.output = out
  local sizes = w:size():totable()
  sizes[#sizes] = nil
  out:sum(power, w:dim()):resize(torch.LongStorage(sizes))
  if self.power == 2 then return out:sqrt() end
  return out:pow(1 / self.power)
end

-- dx = g (x / y)^(p - 1), 0 where y is 0
function FeatureLPPooling:updateGradInput(input, gradOutput)
  local w = windows(self, input)
  local out = self.output
  common.check_tensor(self, gradOutput, 'gradOutput')
  if not gradOutput:isSameSizeAs(out) then
    common.expected(self, 'gradOutput ' .. common.shape(out), gradOutput)
  end
  local dx = common.buffer(self.gradInput, input)
  self.gradInput = dx
  dx:resizeAs(input):zero()
  local ratio = common.buffer(self._power, input):resizeAs(out)
  self._power = ratio
  local zero = couple.mask(self, '_zero'):eq(out, 0)
  local into, last = windows(self, dx), w:dim()
  for k = 1, self.width do
    ratio:cdiv(w:select(last, k), out):pow(self.power - 1):maskedFill(zero, 0)
    into:select(last, k):addcmul(ratio, gradOutput)
  end
  return dx
end

function FeatureLPPooling:type(typename, cache)
  if typename then self._zero = nil end
  return parent.type(self, typename, cache)
end

function FeatureLPPooling:clearState()
  self._zero = nil
  utils.clear(self, '_power')
  return parent.clearState(self)
end

return FeatureLPPooling
