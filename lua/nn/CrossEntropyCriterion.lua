--- nn.CrossEntropyCriterion([weights], [sizeAverage = true], [labelSmoothing = 0]): nn.LogSoftMax and
-- nn.ClassNLLCriterion in one: it takes the scores themselves, without a SoftMax before.
--
-- input (C) or (N, C), target a class or (N) classes from 1; or with positions, input (N, C, H, W), target (N, H, W).
-- Otherwise dimensions of size 1 are dropped from input and target first, so a (1, C) batch acts as a vector.
-- A target of the input's own sizes holds probabilities: loss = -sum_c weights[c] p[c] log softmax(x)[c], averaged over
-- samples and positions.
-- labelSmoothing e: the target is 1 - e plus e / C for every class: loss = (1 - e) nll + e / C sum_c -weights[c] x[c].
-- @usage local loss = nn.CrossEntropyCriterion():forward(torch.randn(2, 3), torch.LongTensor{1, 3})
local CrossEntropy, Criterion = torch.class('nn.CrossEntropyCriterion', 'nn.Criterion')
local common = require 'nn.common'
local couple = require 'nn.couple'
local heads = require 'nn.heads'
local labels = require 'nn.labels'
local C, again, buffer = common.C, common.again, common.buffer
local checked = heads.checked

function CrossEntropy:__init(weights, sizeAverage, labelSmoothing)
  Criterion.__init(self)
  local e = labelSmoothing or 0
  if type(e) ~= 'number' or not (e >= 0 and e <= 1) then
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
    if t.extent[d] == 1 then return true end
  end
  return false
end

-- Has the target one class for each position of an input (N, C, positions...)?
local function positions(x, t)
  if x.rank < 3 or not common.istensor(t) or t.rank ~= x.rank - 1 or t.extent[0] ~= x.extent[0] then return false end
  for d = 1, t.rank - 1 do
    if t.extent[d] ~= x.extent[d + 1] then return false end
  end
  return true
end

-- Is the target probabilities of the input's sizes?
local function soft(x, t)
  return common.istensor(t) and t.rank == x.rank and (t.dt == C.RK_f32 or t.dt == C.RK_f64) and x:isSameSizeAs(t)
    and (t.rank > 1 or t.extent[0] > 1)
end

local function squeezed(self, input, target)
  common.check_tensor(self, input)
  if positions(input, target) or (input.rank > 1 and soft(input, target)) then return input, target end
  if input.rank == 2 and input.extent[1] == 1 and input.extent[0] > 1 and common.istensor(target)
    and target:nElement() > 1 then
    common.expected(self, 'scores [N x C] of two classes or more (of one: nn.BCEWithLogitsCriterion)', input)
  end
  if has_singleton(input) and input:nElement() > 1 then input = input:squeeze() end
  if common.istensor(target) and has_singleton(target) then target = target:squeeze() end
  if input.rank > 2 then common.expected(self, 'scores [N x C] or [C]', input) end
  return input, target
end

-- log softmax over classes: the layer's, or along dimension 2 where there are positions.
local function log_softmax(self, x)
  if x.rank < 3 then return self.lsm:updateOutput(x) end
  local out = buffer(self.lsm.output, x)
  self.lsm.output = out
  local s = C.rk_softmax_forward(out, x, 1, 1)
  if s ~= 0 then again(self, s, C.rk_softmax_forward, out, x, 1, 1) end
  return out
end
local function log_softmax_back(self, x, g)
  if x.rank < 3 then return self.lsm:updateGradInput(x, g) end
  local dx = buffer(self.lsm.gradInput, x)
  self.lsm.gradInput = dx
  local s = C.rk_softmax_backward(dx, g, self.lsm.output, 1, 1)
  if s ~= 0 then again(self, s, C.rk_softmax_backward, dx, g, self.lsm.output, 1, 1) end
  return dx
end

-- t as factors of classes (dimension 2, or the only one) or of samples and positions (all others), expanded to x.
local function along(t, x, of_classes)
  local sizes, n = torch.LongStorage(x:dim()), x:dim()
  for d = 1, n do
    local classes = d == 2 or n == 1
    sizes[d] = classes == of_classes and x:size(d) or 1
  end
  return t:contiguous():view(sizes):expandAs(x)
