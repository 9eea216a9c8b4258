--- nn.IndexLinear(nIn, nOut, [doGradInput = false], [keysOffset = 0], [weight], [bias], [normalize = false]):
-- y = W' x + b for sparse x, W being nIn x nOut.
--
-- Input: {keys, values} of one sample (LongTensor, tensor); {{keys...}, {values...}} of a batch; or {keys, values,
-- sizes}, the samples' keys one after another and how many each has. keysOffset is added to the keys: 1 where they
-- count from 0. Gradients are lazy: accGradParameters only keeps what came, updateParameters adds it to the rows that
-- were used. normalize: each value is divided by the largest magnitude seen of its key and gets a bias of its own;
-- these stand in the weight's first 4 columns (maximum, its inverse, rate, bias).
-- Output (nOut) or (N, nOut); weight (nIn, nOut), bias (nOut).
-- @usage local y = nn.IndexLinear(100, 3):forward{torch.LongTensor{5, 17}, torch.Tensor{0.5, -1}}
local IndexLinear, parent = torch.class('nn.IndexLinear', 'nn.Module')
local ffi = require 'ffi'
local common = require 'nn.common'
local C, again = common.C, common.again

local bag = ffi.new 'struct rk_bag'
local EXTRA = 4 -- columns before the weights, when values are normalized

function IndexLinear:__init(inputSize, outputSize, doGradInput, keysOffset, weight, bias, normalize)
  parent.__init(self)
  for _, t in pairs { weight = weight, bias = bias } do
    if not torch.isTensor(t) then
      error('nn.IndexLinear: weight and bias: expected tensors, got ' .. torch.type(t), 2)
    end
  end
  if keysOffset ~= nil and type(keysOffset) ~= 'number' then
    error('nn.IndexLinear: keysOffset: expected a number, got ' .. torch.type(keysOffset), 2)
  end
  if weight == nil and not (type(inputSize) == 'number' and type(outputSize) == 'number') then
    error(('nn.IndexLinear: expected the numbers of inputs and outputs, got %s and %s'):format(tostring(inputSize),
      tostring(outputSize)), 2)
  end
  self.normalize = normalize and EXTRA or 0
  self.weight = weight or torch.Tensor(inputSize, outputSize + self.normalize):zero()
  self.inputSize = self.weight:size(1)
  self.outputSize = self.weight:size(2) - self.normalize
  self.bias = bias or torch.Tensor(self.outputSize):zero()
  self.gradWeight = torch.Tensor() -- stays empty: see running
  self.gradBias = torch.Tensor(self.outputSize):zero()
  self.gradWeightBuffer = torch.Tensor()
  self.valuesBuffer = torch.Tensor()
  self.normalizedValues = torch.Tensor()
  self.running = { cumSumSizes = {}, keys = {}, gradWeight = {}, counter = 1 }
  self.sizesCache = {}
  self.cumSumSizesCache = {}
  self.weightDecay = 0
  self.doGradInput = doGradInput or false
  self.offset = (keysOffset or 0) - 1 -- from keys to rows that count from 0
  if not weight then self:reset() end
end

--- Draw new weights, uniform in ±stdv*sqrt(3), by default ±1/sqrt(columns of the weight); the bias a millionth of that.
function IndexLinear:reset(stdv)
  stdv = common.spread(self, stdv, self.weight:size(2))
  self.weight:uniform(-stdv, stdv)
  self.bias:uniform(-stdv, stdv):mul(0.000001)
  if self.normalize > 0 then self.weight:narrow(2, 1, self.normalize):zero() end
end

