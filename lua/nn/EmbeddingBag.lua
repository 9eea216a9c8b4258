--- nn.EmbeddingBag(numEmbeddings, embeddingDim, [mode = 'mean'], [paddingIdx]), or a table of these names: the mean (or
-- 'sum') of the rows of a table that each bag of indices picks, without the rows in between.
--
-- input (N, S): N bags of S indices; {indices, offsets}: one vector of indices, bag n beginning at its offset (from 1)
-- and ending before the next → output (N, embeddingDim). Indices count from 1 and may be of any type. paddingIdx picks
-- nothing and does not count. An empty bag gives 0. weight (numEmbeddings, embeddingDim), standard normal at first.
-- Errors: an index out of range, with its value; offsets that do not rise. gradInput is zero.
-- @usage assert(nn.EmbeddingBag(10, 4):forward(torch.LongTensor { { 1, 5, 2 }, { 9, 1, 1 } }):size(1) == 2)
local Bag, parent = torch.class('nn.EmbeddingBag', 'nn.Module')
local ffi = require 'ffi'
local common = require 'nn.common'
local options = require 'nn.options'
local C, again, buffer = common.C, common.again, common.buffer

local bag = ffi.new 'struct rk_bag'

function Bag:__init(...)
  parent.__init(self)
  local who = 'nn.EmbeddingBag'
  local o = options.read(who, { 'numEmbeddings', 'embeddingDim', 'mode', 'paddingIdx' }, ...)
  options.count(who, 'numEmbeddings', o.numEmbeddings)
  options.count(who, 'embeddingDim', o.embeddingDim)
  self.mode = o.mode or 'mean'
  if self.mode ~= 'mean' and self.mode ~= 'sum' then options.refuse(who, 'mode', "'mean' or 'sum'", o.mode) end
  self.paddingIdx = o.paddingIdx and options.count(who, 'paddingIdx', o.paddingIdx)
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
    n = offsets:size(1)
    self.ends = torch.LongTensor(n)
    for i = 1, n do
      local first, last = offsets[i], i < n and offsets[i + 1] - 1 or keys:nElement()
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
  bag.offset, bag.skip, bag.by_count = 0, self.paddingIdx or 0, 0
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

function Bag:updateOutput(input)
  local n = fill(self, input)
  self.output = buffer(self.output, self.weight):resize(n, self.weight:size(2)):zero()
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
  common.check_dims(self, gradOutput, 2, 2, ('gradOutput [%d x %d]'):format(n, self.weight:size(2)))
  local s = C.rk_bag_backward(self.gradWeight, gradOutput, bag, scale or 1)
  if s ~= 0 then again(self, s, C.rk_bag_backward, self.gradWeight, gradOutput, bag, scale or 1) end
end

function Bag:clearState()
  self.keys, self.values, self.ends = nil, nil, nil
  return parent.clearState(self)
end

function Bag:__tostring__()
  return ('%s(%d x %d, %s)'):format(torch.type(self), self.weight:size(1), self.weight:size(2), self.mode)
end

return Bag
