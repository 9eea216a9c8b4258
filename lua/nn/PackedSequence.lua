--- nn.PackedSequence(data, batchSizes, [sortedIndices], [unsortedIndices]): sequences of different lengths without
-- padding, PyTorch's: step 1 of all of them, then step 2 of those that have one ...
--
-- data (steps in all, ...), batch_sizes (T) how many sequences have step t, longest first. sorted_indices: the place
-- that each of these has in the batch; unsorted_indices: the other way; nil where the batch is in that order.
-- nn.utils.rnn.pack_padded_sequence and pack_sequence make them, pad_packed_sequence and unpack_sequence undo them;
-- nn.LSTM, nn.GRU and nn.RNN read and return them: input packed or {packed, h0[, c0]}, output and gradients alike.
-- @usage
-- local p = nn.utils.rnn.pack_sequence { torch.ones(3, 2), torch.ones(2, 2) }
-- assert(nn.LSTM(2, 4):forward(p).data:size(1) == 5)
local Packed = torch.class 'nn.PackedSequence'
local common = require 'nn.common'
local options = require 'nn.options'
local buffer = common.buffer

local function indices(name, v, n)
  if v == nil then return nil end
  if torch.type(v) == 'table' then
    local ok, t = pcall(torch.LongTensor, v)
    v = ok and t or v
  end
  if not torch.isTensor(v) or v:dim() ~= 1 or (n and v:size(1) ~= n) then
    options.refuse('nn.PackedSequence', name, n and ('%d whole numbers'):format(n) or 'whole numbers', v)
  end
  return v:long()
end

function Packed:__init(data, batch_sizes, sorted_indices, unsorted_indices)
  local who = 'nn.PackedSequence'
  if not torch.isTensor(data) or data:dim() < 1 then options.refuse(who, 'data', 'a tensor', data) end
  self.data, self.batch_sizes = data, indices('batchSizes', batch_sizes)
  if not self.batch_sizes then options.refuse(who, 'batchSizes', 'whole numbers', nil) end
  local sizes, sum = self.batch_sizes:totable(), 0
  for t, n in ipairs(sizes) do
    if n < 1 or (t > 1 and n > sizes[t - 1]) then
      options.refuse(who, ('batchSizes[%d]'):format(t), ('a number of 1..%d'):format(t > 1 and sizes[t - 1] or 1), n)
    end
    sum = sum + n
  end
  if sum ~= data:size(1) then options.refuse(who, 'data', ('%d rows'):format(sum), data:size(1)) end
  self.sorted_indices = indices('sortedIndices', sorted_indices, sizes[1])
  self.unsorted_indices = indices('unsortedIndices', unsorted_indices, sizes[1])
  if self.sorted_indices and not self.unsorted_indices then
    self.unsorted_indices = Packed.invert(self.sorted_indices)
  elseif self.unsorted_indices and not self.sorted_indices then
    self.sorted_indices = Packed.invert(self.unsorted_indices)
  end
end

--- The permutation that undoes one.
-- @param p LongTensor, or nil
function Packed.invert(p)
  if p == nil then return nil end
  p = indices('indices', p)
  return torch.LongTensor(p:size(1)):scatter(1, p, torch.range(1, p:size(1)):long())
end

-- Where in a padded (T*N, ...) the rows of data stand.
local function places(self)
  local T, N = self.batch_sizes:size(1), self.batch_sizes[1]
  local order = self.sorted_indices or torch.range(1, N):long()
  local out, at = torch.LongTensor(self.data:size(1)), 1
  for t = 1, T do
    local n = self.batch_sizes[t]
    out:narrow(1, at, n):copy(order:narrow(1, 1, n)):add((t - 1) * N)
    at = at + n
  end
  return out
end

--- How long the sequences are, in the batch's order.
-- @return LongTensor (N)
function Packed:lengths()
  local N = self.batch_sizes[1]
  local out = torch.LongTensor(N)
  for b = 1, N do out[b] = self.batch_sizes:ge(b):sum() end
  return self.unsorted_indices and out:index(1, self.unsorted_indices) or out
end

--- The sequences side by side, padded.
-- @param[opt] out where to
-- @param[opt=0] value what fills the rest
-- @param[opt] T steps, at least those of the longest
-- @return (T, N, ...)
function Packed:pad(out, value, T)
  if T ~= nil and not (type(T) == 'number' and T >= self.batch_sizes:size(1) and T < 2 ^ 31) then
    options.refuse('nn.PackedSequence', 'T', ('a number of steps from %d'):format(self.batch_sizes:size(1)), T)
  end
  if value ~= nil and type(value) ~= 'number' then options.refuse('nn.PackedSequence', 'value', 'a number', value) end
  if out ~= nil and not torch.isTensor(out) then options.refuse('nn.PackedSequence', 'out', 'a tensor', out) end
  local sizes, N = self.data:size():totable(), self.batch_sizes[1]
  T = T or self.batch_sizes:size(1)
  sizes[1] = N
  table.insert(sizes, 1, T)
  out = buffer(out, self.data):resize(torch.LongStorage(sizes)):fill(value or 0)
  local rest = { unpack(sizes, 3) }
  out:view(T * N, unpack(rest)):indexCopy(1, places(self), self.data)
  return out
end

