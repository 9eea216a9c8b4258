--- nn.AdaptiveLogSoftmaxWithLoss(inFeatures, nClasses, cutoffs, [divValue = 4], [headBias = false]), or a table of
-- these names from any place on: a softmax for very many classes sorted by how frequent they are (Grave et al. 2017,
-- Efficient softmax approximation for GPUs), with its loss.
--
-- Classes 1..cutoffs[1] stand in the head, with one place for each cluster cutoffs[i] + 1..cutoffs[i + 1]; a cluster's
-- layer has inFeatures / divValue^i features between. log p(t) = log head(t), or log head(cluster) + log tail(t).
-- input {x, t}: x (N, inFeatures), t (N) classes from 1 → output (1): -mean of log p(t); the field logProbabilities
-- (N) holds these. gradInput {dx, zeros}. logProb(x) (N, nClasses); predict(x) (N), a LongTensor.
-- @usage
-- local m = nn.AdaptiveLogSoftmaxWithLoss(16, 100, { 10, 50 })
-- local loss = m:forward({ torch.randn(4, 16), torch.LongTensor { 3, 77, 12, 100 } })[1]
local Adaptive, parent = torch.class('nn.AdaptiveLogSoftmaxWithLoss', 'nn.Container')
local common = require 'nn.common'
local options = require 'nn.options'

