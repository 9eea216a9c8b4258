--- nn.CrossEntropyCriterion([weights], [sizeAverage = true], [labelSmoothing = 0]): nn.LogSoftMax and
-- nn.ClassNLLCriterion in one: it takes the scores themselves, without a SoftMax before.
-- Dimensions of size 1 are dropped from input and target first, so a (1, C) batch acts as a vector.
-- labelSmoothing e: the target is 1 - e plus e / C for every class: loss = (1 - e) nll + e / C sum_c -weights[c] x[c].
-- @usage local loss = nn.CrossEntropyCriterion():forward(torch.randn(2, 3), torch.LongTensor{1, 3})
local CrossEntropy, Criterion = torch.class('nn.CrossEntropyCriterion', 'nn.Criterion')
local common = require 'nn.common'
local couple = require 'nn.couple'
local heads = require 'nn.heads'
local labels = require 'nn.labels'
local C, buffer = common.C, common.buffer
local checked = heads.checked

function CrossEntropy:__init(weights, sizeAverage, labelSmoothing)
  Criterion.__init(self)
  local e = labelSmoothing or 0
  if type(e) ~= 'number' or e < 0 or e >= 1 then
    error('nn.CrossEntropyCriterion: labelSmoothing: expected a number from 0 to 1, got ' .. tostring(e), 2)
  end
  self.lsm = nn.LogSoftMax()
  self.nll = nn.ClassNLLCriterion(weights, sizeAverage)
  self.sizeAverage = self.nll.sizeAverage
  self.oldSizeAverage = self.sizeAverage
  if e > 0 then self.labelSmoothing = e end
end

local function has_singleton(t)
  for d = 0, t.rank - 1 do
    if t.shape[d] == 1 then return true end
  end
  return false
end

local function squeezed(self, input, target)
  common.check_tensor(self, input)
  if has_singleton(input) and input:nElement() > 1 then input = input:squeeze() end
  if common.istensor(target) and has_singleton(target) then target = target:squeeze() end
  if input.rank > 2 then common.expected(self, 'scores [N x C] or [C]', input) end
  return input, target
end

-- Rows of weight w_c / (C * normaliser), 0 where the target is ignored: what smoothing adds, per log-probability.
local function smoothing(self, x, target)
  local nll, e = self.nll, self.labelSmoothing
  local n, classes = x:dim() == 2 and x:size(1) or 1, x:size(x:dim())
  self._smooth = buffer(self._smooth, x)
  local m = self._smooth:resize(n, classes)
  if nll.weights then m:copy(nll.weights:view(1, classes):expand(n, classes)) else m:fill(1) end
  if nll.ignoreIndex then
    local t = labels.long(nll, target):contiguous():view(n, 1)
    m:maskedFill(couple.mask(self, '_ignored'):eq(t, nll.ignoreIndex):expand(n, classes), 0)
  end
  local total = nll.sizeAverage and nll.total_weight or 1
  return m:mul(e / classes / (total ~= 0 and total or 1)):viewAs(x)
end

-- input (N, C) or (C), target (N) classes from 1 or a number → loss
function CrossEntropy:updateOutput(input, target)
  input, target = squeezed(self, input, target)
  if self.sizeAverage ~= self.oldSizeAverage then
    self.nll.sizeAverage = self.sizeAverage
    self.oldSizeAverage = self.sizeAverage
  end
  local logs = self.lsm:updateOutput(input)
  self.nll:updateOutput(logs, target)
  self.output = self.nll.output
  if self.labelSmoothing then
    self.output = (1 - self.labelSmoothing) * self.output - smoothing(self, logs, target):dot(logs)
  end
  return self.output
end

function CrossEntropy:updateGradInput(input, target)
  if not checked[self] then
    heads.scores(self, input)
    checked[self.nll] = true
  end
  local x, t = squeezed(self, input, target)
  local g = self.nll:updateGradInput(self.lsm.output, t)
  if self.labelSmoothing then
    g:mul(1 - self.labelSmoothing):add(-1, smoothing(self, self.lsm.output, t))
  end
  self.lsm:updateGradInput(x, g)
  local dx = buffer(self.gradInput, input)
  self.gradInput = dx
  C.rk_reshape(dx, self.lsm.gradInput, input.rank, input.shape)
  return dx
end

return CrossEntropy
