--- nn.BCEWithLogitsCriterion([weights], [sizeAverage = true], [posWeights]): cross entropy of sigmoid(x) and targets t
-- of 0..1, computed from the scores x as log(1 + e^x) - x t, exact where sigmoid(x) rounds to 0 or 1.
-- weights: a vector, one an element, repeated over a batch. posWeights: the same for positive targets only:
-- the loss is (1 - t) x + (1 + (p - 1) t) log(1 + e^-x).
-- @usage local loss = nn.BCEWithLogitsCriterion():forward(torch.randn(3), torch.Tensor{0, 1, 1})
local regression = require 'nn.regression'
local common = require 'nn.common'
local BCE, parent = torch.class('nn.BCEWithLogitsCriterion', 'nn.Criterion')

function BCE:__init(weights, sizeAverage, posWeights)
  parent.__init(self)
  self.sizeAverage = sizeAverage ~= false
  self.weights = regression.vector('nn.BCEWithLogitsCriterion', weights)
  self.posWeights = regression.vector('nn.BCEWithLogitsCriterion', posWeights)
end

function BCE:__len() return self.weights and self.weights:size(1) or 0 end

regression.methods(BCE, 'bce_logits')
local updateOutput, updateGradInput, each = BCE.updateOutput, BCE.updateGradInput, BCE.each

-- The loss is the plain one plus (p - 1) t log(1 + e^-x); (p - 1) t goes to self._extra.
local function extra(self, input, target)
  local p, n = self.posWeights, input:size(input:dim())
  if p:size(1) ~= n then common.expected(self, ('input with %d columns, as posWeights'):format(p:size(1)), input) end
  self._extra, self._slope = common.buffer(self._extra, input), common.buffer(self._slope, input)
  local w, rows = self._extra:resizeAs(input), input:nElement() / n
  local each_row = w:view(rows, n)
  each_row:copy(p:view(1, n):expand(rows, n)):add(-1):cmul(target)
  if self.weights then each_row:cmul(self.weights:view(1, n):expand(rows, n)) end
  return w
end

function BCE:updateOutput(input, target)
  local loss = updateOutput(self, input, target)
  if self.posWeights then
    local w = extra(self, input, target)
    self._slope:resizeAs(input):neg(input):softplus(1)
    self.output = loss + regression.average(self, input, w:dot(self._slope))
  end
  return self.output
end

function BCE:each(input, target)
  local losses = each(self, input, target)
  if self.posWeights then
    local w = extra(self, input, target)
    losses:add(self._slope:resizeAs(input):neg(input):softplus(1):cmul(w))
  end
  return losses
end

function BCE:updateGradInput(input, target)
  local dx = updateGradInput(self, input, target)
  if self.posWeights then
    local w = extra(self, input, target)
    self._slope:resizeAs(input):neg(input):sigmoid()
    dx:addcmul(-regression.average(self, input, 1), w, self._slope)
  end
  return dx
end

return BCE
