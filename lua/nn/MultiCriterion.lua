--- nn.MultiCriterion(): the weighted sum of criterions on one input and target.
-- loss = sum over criterions of weight · criterion(input, target).
-- @usage local c = nn.MultiCriterion():add(nn.MSECriterion(), 0.5):add(nn.AbsCriterion())
local MultiCriterion, parent = torch.class('nn.MultiCriterion', 'nn.Criterion')
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
  for i, c in ipairs(self.criterions) do self.output = self.output + self.weights[i] * c:updateOutput(input, target) end
  return self.output
end

function MultiCriterion:updateGradInput(input, target)
  self.gradInput = utils.recursiveResizeAs(self.gradInput, input)
  utils.recursiveFill(self.gradInput, 0)
  for i, c in ipairs(self.criterions) do
    utils.recursiveAdd(self.gradInput, self.weights[i], c:updateGradInput(input, target))
  end
  return self.gradInput
end

function MultiCriterion:type(typename, cache)
  for _, c in ipairs(self.criterions) do c:type(typename, cache) end
  return parent.type(self, typename, cache)
end

return MultiCriterion
