--- nn.BCECriterion([weights], [sizeAverage = true]): cross entropy of probabilities x and targets t of 0..1,
-- -(t log(x + 1e-12) + (1 - t) log(1 - x + 1e-12)), times the weight of each element.
local BCE, parent = torch.class('nn.BCECriterion', 'nn.Criterion')
local common = require 'nn.common'
local regression = require 'nn.regression'

local guard = 1e-12

function BCE:__init(weights, sizeAverage)
  parent.__init(self)
  self.sizeAverage = sizeAverage ~= false
  if weights ~= nil then
    if not torch.isTensor(weights) or weights:dim() ~= 1 then
      error('nn.BCECriterion: weights: expected a vector, got ' .. common.shape(weights), 2)
    end
    self.weights = weights
  end
end

function BCE:__len__() return self.weights and self.weights:size(1) or 0 end

-- The weights in the shape of a batch.
local function weights_for(self, target)
  local weights = self.weights
  if weights and target:dim() ~= 1 then
    if weights:size(1) ~= target:size(target:dim()) then
      common.expected(self, ('a last dimension of %d, one weight an element'):format(weights:size(1)), target)
    end
    local lead = torch.LongStorage(target:dim()):fill(1)
    lead[target:dim()] = weights:size(1)
    weights = weights:view(lead):expandAs(target)
  end
  return weights
end

local function scratch(self, input)
  self._buffer = common.buffer(self._buffer, input)
  return self._buffer:resizeAs(input)
end

-- input, target (equal sizes) → loss
function BCE:updateOutput(input, target)
  regression.check(self, input, target)
  local weights, b = weights_for(self, target), scratch(self, input)
  b:add(input, guard):log()
  if weights then b:cmul(weights) end
  local sum = target:dot(b)
  b:mul(input, -1):add(1):add(guard):log()
  if weights then b:cmul(weights) end
  sum = sum + b:sum() - target:dot(b)
  self.output = regression.average(self, input, -sum)
  return self.output
end

-- (x - t) / ((1 - x + 1e-12) (x + 1e-12))
function BCE:updateGradInput(input, target)
  regression.check(self, input, target)
  local weights, b = weights_for(self, target), scratch(self, input)
  b:mul(input, -1):add(1):add(guard)
  local dx = regression.difference(self, input, target):cdiv(b)
  dx:cdiv(b:add(input, guard))
  if weights then dx:cmul(weights) end
  return dx:mul(regression.average(self, input, 1))
end

return BCE