local function check_cutoffs(who, cutoffs, nClasses)
  local text = ('a list of rising whole numbers below %d'):format(nClasses)
  if type(cutoffs) ~= 'table' or #cutoffs == 0 then options.refuse(who, 'cutoffs', text, cutoffs) end
  local before, out = 0, {}
  for i, c in ipairs(cutoffs) do
    if type(c) ~= 'number' or c % 1 ~= 0 or c <= before or c >= nClasses then
      options.refuse(who, 'cutoffs', text, c)
    end
    before, out[i] = c, c
  end
  out[#out + 1] = nClasses
  return out
end

function Adaptive:__init(inFeatures, nClasses, cutoffs, ...)
  parent.__init(self)
  local who = 'nn.AdaptiveLogSoftmaxWithLoss'
  local o = options.read(who, { 'inFeatures', 'nClasses', 'cutoffs', 'divValue', 'headBias' }, inFeatures, nClasses,
    cutoffs, ...)
  inFeatures, nClasses, cutoffs = o.inFeatures, o.nClasses, o.cutoffs
  self.inFeatures = options.count(who, 'inFeatures', inFeatures)
  self.nClasses = options.count(who, 'nClasses', nClasses, 2)
  self.cutoffs = check_cutoffs(who, cutoffs, nClasses)
  self.divValue = options.number(who, 'divValue', o.divValue, 4)
  local clusters = #self.cutoffs - 1
  self:add(nn.Linear(inFeatures, self.cutoffs[1] + clusters, options.flag(who, 'headBias', o.headBias, false)))
  for i = 1, clusters do
    local inner = math.floor(inFeatures / self.divValue ^ i)
    if inner < 1 then
      options.refuse(who, 'divValue', 'a number that leaves features to every cluster', self.divValue)
    end
    local size = self.cutoffs[i + 1] - self.cutoffs[i]
    self:add(nn.Sequential():add(nn.Linear(inFeatures, inner, false)):add(nn.Linear(inner, size, false)))
  end
  self.softmax = {}
  for i = 1, #self.modules do self.softmax[i] = nn.LogSoftMax() end
  self.gradInput = {}
end

local function check(self, input)
  if type(input) ~= 'table' or not common.istensor(input[1]) or not common.istensor(input[2]) then
    common.expected(self, 'a table {x, classes}', input)
  end
  local x, t = input[1], input[2]
  if x:dim() ~= 2 or x:size(2) ~= self.inFeatures then
    common.expected(self, ('input [N x %d]'):format(self.inFeatures), x)
  end
  if t:nElement() ~= x:size(1) then common.expected(self, ('%d classes'):format(x:size(1)), t) end
  self._classes = self._classes or torch.LongTensor()
  t = self._classes:resize(t:nElement()):copy(t)
  local low, high = t:min(), t:max()
  if low < 1 or high > self.nClasses then
    error(('%s: expected classes of 1..%d, got %d'):format(torch.type(self), self.nClasses, low < 1 and low or high), 0)
  end
  return x, t
end

-- A buffer of part i (0: the head; else a cluster) of the type of `like`.
local function space(self, i, name, like)
  local parts = self._parts or {}
  self._parts = parts
  local part = parts[i] or {}
  parts[i] = part
  local t = part[name]
  if not t or t:type() ~= like:type() then
    t = like.new()
    part[name] = t
  end
  return t
end

-- log softmax of module i for x
local function logs(self, i, x)
  return self.softmax[i]:forward(self:rethrowErrors(self.modules[i], i, 'updateOutput', x))
end

-- Find the rows of cluster i: their numbers, inputs and places in it; false when there are none.
local function gather_rows(self, x, t, i)
  local above, below = space(self, i, 'above', self._bytes), space(self, i, 'below', self._bytes)
  above:gt(t, self.cutoffs[i]):cmul(below:le(t, self.cutoffs[i + 1]))
  local rows = space(self, i, 'rows', t):nonzero(above)
  local part = self._parts[i]
  part.used = rows:nElement() > 0
  if not part.used then return false end
  part.rows = rows:view(-1)
  space(self, i, 'x', x):index(x, 1, part.rows)
  local places = space(self, i, 'places', t)
  places:index(t, 1, part.rows)
  places:add(-self.cutoffs[i]):resize(part.rows:size(1), 1)
  return part
end

function Adaptive:updateOutput(input)
  local x, t = check(self, input)
  self._bytes = self._bytes or torch.ByteTensor()
  local places = space(self, 0, 'places', t):resizeAs(t):copy(t)
  local total = space(self, 0, 'total', x):resize(x:size(1)):zero()
  for i = 1, #self.modules - 1 do
    local part = gather_rows(self, x, t, i)
    if part then
      local chosen = space(self, i, 'chosen', x):gather(logs(self, i + 1, part.x), 2, part.places)
      total:indexCopy(1, part.rows, chosen:view(-1))
      places:indexFill(1, part.rows, self.cutoffs[1] + i)
    end
  end
  places:resize(places:nElement(), 1)
  self.logProbabilities = total:add(space(self, 0, 'chosen', x):gather(logs(self, 1, x), 2, places):view(-1))
  self.output = common.buffer(self.output, x)
  self.output:resize(1):fill(-total:mean())
  return self.output
end

-- The gradient of module i's output where its rows' places each have the gradient g.
local function slope(self, i, g)
  local softmax, out = self.softmax[i], self.modules[i].output
  local one = space(self, i - 1, 'one', out):resizeAs(out):zero():scatter(2, self._parts[i - 1].places, g)
  return softmax:updateGradInput(out, one)
end

local function factor(self, input, gradOutput)
  common.check_tensor(self, gradOutput, 'gradOutput')
  if gradOutput:nElement() ~= 1 or not self._parts then
    common.expected(self, 'gradOutput [1], after forward', gradOutput)
  end
  return -gradOutput:sum() / input[1]:size(1)
end

function Adaptive:updateGradInput(input, gradOutput)
  local x = check(self, input)
  local g = factor(self, input, gradOutput)
  if type(self.gradInput) ~= 'table' then self.gradInput = {} end
  local dx = common.buffer(self.gradInput[1], x)
  dx:resizeAs(x):copy(self:rethrowErrors(self.modules[1], 1, 'updateGradInput', x, slope(self, 1, g)))
  for i = 1, #self.modules - 1 do
    local part = self._parts[i]
    if part.used then
      dx:indexAdd(1, part.rows,
        self:rethrowErrors(self.modules[i + 1], i + 1, 'updateGradInput', part.x, slope(self, i + 1, g)))
    end
  end
  self.gradInput[1], self.gradInput[2] = dx, common.zeros_like(self.gradInput[2], input[2])
  return self.gradInput
end

function Adaptive:accGradParameters(input, gradOutput, scale)
  local x, g = check(self, input), factor(self, input, gradOutput)
  self:rethrowErrors(self.modules[1], 1, 'accGradParameters', x, slope(self, 1, g), scale or 1)
  for i = 1, #self.modules - 1 do
    local part = self._parts[i]
    if part.used then
      self:rethrowErrors(self.modules[i + 1], i + 1, 'accGradParameters', part.x, slope(self, i + 1, g), scale or 1)
    end
  end
end

--- Log-probabilities of all classes.
-- @param x (N, inFeatures)
-- @return (N, nClasses)
function Adaptive:logProb(x)
  local head = logs(self, 1, x):clone()
  local out = head.new(x:size(1), self.nClasses)
  out:narrow(2, 1, self.cutoffs[1]):copy(head:narrow(2, 1, self.cutoffs[1]))
  for i = 1, #self.modules - 1 do
    local part = out:narrow(2, self.cutoffs[i] + 1, self.cutoffs[i + 1] - self.cutoffs[i])
    part:copy(logs(self, i + 1, x)):add(head:narrow(2, self.cutoffs[1] + i, 1):expandAs(part))
  end
  return out
end

Adaptive.log_prob = Adaptive.logProb

--- The most probable class of each row.
-- @param x (N, inFeatures)
-- @return LongTensor (N)
function Adaptive:predict(x)
  local _, best = self:logProb(x):max(2)
  return best:view(-1)
end

function Adaptive:clearState()
  self._parts, self._classes, self._bytes, self.logProbabilities = nil, nil, nil, nil
  for _, m in ipairs(self.softmax) do m:clearState() end
  return parent.clearState(self)
end

function Adaptive:type(typename, cache)
  if typename then self._parts, self._classes, self._bytes = nil, nil, nil end
  return parent.type(self, typename, cache)
end

function Adaptive:__tostring__()
  return ('%s(%d -> %d, cutoffs %s)'):format(torch.type(self), self.inFeatures, self.nClasses,
    table.concat(self.cutoffs, ', ', 1, #self.cutoffs - 1))
end

return Adaptive
