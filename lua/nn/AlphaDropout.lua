--- nn.AlphaDropout([p = 0.5]): dropout that keeps mean 0 and variance 1, for nets of nn.SELU (Klambauer et al., 2017).
-- While training elements become the SELU's lowest value s = -1.7581 with probability p, then all are scaled:
-- y = a * (x or s) + b, a = ((1 - p) * (1 + p * s^2))^(-1/2), b = -a * p * s. Evaluation changes nothing.
-- input (any shape) → output (the same).
-- @usage y = nn.AlphaDropout(0.1):forward(torch.randn(5, 4))
local AlphaDropout, parent = torch.class('nn.AlphaDropout', 'nn.Module')
local options = require 'nn.options'
local common = require 'nn.common'
local buffer = common.buffer

local LOWEST = -1.7580993408473766

function AlphaDropout:__init(p, ...)
  parent.__init(self)
  p = options.positional(torch.type(self), { 'p', 'inplace' }, p, ...) -- never in place
  self:setp(p or 0.5)
  self.train = true
  self.noise = torch.Tensor()
end

--- Change the probability.
function AlphaDropout:setp(p)
  self.p = common.probability('nn.AlphaDropout', p)
end

-- 1 where an element stays
function AlphaDropout:_draw(input) self.noise:resizeAs(input):bernoulli(1 - self.p) end

local function scale(self) return ((1 - self.p) * (1 + self.p * LOWEST * LOWEST)) ^ -0.5 end

-- input (any shape) → output (the same)
function AlphaDropout:updateOutput(input)
  common.check_dims(self, input, 1, 12, 'a tensor with elements')
  self.output = buffer(self.output, input)
  if not self.train or self.p == 0 then return self.output:resizeAs(input):copy(input) end
  local a = scale(self)
  self.noise = buffer(self.noise, input)
  self:_draw(input)
  -- a * (x * m + s * (1 - m)) + b = a * x * m - a * s * m + a * s + b
  self.output:cmul(input, self.noise):add(-LOWEST, self.noise):add(LOWEST):mul(a):add(-a * self.p * LOWEST)
  return self.output
end

function AlphaDropout:updateGradInput(input, gradOutput)
  common.check_tensor(self, input)
  common.check_dims(self, gradOutput, input.rank, input.rank, 'gradOutput of the output\'s size')
  self.gradInput = buffer(self.gradInput, input)
  if not self.train or self.p == 0 then return self.gradInput:resizeAs(gradOutput):copy(gradOutput) end
  return self.gradInput:cmul(gradOutput, self.noise):mul(scale(self))
end

function AlphaDropout:clearState()
  if self.noise then self.noise:set() end
  return parent.clearState(self)
end

function AlphaDropout:__tostring__() return ('%s(%g)'):format(torch.type(self), self.p) end

return AlphaDropout