--- The input as lists of keys and of values; notes in isFlat and noBatch which form it had.
function IndexLinear:reshapeInput(input)
  if type(input) ~= 'table' or #input < 2 or #input > 3 then
    common.expected(self, 'a table {keys, values} or {keys, values, sizes}', input)
  end
  self.isFlat, self.noBatch = #input == 3, false
  if type(input[1]) == 'table' then
    if type(input[2]) ~= 'table' or #input[1] ~= #input[2] then
      common.expected(self, 'as many tensors of values as of keys', input[2])
    end
    for i = 1, #input[1] do
      common.check_tensor(self, input[1][i], ('keys of sample %d'):format(i))
      common.check_tensor(self, input[2][i], ('values of sample %d'):format(i))
    end
    return input[1], input[2]
  end
  common.check_tensor(self, input[1], 'keys')
  common.check_tensor(self, input[2], 'values')
  if self.isFlat then common.check_tensor(self, input[3], 'sizes') end
  self.noBatch = not self.isFlat
  return { input[1] }, { input[2] }, input[3]
end

--- x as a LongTensor.
function IndexLinear:longTensor(...)
  return torch.LongTensor(...)
end

-- One list of sizes, as a LongTensor of running totals.
local function totals(self, list, sizes)
  if sizes ~= nil then common.check_tensor(self, sizes, 'sizes') end
  local n = sizes and sizes:nElement() or #list
  self.sizes = self.sizes or torch.LongTensor()
  self.cumSumSizes = self.cumSumSizes or torch.LongTensor()
  self.sizes:resize(n)
  if sizes then
    self.sizes:copy(sizes:view(-1))
  else
    for i = 1, n do self.sizes[i] = list[i]:nElement() end
  end
  self.cumSumSizes:cumsum(self.sizes)
end

--- Join keys and values of all samples: self.keys, self.values, self.sizes, self.cumSumSizes.
function IndexLinear:flattenInputs(keys, values, sizes)
  self.keys = self.keys or torch.LongTensor()
  self.values = common.buffer(self.values, self.weight)
  local count = 0
  if type(keys) ~= 'table' or type(values) ~= 'table' then
    common.expected(self, 'a list of keys and a list of values', type(keys) ~= 'table' and keys or values)
  end
  for i = 1, #keys do
    common.check_tensor(self, keys[i], 'keys of a sample')
    common.check_tensor(self, values[i], 'values of a sample')
    local n = keys[i]:nElement()
    if values[i]:nElement() ~= n then
      common.expected(self, ('%d values, one a key, in sample %d'):format(n, i), values[i])
    end
    count = count + n
  end
  self.keys:resize(count)
  self.values:resize(count)
  local at = 1
  for i = 1, #keys do
    local n = keys[i]:nElement()
    if n > 0 then
      self.keys:narrow(1, at, n):copy(keys[i])
      self.values:narrow(1, at, n):copy(values[i])
      at = at + n
    end
  end
  totals(self, keys, sizes)
end

-- The columns of the weight that are weights.
local function weights(self) return self.weight:narrow(2, self.normalize + 1, self.outputSize) end

-- The rows of the weight that keys mean.
local function rows_of(self, keys) return self.offset == -1 and keys or torch.add(keys, self.offset + 1) end

-- values / largest magnitude of the key + bias of the key; training learns the magnitudes.
local function normalized(self)
  local w, v, out = self.weight, self.values, common.buffer(self.normalizedValues, self.weight)
  self.normalizedValues = out:resizeAs(v)
  for j = 1, v:nElement() do
    local row, x = w[self.keys[j] + self.offset + 1], v[j]
    if self.train then
      if math.abs(x) > row[1] then row[1], row[2] = math.abs(x), 1 / math.abs(x) end
      row[3] = 1
    end
    out[j] = (math.abs(x) > row[1] and (x > 0 and 1 or -1) or x * row[2]) + row[4]
  end
  return out
end

local function set_bag(self)
  bag.keys, bag.ends = self.keys, self.cumSumSizes
  bag.values = self.normalize > 0 and self.normalizedValues or self.values
  bag.offset, bag.skip, bag.by_count = self.offset + 1, 0, 0
end

