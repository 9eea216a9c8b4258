--- nn.Kmeans(k, dim, [scale]): the index of the nearest of k centres; the gradient moves centres to their samples.
--
-- Shapes: input (N, dim); output (N), indices 1..k in the module's tensor type; gradInput 0. weight (k, dim).
-- self.loss is the sum of squared distances. gradWeight of a centre is centre - mean of its samples, 0 without any, so
-- that a step of rate 1 is a step of Lloyd's algorithm.
-- @usage nn.Kmeans(2, 3):forward(torch.randn(5, 3))
local Kmeans, parent = torch.class('nn.Kmeans', 'nn.Module')
local common = require 'nn.common'
local utils = require 'nn.utils'

local buffers = {
  '_expandedSamples', '_clusterDistances', '_temp', '_tempExpanded', '_minScore', '_minIndx', '_gradWeight',
  '_gradWeight2', '_ccounts', '_cscAdder', '_expandedWeight', '_tempWeight', '_tempWeightExp',
}

local TINY = 1e-7 -- added to counts that divide

function Kmeans:__init(k, dim, scale)
  parent.__init(self)
  if not (type(k) == 'number' and k >= 1 and type(dim) == 'number' and dim >= 1) then
    error(('nn.Kmeans: expected numbers of centres and of elements, got %s and %s'):format(tostring(k),
      tostring(dim)), 2)
  end
  self.k = k
  self.dim = dim
  self.scale = common.optional('nn.Kmeans', 'scale', scale)
  self.weight = torch.Tensor(k, dim)
  self.gradWeight = torch.Tensor(k, dim)
  self.loss = 0
  self.clusterSampleCount = torch.Tensor(k)
  self:reset()
end

--- Draw new centres, uniform in ±stdv.
function Kmeans:reset(stdv)
  stdv = common.deviation(self, stdv or 1)
  self.weight:uniform(-stdv, stdv)
end

local function check(self, input)
  common.check_dims(self, input, 2, 2, ('input [N x %d]'):format(self.dim))
  if input:size(2) ~= self.dim then common.expected(self, ('input [N x %d]'):format(self.dim), input) end
  return input:size(1)
end

local function check_count(self, input)
  local n = check(self, input)
  if n < self.k then common.expected(self, ('at least %d samples'):format(self.k), input) end
  return n
end

--- Take k samples as centres.
function Kmeans:initRandom(input)
  local n = check_count(self, input)
  local chosen = torch.LongTensor(self.k):random(1, n)
  for i = 1, self.k do self.weight[i]:copy(input[chosen[i]]) end
end

-- Squared distances of samples to the first `count` centres, (N, count)
local function distances(self, input, count)
  local n = input:size(1)
  local temp = common.buffer(self._temp, input):resize(n, count, self.dim)
  self._temp = temp
  local samples = utils.addSingletonDimension(input, 2):expandAs(temp)
  temp:add(samples, -1, self.weight:narrow(1, 1, count):view(1, count, self.dim):expandAs(temp))
  temp:cmul(temp, temp)
  self._clusterDistances = common.buffer(self._clusterDistances, input)
  return self._clusterDistances:sum(temp, 3):resize(n, count)
end

--- k-means++: each next centre is a sample drawn with a probability that grows with its squared distance to the centres
-- so far, among the share p of nearest samples.
-- @param input (N, dim)
-- @param[opt=0.95] p leaves out what lies farthest: outliers
function Kmeans:initKmeansPlus(input, p)
  self.p = p or self.p or 0.95
  if type(self.p) ~= 'number' or not (self.p >= 0 and self.p <= 1) then
    error('nn.Kmeans: initKmeansPlus: p: expected 0 to 1, got ' .. tostring(self.p), 2)
  end
  local n = check_count(self, input)
  local kept = math.max(1, math.floor(self.p * n))
  self.weight[1]:copy(input[torch.random(n)])
  for i = 2, self.k do
    local nearest = distances(self, input, i - 1):min(2):view(-1)
    local sorted, which = nearest:sort(1)
    local chances = sorted:narrow(1, 1, kept)
    local pick = chances:sum() > 0 and torch.multinomial(chances, 1)[1] or torch.random(kept)
    self.weight[i]:copy(input[which[pick]])
  end
end

function Kmeans:updateOutput(input)
  local n = check(self, input)
  local d = distances(self, input, self.k)
  self._minScore = common.buffer(self._minScore, input)
  self._minIndx = self._minIndx or torch.LongTensor()
  self._minScore:min(self._minIndx, d, 2)
  self.loss = self._minScore:sum()
  self.output = common.buffer(self.output, input)
  return self.output:resize(n):copy(self._minIndx:view(-1))
end

function Kmeans:updateGradInput(input)
  common.check_tensor(self, input)
  self.gradInput = common.buffer(self.gradInput, input)
  return self.gradInput:resize(input:size()):zero()
end

-- gradWeight += scale * (centre - mean of its samples), for centres with samples
function Kmeans:accGradParameters(input, _gradOutput, scale)
  scale = self.scale or scale or 1
  if not (tonumber(scale) and tonumber(scale) > 0) then
    error('nn.Kmeans: expected a positive scale, got ' .. tostring(scale), 0)
  end
  scale = tonumber(scale)
  local n = check(self, input)
  if not self._minIndx or self._minIndx:nElement() ~= n then
    error('nn.Kmeans: call forward with this input first', 0)
  end
  local which = self._minIndx:view(-1)
  local sums = common.buffer(self._gradWeight, input):resize(self.k, self.dim):zero()
  local ones = common.buffer(self._cscAdder, input):resize(n):fill(1)
  self._gradWeight, self._cscAdder = sums, ones
  self.clusterSampleCount:zero():indexAdd(1, which, ones)
  sums:indexAdd(1, which, input)
  local counts = common.buffer(self._ccounts, input):resize(self.k, 1):copy(self.clusterSampleCount)
  self._ccounts = counts
  sums:addcmul(-1, self.weight, counts:expandAs(sums))
  sums:cdiv(counts:add(TINY):expandAs(sums))
  self.gradWeight:add(-scale, sums)
end

function Kmeans:type(typename, cache)
  if typename then
    utils.clear(self, buffers)
    self._minIndx = nil
  end
  return parent.type(self, typename, cache)
end

function Kmeans:clearState()
  utils.clear(self, buffers)
  return parent.clearState(self)
end

return Kmeans
