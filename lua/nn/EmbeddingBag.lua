--- nn.EmbeddingBag(numEmbeddings, embeddingDim, [maxNorm], [normType = 2], [scaleGradByFreq = false],
-- [mode = 'mean'], [sparse = false], [weight], [includeLastOffset = false], [paddingIdx]), or a table of these names;
-- mode may also stand third: the mean (or 'sum', or 'max') of the rows of a table that each bag of indices picks,
-- without the rows in between.
--
-- input (N, S): N bags of S indices; {indices, offsets}: one vector of indices, bag n beginning at its offset (from 1)
-- and ending before the next → output (N, embeddingDim). Indices count from 1 and may be of any type. paddingIdx picks
-- nothing and does not count. An empty bag gives 0. weight (numEmbeddings, embeddingDim), standard normal at first.
-- With mode 'sum' weights of the indices may follow, {indices, offsets, weights} or {indices, weights} of bags of one
-- size: each row picked is multiplied by its weight.
-- maxNorm: at each forward the rows used are scaled down to that norm. scaleGradByFreq: a row's gradient is divided by
-- how often the batch has it (not with 'max'). includeLastOffset: one more offset ends the last bag. sparse: `rows`
-- lists the rows with a gradient, as of nn.SparseEmbedding, for optim.SparseAdam.
-- Errors: an index out of range, with its value; offsets that do not rise. gradInput is zero, but for weights given.
-- @usage assert(nn.EmbeddingBag(10, 4):forward(torch.LongTensor { { 1, 5, 2 }, { 9, 1, 1 } }):size(1) == 2)
local Bag, parent = torch.class('nn.EmbeddingBag', 'nn.Module')
local ffi = require 'ffi'
local common = require 'nn.common'
local couple = require 'nn.couple'
local options = require 'nn.options'
local sparse_rows = require 'nn.sparse_rows'
local C, again, buffer = common.C, common.again, common.buffer

local bag = ffi.new 'struct rk_bag'
local names = { 'numEmbeddings', 'embeddingDim', 'maxNorm', 'normType', 'scaleGradByFreq', 'mode', 'sparse', 'weight',
  'includeLastOffset', 'paddingIdx' }
local mode_third = { 'numEmbeddings', 'embeddingDim', 'mode', 'paddingIdx', 'maxNorm', 'normType', 'scaleGradByFreq',
  'includeLastOffset' }

sparse_rows.attach(Bag, parent)

function Bag:__init(...)
  local _, _, third = ...
  parent.__init(self)
  local who = 'nn.EmbeddingBag'
  local o = options.read(who, type(third) == 'string' and mode_third or names, ...)
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
  self.sparse = options.flag(who, 'sparse', o.sparse, false)
  if o.weight ~= nil then
    if not torch.isTensor(o.weight) or o.weight:dim() ~= 2 or o.weight:size(1) ~= o.numEmbeddings
      or o.weight:size(2) ~= o.embeddingDim then
      options.refuse(who, 'weight', ('a tensor of %d x %d'):format(o.numEmbeddings, o.embeddingDim), o.weight)
    end
    self.weight = o.weight
  else
    self.weight = torch.Tensor(o.numEmbeddings, o.embeddingDim)
    self:reset()
  end
  self.gradWeight = self.weight.new(o.numEmbeddings, o.embeddingDim):zero()
end

--- Draw new rows, normal with deviation stdv (1).
function Bag:reset(stdv)
  self.weight:normal(0, common.deviation(self, stdv or 1))
  if self.paddingIdx then self.weight[self.paddingIdx]:zero() end
  return self
end

local function long(t)
  if torch.type(t) ~= 'torch.LongTensor' then t = t:long() end
  return t:contiguous()
end

-- Bags of one size, of indices (N, S).
local function even(self, indices)
  local keys, n = long(indices):view(-1), indices:size(1)
  if torch.type(self.ends) ~= 'torch.LongTensor' or self.ends:nElement() ~= n or self.ends[n] ~= keys:nElement() then
    self.ends = torch.range(1, n):long():mul(indices:size(2))
  end
  return keys, n
end

-- Bags of one vector of indices, that begin at offsets.
local function uneven(self, indices, offsets)
  local keys = long(indices)
  offsets = long(offsets)
  local n = offsets:size(1) - (self.includeLastOffset and 1 or 0)
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
  return keys, n
end

-- What each index of a mean counts.
local function shares(self, keys, n)
  local values, from = buffer(self.values, self.weight):resize(keys:nElement()), 1
  for i = 1, n do
    local size = self.ends[i] - from + 1
    if size > 0 then
      local part = keys:narrow(1, from, size)
      local count = self.paddingIdx and size - part:eq(self.paddingIdx):sum() or size
      values:narrow(1, from, size):fill(count > 0 and 1 / count or 0)
    end
    from = self.ends[i] + 1
  end
  return values
end

local function matrix(t) return torch.isTensor(t) and t:dim() == 2 end
local function vector(t) return torch.isTensor(t) and t:dim() == 1 end

