--- nn.CrossEntropyCriterion([weights], [sizeAverage = true]): nn.LogSoftMax and nn.ClassNLLCriterion in one.
-- Dimensions of size 1 are dropped from input and target first, so a (1, C) batch acts as a vector.
local CrossEntropy, Criterion = torch.class('nn.CrossEntropyCriterion', 'nn.Criterion')
local common = require 'nn.common'
local C, buffer = common.C, common.buffer

function CrossEntropy:__init(weights, sizeAverage)
  Criterion.__init(self)
  self.lsm = nn.LogSoftMax()
  self.nll = nn.ClassNLLCriterion(weights, sizeAverage)
  self.sizeAverage = self.nll.sizeAverage
  self.oldSizeAverage = self.sizeAverage
end

local function has_singleton(t)
  for d = 0, t.rank - 1 do
    if t.shape[d] == 1 then return true end
  end
  return false
end

local function squeezed(self, input, target)
  common.check_tensor(self, input)
  if has_singleton(input) then input = input:squeeze() end
  if common.istensor(target) and has_singleton(target) then target = target:squeeze() end
  return input, target
end

-- input (N, C) or (C), target (N) classes from 1 or a number → loss
function CrossEntropy:updateOutput(input, target)
  input, target = squeezed(self, input, target)
  if self.sizeAverage ~= self.oldSizeAverage then
    self.nll.sizeAverage = self.sizeAverage
    self.oldSizeAverage = self.sizeAverage
  end
  self.lsm:updateOutput(input)
  self.nll:updateOutput(self.lsm.output, target)
  self.output = self.nll.output
  return self.output
end

function CrossEntropy:updateGradInput(input, target)
  local x, t = squeezed(self, input, target)
  self.nll:updateGradInput(self.lsm.output, t)
  self.lsm:updateGradInput(x, self.nll.gradInput)
  local dx = buffer(self.gradInput, input)
  self.gradInput = dx
  C.rk_reshape(dx, self.lsm.gradInput, input.rank, input.shape)
  return dx
end

return CrossEntropy