--- What a padded (T, N, ...) holds, in the form of this.
-- @param padded the tensor
-- @param[opt] out a packed sequence that is changed
-- @return a packed sequence
function Packed:like(padded, out)
  if not torch.isTensor(padded) or padded:dim() < 2 or padded:size(1) < self.batch_sizes:size(1)
    or padded:size(2) ~= self.batch_sizes[1] then
    options.refuse('nn.PackedSequence', 'padded', ('a tensor [%d x %d x ...]'):format(self.batch_sizes:size(1),
      self.batch_sizes[1]), padded)
  end
  if out ~= nil and not torch.isTypeOf(out, 'nn.PackedSequence') then
    options.refuse('nn.PackedSequence', 'out', 'a packed sequence', out)
  end
  out = out or torch.factory('nn.PackedSequence')()
  out.data = buffer(out.data, padded)
  local sizes = padded:size():totable()
  out.data:index(padded:contiguous():view(sizes[1] * sizes[2], unpack(sizes, 3)), 1, places(self))
  out.batch_sizes, out.sorted_indices = self.batch_sizes, self.sorted_indices
  out.unsorted_indices = self.unsorted_indices
  return out
end

--- The same sequences with data of another type.
-- @param[opt] typename without it: the name of data's
function Packed:type(typename)
  if not typename then return self.data:type() end
  if type(typename) ~= 'string' or not typename:find 'Tensor$' or not torch.factory(typename) then
    options.refuse('nn.PackedSequence', 'type', "a tensor type such as 'torch.FloatTensor'", typename)
  end
  return nn.PackedSequence(self.data:type(typename), self.batch_sizes, self.sorted_indices, self.unsorted_indices)
end

for name, class in pairs { float = 'Float', double = 'Double', half = 'Half', long = 'Long' } do
  Packed[name] = function(self) return self:type('torch.' .. class .. 'Tensor') end
end

--- A copy with data of its own.
function Packed:clone()
  return nn.PackedSequence(self.data:clone(), self.batch_sizes, self.sorted_indices, self.unsorted_indices)
end

function Packed:__tostring__()
  return ('nn.PackedSequence(%d sequences, %d steps in all)'):format(self.batch_sizes[1], self.data:size(1))
end

-- -- through layers ---------------------------------------------------------------------------------------------

local function packed_of(input)
  if torch.isTypeOf(input, 'nn.PackedSequence') then return input end
  if torch.type(input) == 'table' and torch.isTypeOf(input[1], 'nn.PackedSequence') then return input[1] end
end

-- f(layer, ...) with the lengths and the output of padded calls.
local function padded_call(layer, packed, f, ...)
  local state, lengths, first, output, gradInput = layer.packing, layer.lengths, layer.batchFirst, layer.output,
    layer.gradInput
  layer.lengths, layer.batchFirst = packed:lengths(), false
  layer.output, layer.gradInput = state.output or layer.weight.new(), gradInput and (state.gradInput
    or layer.weight.new())
  local ok, result = pcall(f, layer, ...)
  state.output, state.gradInput = layer.output, layer.gradInput
  layer.lengths, layer.batchFirst, layer.output, layer.gradInput = lengths, first, output, gradInput
  if not ok then error(result, 0) end
  return result
end

-- A packed sequence, or a table that begins with one, padded.
local function opened(layer, place, value, packed, what)
  local given = packed_of(value)
  if not given or given.batch_sizes:size(1) ~= packed.batch_sizes:size(1)
    or given.data:size(1) ~= packed.data:size(1) then
    common.expected(layer, ('%s as an nn.PackedSequence of %d steps in all'):format(what, packed.data:size(1)), value)
  end
  local state = layer.packing
  state[place] = given:pad(state[place])
  if value == given then return state[place] end
  return { state[place], unpack(value, 2, 3) }
end

local function closed(layer, place, result, packed)
  local state = layer.packing
  local y = torch.isTensor(result) and result or result[1]
  state[place] = packed:like(y, state[place])
  if torch.isTensor(result) then return state[place] end
  return { state[place], unpack(result, 2, 3) }
end

--- Let a class of recurrent layers, whose methods are all there, take packed sequences as well.
-- Layers keep what is padded, and their packed results, in the field `packing`.
function Packed.through(class)
  local updateOutput, updateGradInput = class.updateOutput, class.updateGradInput
  local accGradParameters, clearState = class.accGradParameters, class.clearState

  function class:updateOutput(input)
    local packed = packed_of(input)
    if not packed then return updateOutput(self, input) end
    self.packing = self.packing or {}
    local result = padded_call(self, packed, updateOutput, opened(self, 'x', input, packed, 'input'))
    self.output = closed(self, 'y', result, packed)
    return self.output
  end

  function class:updateGradInput(input, gradOutput)
    local packed, g = packed_of(input), gradOutput
    if not packed then return updateGradInput(self, input, gradOutput) end
    if not self.packing then error(tostring(self) .. ': backward before forward', 0) end
    local only_states = torch.type(g) == 'table' and g[1] == nil
    if not only_states then g = opened(self, 'g', g, packed, 'gradOutput') end
    local result = padded_call(self, packed, updateGradInput, opened(self, 'x', input, packed, 'input'), g)
    if result ~= nil then self.gradInput = closed(self, 'dx', result, packed) end
    return result ~= nil and self.gradInput or nil
  end

  function class:accGradParameters(input, gradOutput, scale)
    local packed = packed_of(input)
    if not packed then return accGradParameters(self, input, gradOutput, scale) end
    if not self.packing then error(tostring(self) .. ': backward before forward', 0) end
    padded_call(self, packed, accGradParameters, opened(self, 'x', input, packed, 'input'), nil, scale)
  end

  function class:clearState()
    self.packing = nil
    return clearState(self)
  end
end

return Packed
