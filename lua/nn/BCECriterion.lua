--- nn.BCECriterion([weights], [sizeAverage = true]): cross entropy of probabilities x and targets t of 0..1,
-- -(t log(x + 1e-12) + (1 - t) log(1 - x + 1e-12)), times the weight of each element (a vector, repeated over a batch).
-- For scores before the sigmoid there is nn.BCEWithLogitsCriterion, which never overflows.
-- input x and target t of one shape: (n) or (N, n) → loss, a number; gradient like x.
-- @usage local loss = nn.BCECriterion():forward(torch.rand(3), torch.Tensor{0, 1, 1})
local regression = require 'nn.regression'
local common = require 'nn.common'
local BCE, parent = torch.class('nn.BCECriterion', 'nn.Criterion')

function BCE:__init(weights, sizeAverage)
  parent.__init(self)
  self.sizeAverage = sizeAverage ~= false
  self.weights = regression.vector('nn.BCECriterion', weights)
end

function BCE:__len() return self.weights and self.weights:size(1) or 0 end

regression.methods(BCE, 'bce', 1e-12)
local updateOutput, each = BCE.updateOutput, BCE.each

local function check(self, target)
  local weights = self.weights
  if weights and common.istensor(target) and target:dim() > 0 and target:size(target:dim()) ~= weights:size(1) then
    common.expected(self, ('a last dimension of %d, one weight an element'):format(weights:size(1)), target)
  end
end

function BCE:updateOutput(input, target)
  check(self, target)
  return updateOutput(self, input, target)
end

function BCE:each(input, target)
  check(self, target)
  return each(self, input, target)
end

return BCE
