--- nn.ParallelCriterion([repeatTarget = false]): the weighted sum of criterions, one for each entry of the input and
-- target tables (or one target for all).
-- loss = sum over i of weight_i · criterion_i(input[i], target[i]).
-- input {x1, x2, ...}, target {y1, y2, ...} or y → loss, a number; gradient {dx1, dx2, ...}.
-- @usage local c = nn.ParallelCriterion():add(nn.MSECriterion()):add(nn.ClassNLLCriterion(), 0.1)
local ParallelCriterion, parent = torch.class('nn.ParallelCriterion', 'nn.Criterion')
local common = require 'nn.common'
local utils = require 'nn.utils'

function ParallelCriterion:__init(repeatTarget)
  parent.__init(self)
  self.criterions = {}
  self.weights = {}
  self.gradInput = {}
  self.repeatTarget = repeatTarget
end

--- Add a criterion.
-- @param criterion
-- @param[opt=1] weight
-- @return self
function ParallelCriterion:add(criterion, weight)
  if criterion == nil then error('nn.ParallelCriterion: add: expected a criterion, got nil', 2) end
  self.criterions[#self.criterions + 1] = criterion
  self.weights[#self.weights + 1] = weight or 1
  return self
end

local function check(self, input, target)
  common.check_entries(self, input, 'input')
  if not self.repeatTarget then common.check_entries(self, target, 'target') end
end

-- {x1, ...}, {t1, ...} → loss
function ParallelCriterion:updateOutput(input, target)
  check(self, input, target)
  self.output = 0
  for i, c in ipairs(self.criterions) do
    local t = self.repeatTarget and target or target[i]
    self.output = self.output + self.weights[i] * common.within(self, i, c, 'updateOutput', input[i], t)
  end
  return self.output
end

function ParallelCriterion:updateGradInput(input, target)
  check(self, input, target)
  self.gradInput = utils.recursiveResizeAs(self.gradInput, input)
  utils.recursiveFill(self.gradInput, 0)
  for i, c in ipairs(self.criterions) do
    local t = self.repeatTarget and target or target[i]
    local dx = common.within(self, i, c, 'updateGradInput', input[i], t)
    utils.recursiveAdd(self.gradInput[i], self.weights[i], dx)
  end
  return self.gradInput
end

function ParallelCriterion:type(typename, cache)
  self.gradInput = {}
  return parent.type(self, typename, cache)
end

return ParallelCriterion
