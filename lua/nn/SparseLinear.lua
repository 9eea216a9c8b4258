--- nn.SparseLinear(nIn, nOut, [doGradInput = false]): y = W x + b for sparse x. A sample is an n x 2 tensor of rows
-- (index, value); a batch a table of such, or a tensor N x n x 2 (there index 0 marks unused rows).
-- zeroGradParameters and updateParameters touch only the columns of W that the last input used, where there was one
-- input between them. gradInput: for each sample nIn rows (index, gradient); for a tensor batch, the gradient of each
-- entry in the entry's place.
-- Output (nOut) or (N, nOut); weight (nOut, nIn), bias (nOut).
-- @usage local y = nn.SparseLinear(100, 3):forward(torch.Tensor{{5, 0.5}, {17, -1}})
local SparseLinear, parent = torch.class('nn.SparseLinear', 'nn.Module')
local ffi = require 'ffi'
local common = require 'nn.common'
local utils = require 'nn.utils'
local C, again = common.C, common.again

local NO_LAST_INPUT, ONE_LAST_INPUT, ACC_MULTIPLE_TIMES = 0, 1, 2
local bag = ffi.new 'struct rk_bag'

function SparseLinear:__init(nIn, nOut, doGradInput)
  parent.__init(self)
  nIn, nOut = common.number(nIn), common.number(nOut)
  if not (type(nIn) == 'number' and type(nOut) == 'number' and nIn >= 1 and nOut >= 1) then
    error(('nn.SparseLinear: expected the numbers of inputs and outputs, got %s and %s'):format(tostring(nIn),
      tostring(nOut)), 2)
  end
  self.weightDecay = 0
  self.doGradInput = doGradInput or false
  self.weight = torch.Tensor(nOut, nIn)
  self.bias = torch.Tensor(nOut)
  self.gradWeight = torch.Tensor(nOut, nIn):zero()
  self.gradBias = torch.Tensor(nOut):zero()
  self.sparseUpdate = NO_LAST_INPUT
  self:reset()
end

--- Draw new weights, uniform in ±stdv*sqrt(3), by default ±1/sqrt(nIn); the bias a millionth of that.
function SparseLinear:reset(stdv)
  stdv = common.spread(self, stdv, self.weight:size(2))
  self.weight:uniform(-stdv, stdv)
  self.bias:uniform(-stdv, stdv):mul(0.000001)
end

--- The input as a list of samples, or as it is when it is a tensor batch.
-- @return a table of tensors n x 2, or a tensor N x n x 2
function SparseLinear:reshapeInput(input)
  if type(input) == 'table' then return input end
  common.check_tensor(self, input)
  return input:dim() == 2 and { input } or input
end

local function bad_sample(self, x) common.expected(self, 'samples of [n x 2], rows of index and value', x) end

-- Buffers for `count` entries in n samples.
local function room(self, count, n)
  self._keys = self._keys or torch.LongTensor()
  self._ends = self._ends or torch.LongTensor()
  self._values = common.buffer(self._values, self.weight)
  self._keys:resize(count)
  self._values:resize(count)
  self._ends:resize(n)
end

