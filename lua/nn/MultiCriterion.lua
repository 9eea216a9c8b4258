--- nn.MultiCriterion(): the weighted sum of criterions on one input and target.
-- loss = sum over criterions of weight · criterion(input, target).
-- input and target: what all of the criterions take → loss, a number; gradient like the input.
-- @usage local c = nn.MultiCriterion():add(nn.MSECriterion(), 0.5):add(nn.AbsCriterion())
local MultiCriterion, parent = torch.class('nn.MultiCriterion', 'nn.Criterion')
local common = require 'nn.common'
local utils = require 'nn.utils'

function MultiCriterion:__init()
  parent.__init(self)
  self.criterions = {}
  self.weights = torch.DoubleStorage()
end

--- Add a criterion.
-- @param criterion
-- @param[opt=1] weight
-- @return self
function MultiCriterion:add(criterion, weight)
  if criterion == nil then error('nn.MultiCriterion: add: expected a criterion, got nil', 2) end
  local n = #self.criterions + 1
  self.criterions[n] = criterion
  self.weights:resize(n)
  self.weights[n] = weight or 1
  return self
end

-- input, target → loss
function MultiCriterion:updateOutput(input, target)
  self.output = 0
  for i, c in ipairs(self.criterions) do
    self.output = self.output + self.weights[i] * common.within(self, i, c, 'updateOutput', input, target)
  end
  return self.output
end

--- The weighted sum of the criterions' losses, one by one: as many for each.
function MultiCriterion:each(input, target)
  local sum
  for i, c in ipairs(self.criterions) do
    if not c.each then error(('nn.MultiCriterion: %s has no losses one by one'):format(torch.type(c)), 0) end
    local losses = c:each(input, target)
    if i == 1 then self._each = common.buffer(self._each, losses) end
    sum = sum or self._each:resizeAs(losses):zero()
    if not sum:isSameSizeAs(losses) then common.expected(self, ('losses %s'):format(common.shape(sum)), losses) end
    sum:add(self.weights[i], losses)
  end
  return sum
end

function MultiCriterion:updateGradInput(input, target)
  self.gradInput = utils.recursiveResizeAs(self.gradInput, input)
  utils.recursiveFill(self.gradInput, 0)
  for i, c in ipairs(self.criterions) do
    local dx = common.within(self, i, c, 'updateGradInput', input, target)
    utils.recursiveAdd(self.gradInput, self.weights[i], dx)
  end
  return self.gradInput
end

function MultiCriterion:type(typename, cache)
  for _, c in ipairs(self.criterions) do c:type(typename, cache) end
  return parent.type(self, typename, cache)
end

return MultiCriterion
