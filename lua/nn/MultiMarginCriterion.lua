--- nn.MultiMarginCriterion([p = 1], [weights], [margin = 1]): sum over i ~= t of max(0, margin - x[t] + x[i])^p times
-- the
-- weight of t, divided by the number of classes; averaged over the batch.
local MultiMargin, parent = torch.class('nn.MultiMarginCriterion', 'nn.Criterion')
local common = require 'nn.common'

function MultiMargin:__init(p, weights, margin)
  parent.__init(self)
  self.p = p or 1
  if self.p ~= 1 and self.p ~= 2 then error('nn.MultiMarginCriterion: only p == 1 and p == 2 are supported', 2) end
  self.margin = margin or 1.0
  self.sizeAverage = true
  if weights ~= nil then
    if not torch.isTensor(weights) or weights:dim() ~= 1 then
      error('nn.MultiMarginCriterion: weights: expected a vector, one number a class', 2)
    end
    self.weights = weights
  end
end

-- Input as (N, C), and the classes of its rows.
local function rows(self, input, target)
  common.check_dims(self, input, 1, 2, 'scores [N x C] or [C]')
  local x = input:dim() == 1 and input:view(1, -1) or input
  local classes = {}
  for i = 1, x:size(1) do
    local t = target
    if torch.isTensor(target) then t = i <= target:nElement() and target:contiguous():view(-1)[i] or nil end
    if type(t) ~= 'number' or t < 1 or t > x:size(2) or t ~= math.floor(t) then
      common.expected(self, ('for row %d a class of 1..%d as target'):format(i, x:size(2)), t)
    end
    classes[i] = t
  end
  return x, classes
end

-- The slack of each class in row i, 0 where there is none and at the target.
local function slack(self, x, i, t)
  local z = x[i]:clone():add(self.margin - x[i][t]):cmax(0)
  z[t] = 0
  return z
end

local function factor(self, x, t)
  return (self.weights and self.weights[t] or 1) / x:size(2) / (self.sizeAverage and x:size(1) or 1)
end

-- input (N, C) or (C), target (N) classes from 1 or a number → loss
function MultiMargin:updateOutput(input, target)
  local x, classes = rows(self, input, target)
  self.output = 0
  for i, t in ipairs(classes) do
    local z = slack(self, x, i, t)
    self.output = self.output + factor(self, x, t) * (self.p == 1 and z:sum() or z:dot(z))
  end
  return self.output
end

function MultiMargin:updateGradInput(input, target)
  local x, classes = rows(self, input, target)
  self.gradInput = common.buffer(self.gradInput, input)
  local dx = self.gradInput:resizeAs(input):view(x:size(1), x:size(2))
  for i, t in ipairs(classes) do
    local z = slack(self, x, i, t)
    z = (self.p == 1 and z:sign() or z:mul(2)):mul(factor(self, x, t))
    dx[i]:copy(z)
    dx[i][t] = -z:sum()
  end
  return self.gradInput
end

return MultiMargin