local function gather_list(self, list)
  local count = 0
  for i = 1, #list do
    local x = list[i]
    if not common.istensor(x) or (x:dim() ~= 0 and (x:dim() ~= 2 or x:size(2) ~= 2)) then bad_sample(self, x) end
    count = count + (x:dim() == 2 and x:size(1) or 0)
  end
  room(self, count, #list)
  local at = 0
  for i = 1, #list do
    local x = list[i]
    if x:dim() == 2 then
      local n = x:size(1)
      self._keys:narrow(1, at + 1, n):copy(x:select(2, 1))
      self._values:narrow(1, at + 1, n):copy(x:select(2, 2))
      at = at + n
    end
    self._ends[i] = at
  end
end

local function gather_batch(self, x)
  if x:dim() ~= 3 or x:size(3) ~= 2 then bad_sample(self, x) end
  local n, k = x:size(1), x:size(2)
  room(self, n * k, n)
  self._keys:view(n, k):copy(x:select(3, 1))
  self._values:view(n, k):copy(x:select(3, 2))
  self._ends:range(k, n * k, k)
end

-- Read the input into _keys, _values, _ends, and point `bag` there.
local function gather(self, input)
  local x = self:reshapeInput(input)
  self.legacyMode = type(x) ~= 'table'
  if self.legacyMode then gather_batch(self, x) else gather_list(self, x) end
  self._single = common.istensor(input) and input:dim() == 2
  bag.keys, bag.values, bag.ends = self._keys, self._values, self._ends
  bag.offset, bag.by_count = 0, 0
  bag.skip = 0
  -- unused rows of a tensor batch
  if self.legacyMode and self._keys:nElement() > 0 and self._keys:min() == 0 then
    local none = self._keys:eq(0)
    self._keys:maskedFill(none, 1)
    self._values:maskedFill(none, 0)
  end
end

-- samples of (index, value) rows → output (nOut) of one, (N, nOut) of a batch
function SparseLinear:updateOutput(input)
  gather(self, input)
  local out = common.buffer(self.output, self.weight)
  self.output = out
  local n, nOut = self._ends:nElement(), self.weight:size(1)
  out:resize(n, nOut):copy(self.bias:view(1, nOut):expand(n, nOut))
  local m = self.weight:t()
  local s = C.rk_bag_forward(out, m, bag)
  if s ~= 0 then again(self, s, C.rk_bag_forward, out, m, bag) end
  if self._single then out:resize(nOut) end
  return out
end

local function check_gradient(self, gradOutput)
  local n, nOut = self._ends:nElement(), self.weight:size(1)
  common.check_tensor(self, gradOutput, 'gradOutput')
  if gradOutput:nElement() ~= n * nOut then
    common.expected(self, ('gradOutput [%d x %d]'):format(n, nOut), gradOutput)
  end
  return gradOutput:dim() == 1 and gradOutput:reshape(1, nOut) or gradOutput
end

function SparseLinear:accGradParameters(input, gradOutput, scale)
  scale = scale or 1
  gather(self, input)
  local g = check_gradient(self, gradOutput)
  -- How many inputs there were since zeroGradParameters: with one, only its columns need attention later.
  if self.sparseUpdate == NO_LAST_INPUT then
    self._lastKeys = self._lastKeys or torch.LongTensor()
    self._lastKeys:resizeAs(self._keys):copy(self._keys)
    self.sparseUpdate = ONE_LAST_INPUT
  else
    self.sparseUpdate = ACC_MULTIPLE_TIMES
  end
  local m = self.gradWeight:t()
  local s = C.rk_bag_backward(m, g, bag, scale)
  if s ~= 0 then again(self, s, C.rk_bag_backward, m, g, bag, scale) end
  self.gradBias:add(scale, g:sum(1):view(-1))
  if self.weightDecay ~= 0 then self.gradWeight:add(self.weightDecay, self.weight) end
end

-- The gradient of every entry of a dense input, sample by sample.
local function dense(self, gradOutput)
  local g = check_gradient(self, gradOutput)
  self._dense = common.buffer(self._dense, self.weight)
  return self._dense:resize(g:size(1), self.weight:size(2)):mm(g, self.weight)
end

function SparseLinear:updateGradInput(input, gradOutput)
  if not self.doGradInput then
    if not self.legacyMode and type(self.gradInput) ~= 'table' then self.gradInput = {} end
    return self.gradInput
  end
  gather(self, input)
  local g, nIn = dense(self, gradOutput), self.weight:size(2)
  if self.legacyMode then
    local dx = type(self.gradInput) == 'table' and g.new() or self.gradInput
    self.gradInput = dx:resizeAs(input):copy(input)
    dx:select(3, 2):copy(g:gather(2, self._keys:view(input:size(1), -1)))
    return dx
  end
  if type(self.gradInput) ~= 'table' then self.gradInput = {} end
  for i = #self.gradInput, g:size(1) + 1, -1 do self.gradInput[i] = nil end
  for i = 1, g:size(1) do
    local d = common.buffer(self.gradInput[i], g)
    self.gradInput[i] = d:resize(nIn, 2)
    d:select(2, 1):range(1, nIn)
    d:select(2, 2):copy(g[i])
  end
  return self.gradInput
end

-- What the one last input used: the columns, each once.
local function last_columns(self)
  if self._lastKeys:nElement() == 0 then return nil end
  local seen, list = {}, {}
  local keys = self._lastKeys:totable()
  for i = 1, #keys do
    if not seen[keys[i]] then
      seen[keys[i]] = true
      list[#list + 1] = keys[i]
    end
  end
  return #list > 0 and torch.LongTensor(list) or nil
end

--- w = w - lr * gradient, column by column where only one input was seen.
function SparseLinear:updateParameters(lr)
  if self.sparseUpdate ~= ONE_LAST_INPUT or self.weightDecay ~= 0 then return parent.updateParameters(self, lr) end
  lr = common.rate(self, 'updateParameters', lr)
  self.bias:add(-lr, self.gradBias)
  local columns = last_columns(self)
  if columns then self.weight:indexAdd(2, columns, self.gradWeight:index(2, columns):mul(-lr)) end
end

--- Zero the gradients, column by column where only one input was seen.
function SparseLinear:zeroGradParameters()
  if self.sparseUpdate == ONE_LAST_INPUT and self.weightDecay == 0 then
    self.gradBias:zero()
    local columns = last_columns(self)
    if columns then self.gradWeight:indexFill(2, columns, 0) end
  else
    parent.zeroGradParameters(self)
  end
  self.sparseUpdate = NO_LAST_INPUT
end

--- As Module:type; indices stay LongTensors.
function SparseLinear:type(typename, cache)
  if not typename then return self._type end
  local keys, ends, last = self._keys, self._ends, self._lastKeys
  self._keys, self._ends, self._lastKeys = nil, nil, nil
  parent.type(self, typename, cache)
  self._keys, self._ends, self._lastKeys = keys, ends, last
  return self
end

function SparseLinear:clearState()
  self._keys, self._ends, self._values, self._dense = nil, nil, nil, nil
  utils.clear(self, '_lastKeys')
  return parent.clearState(self)
end

return SparseLinear
