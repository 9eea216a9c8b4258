--- nn.LookupTable(nIndex, nOutput, [paddingValue = 0], [maxNorm], [normType = 2]): row i of the weight for index i.
-- The padding index gets no gradient. maxNorm: at each forward the rows used are scaled down to that norm. Indices
-- may be a LongTensor or of any other type; gradInput is zero and of the input's type.
-- input (T) or (N, T) → output (T, nOutput) or (N, T, nOutput); weight (nIndex, nOutput).
-- @usage local y = nn.LookupTable(10, 4):forward(torch.LongTensor{{1, 5, 2}, {9, 1, 1}}) -- 2x3x4
local LookupTable, parent = torch.class('nn.LookupTable', 'nn.Module')
local ffi = require 'ffi'
local common = require 'nn.common'
local utils = require 'nn.utils'
local C, again = common.C, common.again

LookupTable.__version = 4

local bag, dims = ffi.new 'struct rk_bag', ffi.new('int64_t[?]', 12)

local function size(name, v)
  v = common.number(v)
  if type(v) ~= 'number' or v ~= v or v < 1 then
    error(('nn.LookupTable: %s: expected a whole number of 1 or more, got %s'):format(name, tostring(v)), 3)
  end
  return common.whole('nn.LookupTable', name, v)
end

function LookupTable:__init(nIndex, nOutput, paddingValue, maxNorm, normType)
  parent.__init(self)
  nIndex, nOutput = size('nIndex', nIndex), size('nOutput', nOutput)
  self.weight = torch.Tensor(nIndex, nOutput)
  self.gradWeight = torch.Tensor(nIndex, nOutput):zero()
  self.paddingValue = common.optional(torch.type(self), 'paddingValue', paddingValue) or 0
  self.maxNorm = common.optional('nn.LookupTable', 'maxNorm', maxNorm)
  self.normType = common.optional('nn.LookupTable', 'normType', normType)
  self:reset()
end

--- Give objects of older files the fields they lack.
function LookupTable:backCompatibility()
  self._count = self._count or torch.IntTensor()
  self._input = self._input or torch.LongTensor()
  if self.shouldScaleGradByFreq == nil then self.shouldScaleGradByFreq = false end
end

--- Do without gradWeight: only accUpdateGradParameters can train it then.
-- @return self
function LookupTable:accUpdateOnly()
  self.gradWeight = nil
  return self
end

--- The index that gets no gradient.
-- @return self
function LookupTable:setPadding(paddingValue)
  self.paddingValue = paddingValue
  return self
end

--- Largest norm of a row, nil for none.
-- @return self
function LookupTable:setMaxNorm(maxNorm)
  self.maxNorm = maxNorm
  return self
end

--- The p of the norm that setMaxNorm limits.
-- @return self
function LookupTable:setNormType(normType)
  self.normType = normType
  return self
end

--- Divide each index's gradient by how often it occurs in the batch.
-- @return self
function LookupTable:scaleGradByFreq()
  self.shouldScaleGradByFreq = true
  return self
end

--- Draw new weights, normal with deviation stdv.
function LookupTable:reset(stdv) self.weight:normal(0, common.deviation(self, stdv or 1)) end

--- The indices as a packed LongTensor: the input itself where it is one.
function LookupTable:makeInputContiguous(input)
  common.check_tensor(self, input)
  local own = self._input
  if not own or own.dt ~= C.RK_i64 then
    own = torch.LongTensor()
    self._input = own
  end
  if input.dt == C.RK_i64 and C.rk_tensor_packed(input) ~= 0 then
    self.copiedInput = false
    return input
  end
  self.copiedInput = true
  return own:resize(input:size()):copy(input)
end

local function indices(self, input)
  common.check_dims(self, input, 1, 9, 'indices as a vector or matrix')
  return self:makeInputContiguous(input)
end

--- Scale the rows that the indices use down to maxNorm.
function LookupTable:renorm(input)
  if not self.maxNorm then return end
  local index, p = indices(self, input), self.normType or 2
  local s = C.rk_bag_renorm(self.weight, index, p, self.maxNorm)
  if s ~= 0 then again(self, s, C.rk_bag_renorm, self.weight, index, p, self.maxNorm) end
end

-- input (T) or (N, T) → output (T, nOutput) or (N, T, nOutput)
function LookupTable:updateOutput(input)
  local index, weight = indices(self, input), self.weight
  if self.maxNorm then self:renorm(index) end
  local out = common.buffer(self.output, weight)
  self.output = out
  local flat = index.rank > 1 and index:view(-1) or index
  local s = C.rk_index_select(out, weight, 0, flat)
  if s ~= 0 then again(self, s, C.rk_index_select, out, weight, 0, flat) end
  if index.rank > 1 then
    for d = 0, index.rank - 1 do dims[d] = index.extent[d] end
    dims[index.rank] = weight.extent[1]
    s = C.rk_tensor_resize(out, index.rank + 1, dims, nil)
    if s ~= 0 then again(self, s, C.rk_tensor_resize, out, index.rank + 1, dims, nil) end
  end
  return out
end

-- There is no gradient of an index: zeros of the input's type and size.
function LookupTable:updateGradInput(input, _gradOutput)
  local dx = self.gradInput
  if not dx then return end
  common.check_tensor(self, input)
  if dx.dt ~= input.dt then
    dx = input.new()
    self.gradInput = dx
  end
  if not dx:isSameSizeAs(input) then dx:resizeAs(input):zero() end
  return dx
end

-- gradWeight (nIndex, nOutput): row i += scale * the gradients where the index was i
function LookupTable:accGradParameters(input, gradOutput, scale)
  self:backCompatibility()
  local grad = self.gradWeight
  if not grad then error('nn.LookupTable: no gradWeight after accUpdateOnly(): use accUpdateGradParameters', 0) end
  common.check_tensor(self, gradOutput, 'gradOutput')
  scale = common.scale(self, scale)
  bag.keys = indices(self, input)
  bag.values, bag.ends, bag.offset = nil, nil, 0
  bag.skip = self.paddingValue or 0
  bag.by_count = self.shouldScaleGradByFreq and 1 or 0
  local s = C.rk_bag_backward(grad, gradOutput, bag, scale)
  if s ~= 0 then again(self, s, C.rk_bag_backward, grad, gradOutput, bag, scale) end
end

-- Each copy of a shared table may take its own step: nothing has to be accumulated first.
function LookupTable:sharedAccUpdateGradParameters(input, gradOutput, lr)
  self:defaultAccUpdateGradParameters(input, gradOutput, lr)
end

--- As Module:type; indices stay LongTensors.
function LookupTable:type(typename, cache)
  if not typename then return self._type end
  local count, input = self._count, self._input
  self._count, self._input = nil, nil
  parent.type(self, typename, cache)
  self._count, self._input = count, input
  return self
end

function LookupTable:clearState()
  utils.clear(self, '_count', '_input', '_gradOutput')
  return parent.clearState(self)
end

return LookupTable