local function check_keys(self)
  if self.keys:nElement() == 0 then return end
  local low, high, first = self.keys:min(), self.keys:max(), -self.offset
  if low < first or high >= first + self.inputSize then
    error(('%s: expected keys of %d..%d, got %d'):format(torch.type(self), first, first + self.inputSize - 1,
      low < first and low or high), 0)
  end
end

-- {keys, values} → output (nOut) of one sample, (N, nOut) of a batch
function IndexLinear:updateOutput(input)
  self:flattenInputs(self:reshapeInput(input))
  if self.normalize > 0 then
    check_keys(self)
    normalized(self)
  end
  set_bag(self)
  local out, n = common.buffer(self.output, self.weight), self.sizes:nElement()
  self.output = out:resize(n, self.outputSize):copy(self.bias:view(1, -1):expand(n, self.outputSize))
  local m = weights(self)
  local s = C.rk_bag_forward(out, m, bag)
  if s ~= 0 then again(self, s, C.rk_bag_forward, out, m, bag) end
  if self.noBatch then out:resize(self.outputSize) end
  return out
end

local function batch_gradient(self, gradOutput)
  local n = self.sizes:nElement()
  common.check_tensor(self, gradOutput, 'gradOutput')
  if gradOutput:nElement() ~= n * self.outputSize then
    common.expected(self, ('gradOutput [%d x %d]'):format(n, self.outputSize), gradOutput)
  end
  return gradOutput:dim() == 1 and gradOutput:reshape(1, self.outputSize) or gradOutput
end

-- Its sum over the samples.
local function total(self, gradOutput)
  local g = batch_gradient(self, gradOutput)
  self._total = common.buffer(self._total, g)
  return self._total:sum(g, 1):view(-1)
end

-- Gradients of the values of every key: {keys 1..nIn, gradients}, in the form of the input.
function IndexLinear:updateGradInput(input, gradOutput)
  self.gradInput = type(self.gradInput) == 'table' and self.gradInput or {}
  if not self.doGradInput then return self.gradInput end
  self:flattenInputs(self:reshapeInput(input))
  local g = torch.mm(batch_gradient(self, gradOutput), weights(self):t())
  local n, first = g:size(1), -self.offset
  local keys = torch.range(first, first + self.inputSize - 1):long()
  if self.isFlat then
    self.gradInput = { keys:repeatTensor(n), g:view(-1), torch.LongTensor(n):fill(self.inputSize) }
  elseif self.noBatch then
    self.gradInput = { keys, g:view(-1) }
  else
    self.gradInput = { {}, {} }
    for i = 1, n do self.gradInput[1][i], self.gradInput[2][i] = keys:clone(), g[i] end
  end
  return self.gradInput
end

-- The gradient of each key's row, one row an occurrence: value times gradOutput; then (normalize) of the key's bias.
local function row_gradients(self, gradOutput, scale, to)
  local g, n = batch_gradient(self, gradOutput), self.keys:nElement()
  local at, sample = 1, self._sample or torch.LongTensor()
  self._sample = sample:resize(n)
  for i = 1, self.sizes:nElement() do
    local k = self.sizes[i]
    if k > 0 then sample:narrow(1, at, k):fill(i) end
    at = at + k
  end
  local values = self.normalize > 0 and self.normalizedValues or self.values
  local rows = common.buffer(self._rows, g)
  self._rows = rows
  rows:index(g, 1, sample)
  to:resize(n, self.outputSize + (self.normalize > 0 and 1 or 0))
  local at_weights = to:narrow(2, 1, self.outputSize)
  if self.normalize > 0 then
    at_weights:cmul(rows, weights(self):index(1, rows_of(self, self.keys)))
    to:select(2, self.outputSize + 1):copy(at_weights:sum(2):view(-1)):mul(scale)
  end
  at_weights:cmul(rows, values:view(-1, 1):expandAs(rows)):mul(scale)
  return to
end

