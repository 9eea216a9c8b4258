--- nn.GaussianNLLCriterion([full = false], [sizeAverage = true], [eps = 1e-6]): negative log likelihood of t under
-- normal laws: input {mean, variance}, (log v + (t - mean)^2 / v) / 2 with v = max(variance, eps); full adds
-- log(2 pi) / 2. Variances below eps get no gradient.
-- @usage local loss = nn.GaussianNLLCriterion():forward({torch.randn(3), torch.rand(3)}, torch.randn(3))
local common = require 'nn.common'
local couple = require 'nn.couple'
local regression = require 'nn.regression'
local Gaussian, parent = torch.class('nn.GaussianNLLCriterion', 'nn.Criterion')

function Gaussian:__init(full, sizeAverage, eps)
  parent.__init(self)
  self.full = full or false
  self.sizeAverage = sizeAverage ~= false
  self.eps = common.optional(torch.type(self), 'eps', eps) or 1e-6
  self.gradInput = { torch.Tensor(), torch.Tensor() }
end

-- The variance limited from below, and mean - t.
local function parts(self, input, target)
  local mean, var = couple.check(self, input)
  regression.check(self, mean, target)
  if var:nElement() > 0 and var:min() < 0 then
    common.expected(self, 'variances of 0 or more', var:min())
  end
  self._variance, self._difference = common.buffer(self._variance, mean), common.buffer(self._difference, mean)
  return mean, var, self._variance:resizeAs(var):copy(var):cmax(self.eps),
    self._difference:resizeAs(mean):add(mean, -1, target)
end

-- {mean, variance}, target (as many elements) → loss
function Gaussian:updateOutput(input, target)
  local mean, _, v, d = parts(self, input, target)
  self._buffer = common.buffer(self._buffer, mean)
  local sum = self._buffer:resizeAs(v):log(v):sum()
  sum = sum + self._buffer:cmul(d, d):cdiv(v):sum()
  if self.full then sum = sum + mean:nElement() * math.log(2 * math.pi) end
  self.output = regression.average(self, mean, sum / 2)
  return self.output
end

function Gaussian:each(input, target)
  local mean, _, v, d = parts(self, input, target)
  self._each = common.buffer(self._each, mean)
  local losses = self._each:resizeAs(v):log(v):addcdiv(d:cmul(d), v)
  if self.full then losses:add(math.log(2 * math.pi)) end
  return losses:div(2)
end

function Gaussian:updateGradInput(input, target)
  local mean, var, v, d = parts(self, input, target)
  local dmean, dvar = couple.gradients(self, mean, var)
  local scale = regression.average(self, mean, 1)
  dmean:cdiv(d, v) -- (mean - t) / v
  dvar:cmul(dmean, dmean):mul(-1):add(v:cinv()):mul(scale / 2)
  dvar:maskedFill(couple.mask(self, '_low'):lt(var, self.eps), 0)
  dmean:mul(scale)
  return self.gradInput
end

return Gaussian