end

-- What smoothing adds for each log-probability: weight w_c e / C, 0 where the target is ignored.
local function smoothing(self, x, target)
  local nll = self.nll
  self._smooth = buffer(self._smooth, x)
  local m = self._smooth:resizeAs(x)
  if nll.weights then m:copy(along(nll.weights, x, true)) else m:fill(1) end
  if nll.ignoreIndex then
    local t = labels.long(nll, target)
    m:maskedFill(along(couple.mask(self, '_ignored'):eq(t, nll.ignoreIndex), x, false), 0)
  end
  return m:mul(self.labelSmoothing / x:size(x.rank > 1 and 2 or 1))
end

-- What the sum of the losses is divided by.
local function divisor(self, x, target)
  if not self.sizeAverage then return 1 end
  if soft(x, target) then return x:nElement() / x:size(x.rank > 1 and 2 or 1) end
  local total = self.nll.total_weight
  return total ~= 0 and total or 1
end

local function check_probabilities(self, p)
  if p:min() < 0 or p:max() > 1 then
    common.expected(self, 'classes (N), or probabilities of 0..1 of the input\'s sizes, as target', p)
  end
end

-- The slope of the losses' sum: -weights p, smoothed, of a target of probabilities.
local function soft_slope(self, x, p)
  self._soft = buffer(self._soft, x)
  local m = self._soft:resizeAs(x):copy(p)
  local e = self.labelSmoothing
  if e then m:mul(1 - e):add(e / x:size(x.rank > 1 and 2 or 1)) end
  if self.nll.weights then m:cmul(along(self.nll.weights, x, true)) end
  return m:mul(-1)
end

local function settle(self)
  common.whole_of[self.nll] = self
  if self.sizeAverage ~= self.oldSizeAverage then
    self.nll.sizeAverage = self.sizeAverage
    self.oldSizeAverage = self.sizeAverage
  end
end

-- input (N, C), (C) or (N, C, ...), target classes from 1 or probabilities → loss
function CrossEntropy:updateOutput(input, target)
  local x, t = squeezed(self, input, target)
  settle(self)
  local logs = log_softmax(self, x)
  if soft(x, t) then
    check_probabilities(self, t)
    self.output = soft_slope(self, x, t):dot(logs) / divisor(self, x, t)
    return self.output
  end
  self.nll:updateOutput(logs, t)
  self.output = self.nll.output
  if self.labelSmoothing then
    local extra = smoothing(self, logs, t):dot(logs) / divisor(self, x, t)
    self.output = (1 - self.labelSmoothing) * self.output - extra
  end
  return self.output
end

--- The losses of the samples, or of the positions: 0 where the target is ignored.
function CrossEntropy:each(input, target)
  local x, t = squeezed(self, input, target)
  settle(self)
  local logs = log_softmax(self, x)
  local classes = x.rank > 1 and 2 or 1
  self._row = buffer(self._row, x)
  if soft(x, t) then
    check_probabilities(self, t)
    local out = self._row:sum(soft_slope(self, x, t):cmul(logs), classes)
    return x.rank > 1 and out:select(2, 1) or out
  end
  local out = self.nll:each(logs, t)
  if self.labelSmoothing then
    local extra = self._row:sum(smoothing(self, logs, t):cmul(logs), classes)
    out:mul(1 - self.labelSmoothing):add(-1, extra)
  end
  return out
end

function CrossEntropy:updateGradInput(input, target)
  if not checked[self] then
    heads.scores(self, input)
    checked[self.nll] = true
  end
  local x, t = squeezed(self, input, target)
  local g
  if soft(x, t) then
    g = soft_slope(self, x, t):div(divisor(self, x, t))
  else
    g = self.nll:updateGradInput(self.lsm.output, t)
    if self.labelSmoothing then
      g:mul(1 - self.labelSmoothing):add(-1 / divisor(self, x, t), smoothing(self, self.lsm.output, t))
    end
  end
  g = log_softmax_back(self, x, g)
  local dx = buffer(self.gradInput, input)
  self.gradInput = dx
  C.rk_reshape(common.own(dx), common.own(g), input.rank, input.extent)
  return dx
end

return CrossEntropy