-- Where in a table of input the weights of the indices stand: after offsets, if there are any.
local function place_of_weights(input)
  if type(input) ~= 'table' then return nil end
  local place = matrix(input[1]) and 2 or 3
  return input[place] ~= nil and place or nil
end

-- Fill `bag`; the tensors it points to stay in self.
local function fill(self, input)
  local keys, n
  if matrix(input) then
    keys, n = even(self, input)
  elseif type(input) == 'table' and matrix(input[1]) then
    keys, n = even(self, input[1])
  elseif type(input) == 'table' and vector(input[1]) and vector(input[2]) then
    keys, n = uneven(self, input[1], input[2])
  else
    common.expected(self, 'indices [N x S], or {indices, offsets} as input', input)
  end
  self.keys = keys
  bag.keys, bag.ends, bag.values = keys, self.ends, nil
  bag.offset, bag.skip, bag.by_count = 0, self.paddingIdx or 0, self.scaleGradByFreq and 1 or 0
  local place = place_of_weights(input)
  if place then
    local given = input[place]
    if self.mode ~= 'sum' then common.expected(self, "weights of the indices with mode 'sum' only", given) end
    if not (torch.isTensor(given) and given:isSameSizeAs(input[1]) and given:type() == self.weight:type()) then
      common.expected(self, ('weights %s of type %s'):format(common.shape(input[1]), self.weight:type()), given)
    end
    self.values = given:contiguous():view(-1)
    bag.values = self.values
  elseif self.mode == 'mean' then
    self.values = shares(self, keys, n)
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
  self.rows_picked, self.top = buffer(self.rows_picked, self.weight), buffer(self.top, self.weight)
  for i = 1, n do
    local size = self.ends[i] - from + 1
    local keys = counted(self, from, size)
    if keys then
      self.rows_picked:index(self.weight, 1, keys)
      self.top:max(at, self.rows_picked, 1)
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

-- The gradients of the indices' weights: of each, the row it picks times its bag's gradOutput.
local function weights_back(self, out, input, gradOutput)
  local n = fill(self, input)
  common.check_dims(self, gradOutput, 2, 2, ('gradOutput [%d x %d]'):format(n, self.weight:size(2)))
  local owner, from = longs(self, 'owner'):resize(self.keys:nElement()), 1
  for i = 1, n do
    local size = self.ends[i] - from + 1
    if size > 0 then owner:narrow(1, from, size):fill(i) end
    from = from + size
  end
  self.rows_picked, self.part = buffer(self.rows_picked, self.weight), buffer(self.part, self.weight)
  self.rows_picked:index(self.weight, 1, self.keys)
  self.part:index(gradOutput, 1, owner)
  out = buffer(out, self.weight)
  out:sum(self.rows_picked:cmul(self.part), 2)
  if self.paddingIdx then
    out:maskedFill(couple.mask(self, 'kept'):eq(self.keys, self.paddingIdx):view(-1, 1), 0)
  end
  return out:resize(input[1]:size())
end

local function zeros(old, like)
  local t = buffer(torch.isTensor(old) and old or nil, like)
  return t:resize(like:size()):zero()
end

function Bag:updateGradInput(input, gradOutput)
  local place, old = place_of_weights(input), self.gradInput
  if not place then
    local indices = type(input) == 'table' and input[1] or input
    common.check_tensor(self, indices, 'input')
    self.gradInput = zeros(old, indices)
    return self.gradInput
  end
  if torch.isTensor(old) then old = {} end
  for i = 1, place - 1 do old[i] = zeros(old[i], input[i]) end
  old[place] = weights_back(self, old[place], input, gradOutput)
  self.gradInput = old
  return old
end

function Bag:accGradParameters(input, gradOutput, scale)
  local n = fill(self, input)
  local width = self.weight:size(2)
  common.check_dims(self, gradOutput, 2, 2, ('gradOutput [%d x %d]'):format(n, width))
  if gradOutput:size(1) ~= n or gradOutput:size(2) ~= width then
    common.expected(self, ('gradOutput [%d x %d]'):format(n, width), gradOutput)
  end
  if self.sparse then sparse_rows.note(self, self.keys) end
  if self.mode == 'max' then
    local best = self.best
    local fits = torch.type(best) == 'torch.LongTensor' and best:dim() == 2 and best:size(1) == n
    if not fits then common.expected(self, 'the input of the last forward', input) end
    return largest_back(self, gradOutput, scale or 1)
  end
  scale = common.scale(self, scale)
  local s = C.rk_bag_backward(self.gradWeight, gradOutput, bag, scale)
  if s ~= 0 then again(self, s, C.rk_bag_backward, self.gradWeight, gradOutput, bag, scale) end
end

function Bag:clearState()
  for _, name in ipairs { 'keys', 'values', 'ends', 'best', 'at', 'rows_picked', 'top', 'places', 'some', 'kept',
    'chosen', 'part', 'owner', '_part' } do
    self[name] = nil
  end
  return parent.clearState(self)
end

function Bag:__tostring__()
  return ('%s(%d x %d, %s)'):format(torch.type(self), self.weight:size(1), self.weight:size(2), self.mode)
end

return Bag
