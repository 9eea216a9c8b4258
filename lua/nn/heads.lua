--- Is the last layer of a network the one that its loss expects? Asked once for each criterion, at its first backward:
-- in training, that is. What the layer was is seen from the numbers, so it does not matter how they came here.
local hint = require 'nn.hint'
local common = require 'nn.common'

local M = {}

--- The criterions that have been asked; testing it costs a table look-up.
M.checked = setmetatable({}, { __mode = 'k' })

-- Are these probabilities, class by class? Every number in 0..1, every sum over classes 1, and some number strictly
-- between: scores are not like that by chance, and rows of a one in zeros may be meant.
local function probabilities(x)
  if not common.istensor(x) or x:dim() < 1 or x:nElement() < 2 then return false end
  local dim = x:dim() == 1 and 1 or 2
  local classes = x:size(dim)
  if classes < 2 or not (x:min() >= 0 and x:max() <= 1) then return false end
  local sums = x:sum(dim):add(-1):abs():max()
  return sums < 1e-4 and torch.cmul(x, 1 - x):max() > 1e-3
end

local function name(self) return torch.type(self) end

--- For losses that take scores: a SoftMax before them is told.
function M.scores(self, input)
  M.checked[self] = true
  if not probabilities(input) then return end
  hint.once('scores', ('%s: its input are probabilities already (nn.SoftMax before it?): it takes the scores '
    .. 'themselves and applies LogSoftMax, so learning will be slow. Remove the nn.SoftMax, or keep it out of training')
    :format(name(self)))
end

--- For losses that take log-probabilities: a SoftMax (without Log) before them is told.
function M.log_probabilities(self, input)
  M.checked[self] = true
  if not probabilities(input) then return end
  hint.once('log-probabilities', ('%s: its input are probabilities (nn.SoftMax before it?), not their logarithms: the '
    .. 'loss is not a likelihood. Use nn.LogSoftMax, or scores with nn.CrossEntropyCriterion'):format(name(self)))
end

return M
