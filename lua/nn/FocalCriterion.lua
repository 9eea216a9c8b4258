--- nn.FocalCriterion([gamma = 2], [weights], [sizeAverage = true]): cross entropy that counts what is hard: from
-- scores x, with p the softmax probability of the target, -weights[t] (1 - p)^gamma log p, averaged over the batch.
-- @usage local loss = nn.FocalCriterion(2):forward(torch.randn(2, 3), torch.LongTensor{1, 3})
local common = require 'nn.common'
local labels = require 'nn.labels'
local heads = require 'nn.heads'
local Focal, parent = torch.class('nn.FocalCriterion', 'nn.Criterion')
local space = common.space
local checked = heads.checked

function Focal:__init(gamma, weights, sizeAverage)
  parent.__init(self)
  if gamma ~= nil and not (type(gamma) == 'number' and gamma >= 0) then
    error('nn.FocalCriterion: gamma: expected a number of 0 or more, got ' .. tostring(gamma), 2)
  end
  self.gamma = common.optional(torch.type(self), 'gamma', gamma) or 2
  self.weights = labels.weights('nn.FocalCriterion', weights)
  self.sizeAverage = sizeAverage ~= false
  self.lsm = nn.LogSoftMax()
end

-- log p of the targets and p, N x 1 each; the targets as N x 1.
local function chosen(self, input, target)
  common.check_dims(self, input, 1, 2, 'scores [N x C] or [C]')
  local n, classes = input:dim() == 2 and input:size(1) or 1, input:size(input:dim())
  local t = labels.long(self, target, '_target')
  labels.check(self, t, n, classes)
  t = t:contiguous():view(n, 1)
  local logs = self.lsm:updateOutput(input):view(n, classes)
  self._logp = common.buffer(self._logp, input):resize(n, 1)
  local logp = self._logp:gather(logs, 2, t)
  return t, logs, logp, space(self, '_p', logp):exp(logp)
end

local function class_weights(self, t, like)
  local w = space(self, '_weights', like):fill(self.sizeAverage and 1 / t:size(1) or 1)
  if self.weights then
    self._chosen = common.buffer(self._chosen, self.weights)
    self._chosen:index(self.weights, 1, t:view(-1))
    w:cmul(self._chosen:view(-1, 1))
  end
  return w
end

-- input (N, C) or (C), target (N) classes from 1 or a number → loss
function Focal:updateOutput(input, target)
  local t, _, logp, p = chosen(self, input, target)
  local far = p:mul(-1):add(1):cmax(0):pow(self.gamma)
  self.output = -far:cmul(logp):dot(class_weights(self, t, logp))
  return self.output
end

--- The losses of the rows: with sizeAverage each divided by their number.
function Focal:each(input, target)
  local t, _, logp, p = chosen(self, input, target)
  return p:mul(-1):add(1):cmax(0):pow(self.gamma):cmul(logp):cmul(class_weights(self, t, logp)):mul(-1):view(-1)
end

-- d/d log p of -(1 - p)^g log p is g p (1 - p)^(g-1) log p - (1 - p)^g
function Focal:updateGradInput(input, target)
  if not checked[self] then heads.scores(self, input) end
  local t, logs, logp, p = chosen(self, input, target)
  local far = space(self, '_hard', p):mul(p, -1):add(1):cmax(0)
  local slope = space(self, '_slope', far):pow(far, self.gamma):mul(-1)
  if self.gamma > 0 then
    slope:add(far:cmax(1e-30):pow(self.gamma - 1):cmul(p):cmul(logp):mul(self.gamma))
  end
  slope:cmul(class_weights(self, t, logp))
  self._slopes = common.buffer(self._slopes, input)
  self._slopes:resizeAs(logs):zero():scatter(2, t, slope)
  self.gradInput = self.lsm:updateGradInput(input, self._slopes:viewAs(input))
  return self.gradInput
end

return Focal
