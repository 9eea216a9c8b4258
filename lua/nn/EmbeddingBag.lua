--- nn.EmbeddingBag(numEmbeddings, embeddingDim, [mode = 'mean'], [paddingIdx], [maxNorm], [normType = 2],
-- [scaleGradByFreq = false], [includeLastOffset = false]), or a table of these names: the mean (or 'sum', or 'max') of
-- the rows of a table that each bag of indices picks, without the rows in between.
--
-- input (N, S): N bags of S indices; {indices, offsets}: one vector of indices, bag n beginning at its offset (from 1)
-- and ending before the next → output (N, embeddingDim). Indices count from 1 and may be of any type. paddingIdx picks
-- nothing and does not count. An empty bag gives 0. weight (numEmbeddings, embeddingDim), standard normal at first.
-- maxNorm: at each forward the rows used are scaled down to that norm. scaleGradByFreq: a row's gradient is divided by
-- how often the batch has it (not with 'max'). includeLastOffset: one more offset ends the last bag.
-- Errors: an index out of range, with its value; offsets that do not rise. gradInput is zero.
-- @usage assert(nn.EmbeddingBag(10, 4):forward(torch.LongTensor { { 1, 5, 2 }, { 9, 1, 1 } }):size(1) == 2)
local Bag, parent = torch.class('nn.EmbeddingBag', 'nn.Module')
local ffi = require 'ffi'
local common = require 'nn.common'
local couple = require 'nn.couple'
local options = require 'nn.options'
local C, again, buffer = common.C, common.again, common.buffer

local bag = ffi.new 'struct rk_bag'

function Bag:__init(...)
  parent.__init(self)
  local who = 'nn.EmbeddingBag'
  local o = options.read(who, { 'numEmbeddings', 'embeddingDim', 'mode', 'paddingIdx', 'maxNorm', 'normType',
    'scaleGradByFreq', 'includeLastOffset' }, ...)
  options.count(who, 'numEmbeddings', o.numEmbeddings)
  options.count(who, 'embeddingDim', o.embeddingDim)
  self.mode = o.mode or 'mean'
  if self.mode ~= 'mean' and self.mode ~= 'sum' and self.mode ~= 'max' then
    options.refuse(who, 'mode', "'mean', 'sum' or 'max'", o.mode)
  end
  self.paddingIdx = o.paddingIdx and options.count(who, 'paddingIdx', o.paddingIdx)
  if self.paddingIdx and self.paddingIdx > o.numEmbeddings then
    options.refuse(who, 'paddingIdx', ('a number of 1..%d'):format(o.numEmbeddings), self.paddingIdx)
  end
  self.maxNorm = o.maxNorm and options.number(who, 'maxNorm', o.maxNorm)
  self.normType = options.number(who, 'normType', o.normType, 2)
  self.scaleGradByFreq = options.flag(who, 'scaleGradByFreq', o.scaleGradByFreq, false)
  self.includeLastOffset = options.flag(who, 'includeLastOffset', o.includeLastOffset, false)
  if self.scaleGradByFreq and self.mode == 'max' then
    options.refuse(who, 'scaleGradByFreq', "false with mode 'max'", true)
  end
  self.weight = torch.Tensor(o.numEmbeddings, o.embeddingDim)
  self.gradWeight = torch.Tensor(o.numEmbeddings, o.embeddingDim):zero()
  self:reset()
end

--- Draw new rows, normal with deviation stdv (1).
function Bag:reset(stdv)
  self.weight:normal(0, stdv or 1)
  if self.paddingIdx then self.weight[self.paddingIdx]:zero() end
  return self
end

local function long(t)
  if torch.type(t) ~= 'torch.LongTensor' then t = t:long() end
  return t:contiguous()
end

-- Fill `bag`; the tensors it points to stay in self.
local function fill(self, input)
  local keys, n
  if torch.isTensor(input) and input:dim() == 2 then
    keys, n = long(input):view(-1), input:size(1)
    if torch.type(self.ends) ~= 'torch.LongTensor' or self.ends:nElement() ~= n or self.ends[n] ~= keys:nElement() then
      self.ends = torch.range(1, n):long():mul(input:size(2))
    end
  elseif type(input) == 'table' and torch.isTensor(input[1]) and torch.isTensor(input[2]) and input[1]:dim() == 1
    and input[2]:dim() == 1 then
    keys = long(input[1])
    local offsets = long(input[2])
    n = offsets:size(1) - (self.includeLastOffset and 1 or 0)
    if n < 1 then common.expected(self, 'two offsets or more with includeLastOffset', offsets) end
    if torch.type(self.ends) ~= 'torch.LongTensor' then self.ends = torch.LongTensor() end
    self.ends:resize(n)
    for i = 1, n do
      local first = offsets[i]
      local last = (i < n or self.includeLastOffset) and offsets[i + 1] - 1 or keys:nElement()
      if (i == 1 and first ~= 1) or last < first - 1 or last > keys:nElement() then
        common.expected(self, ('offsets that rise from 1 to at most %d'):format(keys:nElement() + 1), offsets)
      end
      self.ends[i] = last
    end
  else
    common.expected(self, 'indices [N x S], or {indices, offsets} as input', input)
  end
  self.keys = keys
  bag.keys, bag.ends, bag.values = keys, self.ends, nil
  bag.offset, bag.skip, bag.by_count = 0, self.paddingIdx or 0, self.scaleGradByFreq and 1 or 0
  if self.mode == 'mean' then
    self.values = buffer(self.values, self.weight):resize(keys:nElement())
    local from = 1
    for i = 1, n do
      local size = self.ends[i] - from + 1
      if size > 0 then
        local part = keys:narrow(1, from, size)
        local count = self.paddingIdx and size - part:eq(self.paddingIdx):sum() or size
        self.values:narrow(1, from, size):fill(count > 0 and 1 / count or 0)
      end
      from = self.ends[i] + 1
    end
    bag.values = self.values
  end
  return n