-- Keeps the gradients until updateParameters; gradBias (nOut) += scale * sum of gradOutput
function IndexLinear:accGradParameters(input, gradOutput, scale)
  scale = scale or 1
  self:flattenInputs(self:reshapeInput(input))
  self.gradBias:add(scale, total(self, gradOutput))
  if self.keys:nElement() == 0 then return end
  local run, i = self.running, self.running.counter
  run.keys[i] = run.keys[i] or torch.LongTensor()
  run.cumSumSizes[i] = run.cumSumSizes[i] or torch.LongTensor()
  run.gradWeight[i] = common.buffer(run.gradWeight[i], self.weight)
  run.keys[i]:resizeAs(self.keys):copy(self.keys)
  run.cumSumSizes[i]:resizeAs(self.cumSumSizes):copy(self.cumSumSizes)
  row_gradients(self, gradOutput, scale, run.gradWeight[i])
  run.counter = i + 1
end

-- Add `step` times kept gradients to the rows of their keys.
local function apply(self, keys, grad, step)
  local rows = rows_of(self, keys)
  if self.weightDecay ~= 0 then
    local seen = torch.ByteTensor(self.inputSize):zero()
    seen:indexFill(1, rows, 1)
    local used = seen:nonzero():view(-1)
    weights(self):indexCopy(1, used, weights(self):index(1, used):mul(1 + step * self.weightDecay))
  end
  weights(self):indexAdd(1, rows, torch.mul(grad:narrow(2, 1, self.outputSize), step))
  if self.normalize > 0 then
    self.weight:select(2, 4):indexAdd(1, rows, torch.mul(grad:select(2, self.outputSize + 1), step))
  end
end

--- w = w - lr * gradient, for the rows used since zeroGradParameters.
function IndexLinear:updateParameters(lr)
  lr = common.rate(self, 'updateParameters', lr)
  self.bias:add(-lr, self.gradBias)
  local run = self.running
  for i = 1, run.counter - 1 do apply(self, run.keys[i], run.gradWeight[i], -lr) end
end

function IndexLinear:zeroGradParameters()
  self.running.counter = 1
  self.gradBias:zero()
end

function IndexLinear:accUpdateGradParameters(input, gradOutput, lr)
  lr = common.rate(self, 'accUpdateGradParameters', lr)
  self:flattenInputs(self:reshapeInput(input))
  self.bias:add(-lr, total(self, gradOutput))
  if self.keys:nElement() == 0 then return end
  self.gradWeightBuffer = common.buffer(self.gradWeightBuffer, self.weight)
  apply(self, self.keys, row_gradients(self, gradOutput, 1, self.gradWeightBuffer), -lr)
end

IndexLinear.sharedAccUpdateGradParameters = IndexLinear.accUpdateGradParameters

local indices = { 'keys', 'sizes', 'cumSumSizes', '_sample' }

--- As Module:type; keys and sizes stay LongTensors.
function IndexLinear:type(typename, cache)
  if not typename then return self._type end
  local kept, running = {}, self.running
  for _, name in ipairs(indices) do kept[name], self[name] = self[name], nil end
  self.running = { cumSumSizes = {}, keys = {}, gradWeight = {}, counter = 1 }
  parent.type(self, typename, cache)
  for _, name in ipairs(indices) do self[name] = kept[name] end
  for i = 1, running.counter - 1 do running.gradWeight[i] = running.gradWeight[i]:type(typename) end
  self.running = running
  return self
end

function IndexLinear:clearState()
  for _, name in ipairs { 'keys', 'values', 'sizes', 'cumSumSizes', '_sample', '_rows' } do self[name] = nil end
  self.running = { cumSumSizes = {}, keys = {}, gradWeight = {}, counter = 1 }
  for _, name in ipairs { 'gradWeightBuffer', 'valuesBuffer', 'normalizedValues' } do self[name]:set() end
  return parent.clearState(self)
end

return IndexLinear