end

-- A LongTensor of this module.
local function longs(self, name)
  if torch.type(self[name]) ~= 'torch.LongTensor' then self[name] = torch.LongTensor() end -- type() takes it along
  return self[name]
end

-- The keys of a bag that count, from `from` on; nil where there are none.
local function counted(self, from, size)
  if size <= 0 then return nil end
  local keys = self.keys:narrow(1, from, size)
  if not self.paddingIdx then return keys end
  local places = longs(self, 'places'):nonzero(couple.mask(self, 'kept'):ne(keys, self.paddingIdx))
  if places:nElement() == 0 then return nil end
  local some = longs(self, 'some')
  some:index(keys, 1, places:view(-1))
  return some
end

-- The largest of each bag's rows, feature by feature; whose they are goes to self.best (0: nobody's).
local function largest(self, n)
  local from, width = 1, self.weight:size(2)
  local best, at = longs(self, 'best'):resize(n, width):zero(), longs(self, 'at')
  self.rows, self.top = buffer(self.rows, self.weight), buffer(self.top, self.weight)
  for i = 1, n do
    local size = self.ends[i] - from + 1
    local keys = counted(self, from, size)
    if keys then
      self.rows:index(self.weight, 1, keys)
      self.top:max(at, self.rows, 1)
      self.output:select(1, i):copy(self.top)
      best:select(1, i):index(keys, 1, at:view(-1))
    end
    from = from + size
  end
  return self.output
end

-- gradWeight[best, feature] += scale * gradOutput
local function largest_back(self, gradOutput, scale)
  local grad, rows = self.gradWeight, gradOutput:size(1)
  self.chosen, self.part = buffer(self.chosen, grad), buffer(self.part, grad)
  for i = 1, rows do
    local at = self.best:narrow(1, i, 1)
    if at[1][1] > 0 then
      self.chosen:gather(grad, 1, at)
      self.part:resize(1, grad:size(2)):copy(gradOutput:select(1, i)):mul(scale):add(self.chosen)
      grad:scatter(1, at, self.part)
    end
  end
end

function Bag:updateOutput(input)
  local n = fill(self, input)
  if self.maxNorm then
    local p, limit = self.normType or 2, self.maxNorm
    local s = C.rk_bag_renorm(self.weight, self.keys, p, limit)
    if s ~= 0 then again(self, s, C.rk_bag_renorm, self.weight, self.keys, p, limit) end
  end
  self.output = buffer(self.output, self.weight):resize(n, self.weight:size(2)):zero()
  if self.mode == 'max' then return largest(self, n) end
  local s = C.rk_bag_forward(self.output, self.weight, bag)
  if s ~= 0 then again(self, s, C.rk_bag_forward, self.output, self.weight, bag) end
  return self.output
end

function Bag:updateGradInput(input)
  local indices = torch.isTensor(input) and input or input[1]
  self.gradInput = buffer(self.gradInput, indices):resize(indices:size()):zero()
  return self.gradInput
end

function Bag:accGradParameters(input, gradOutput, scale)
  local n = fill(self, input)
  local width = self.weight:size(2)
  common.check_dims(self, gradOutput, 2, 2, ('gradOutput [%d x %d]'):format(n, width))
  if gradOutput:size(1) ~= n or gradOutput:size(2) ~= width then
    common.expected(self, ('gradOutput [%d x %d]'):format(n, width), gradOutput)
  end
  if self.mode == 'max' then
    local best = self.best
    local fits = torch.type(best) == 'torch.LongTensor' and best:dim() == 2 and best:size(1) == n
    if not fits then common.expected(self, 'the input of the last forward', input) end
    return largest_back(self, gradOutput, scale or 1)
  end
  local s = C.rk_bag_backward(self.gradWeight, gradOutput, bag, scale or 1)
  if s ~= 0 then again(self, s, C.rk_bag_backward, self.gradWeight, gradOutput, bag, scale or 1) end
end

function Bag:clearState()
  for _, name in ipairs { 'keys', 'values', 'ends', 'best', 'at', 'rows', 'top', 'places', 'some', 'kept', 'chosen',
    'part' } do
    self[name] = nil
  end
  return parent.clearState(self)
end

function Bag:__tostring__()
  return ('%s(%d x %d, %s)'):format(torch.type(self), self.weight:size(1), self.weight:size(2), self.mode)
end

return Bag
