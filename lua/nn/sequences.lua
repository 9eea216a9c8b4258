--- nn.utils.rnn: batches of sequences of different lengths, padded (pad_sequence, unpad_sequence) or packed
-- (pack_padded_sequence, pack_sequence, pad_packed_sequence, unpack_sequence), under PyTorch's names.
--
-- nn.LSTM, nn.GRU and nn.RNN read packed sequences, or padded ones after setLengths, which costs less.
local options = require 'nn.options'

local M = {}

-- A list of tensors of one type: the list itself, a module's parameters, or one tensor.
local function tensors(who, name, what)
  if torch.isTypeOf(what, 'nn.Module') then return (what:parameters()) or {} end
  if torch.isTensor(what) then return { what } end
  if torch.type(what) ~= 'table' or #what == 0 then options.refuse(who, name, 'a list of tensors or a module', what) end
  for i = 1, #what do
    local t = what[i]
    if not torch.isTensor(t) then options.refuse(who, ('%s[%d]'):format(name, i), 'a tensor', t) end
    if t:type() ~= what[1]:type() then options.refuse(who, ('%s[%d]'):format(name, i), 'a ' .. what[1]:type(), t) end
  end
  return what
end

-- A list of sequences, equal but for their lengths, and the longest.
local function sequences_of(who, sequences)
  local list, longest = tensors(who, 'sequences', sequences), 0
  if #list == 0 then options.refuse(who, 'sequences', 'a list of tensors', sequences) end
  for i, t in ipairs(list) do
    local same = t:dim() == list[1]:dim() and t:dim() > 0
    for d = 2, t:dim() do same = same and t:size(d) == list[1]:size(d) end
    if not same then options.refuse(who, ('sequences[%d]'):format(i), 'sizes of the first but for the length', t) end
    longest = math.max(longest, t:size(1))
  end
  return list, longest
end

--- Sequences of different lengths as one tensor.
-- @param sequences a list of N tensors (length, ...), of one type and equal but for the length
-- @param[opt=false] batchFirst (N, longest, ...) instead of (longest, N, ...)
-- @param[opt=0] paddingValue what fills the rest
-- @param[opt='right'] paddingSide 'left': the rest comes first
-- @usage local x = nn.utils.rnn.pad_sequence { torch.ones(3, 2), torch.ones(5, 2) }  -- 5x2x2
function M.pad_sequence(sequences, ...)
  local who = 'nn.utils.rnn.pad_sequence'
  local o = options.read(who, { 'batchFirst', 'paddingValue', 'paddingSide' }, ...)
  local list, longest = sequences_of(who, sequences)
  local first, side = options.flag(who, 'batchFirst', o.batchFirst, false), o.paddingSide or 'right'
  if side ~= 'right' and side ~= 'left' then options.refuse(who, 'paddingSide', "'right' or 'left'", side) end
  local sizes, dim = list[1]:size():totable(), first and 1 or 2
  sizes[1] = longest
  table.insert(sizes, dim, #list)
  local value = options.number(who, 'paddingValue', o.paddingValue, 0)
  local out = list[1].new():resize(torch.LongStorage(sizes)):fill(value)
  for i, t in ipairs(list) do
    local from = side == 'left' and longest - t:size(1) + 1 or 1
    out:select(dim, i):narrow(1, from, t:size(1)):copy(t)
  end
  return out
end

-- N lengths of 1..longest as a list.
local function lengths_of(who, lengths, n, longest)
  if torch.isTensor(lengths) then lengths = lengths:contiguous():view(-1):totable() end
  if torch.type(lengths) ~= 'table' or #lengths ~= n then
    options.refuse(who, 'lengths', ('%d numbers'):format(n), lengths)
  end
  for i, length in ipairs(lengths) do
    if type(length) ~= 'number' or length % 1 ~= 0 or length < 1 or length > longest then
      options.refuse(who, ('lengths[%d]'):format(i), ('a whole number of 1..%d'):format(longest), length)
    end
  end
  return lengths
end

local function padded_of(who, padded, first)
  if not torch.isTensor(padded) or padded:dim() < 2 then
    options.refuse(who, 'padded', 'a tensor of at least 2 dimensions', padded)
  end
  return first and padded or padded:transpose(1, 2)
end

--- The sequences of a padded tensor: views of it.
-- @param padded (longest, N, ...)
-- @param lengths a list or a tensor of N lengths
-- @param[opt=false] batchFirst padded is (N, longest, ...)
-- @return a list of N tensors (length, ...)
-- @usage local list = nn.utils.rnn.unpad_sequence(torch.ones(5, 2, 3), { 4, 5 })
function M.unpad_sequence(padded, lengths, ...)
  local who = 'nn.utils.rnn.unpad_sequence'
  local o, out = options.read(who, { 'batchFirst' }, ...), {}
  local by_sample = padded_of(who, padded, options.flag(who, 'batchFirst', o.batchFirst, false))
  for i, length in ipairs(lengths_of(who, lengths, by_sample:size(1), by_sample:size(2))) do
    out[i] = by_sample[i]:narrow(1, 1, length)
  end
  return out
end

--- The permutation that undoes one; nil of nil.
-- @usage local p = nn.utils.rnn.invert_permutation(torch.LongTensor { 3, 1, 2 })  -- 2 3 1
function M.invert_permutation(p)
  if p ~= nil and not (torch.isTensor(p) and p:dim() == 1) then
    options.refuse('nn.utils.rnn.invert_permutation', 'permutation', 'a tensor of 1 dimension', p)
  end
  return nn.PackedSequence.invert(p)
end

--- A padded batch without its padding: an nn.PackedSequence.
-- @param input (longest, N, ...)
-- @param lengths a list or a tensor of N lengths, from 1
-- @param[opt=false] batchFirst input is (N, longest, ...)
-- @param[opt=true] enforceSorted lengths must not rise; false: sequences are sorted, and come back in their order
-- @usage local p = nn.utils.rnn.pack_padded_sequence(torch.ones(5, 2, 3), { 4, 5 }, false, false)
function M.pack_padded_sequence(input, lengths, ...)
  local who = 'nn.utils.rnn.pack_padded_sequence'
  local o = options.read(who, { 'batchFirst', 'enforceSorted' }, ...)
  local by_sample = padded_of(who, input, options.flag(who, 'batchFirst', o.batchFirst, false))
  local n = by_sample:size(1)
  lengths = lengths_of(who, lengths, n, by_sample:size(2))
  local order = nil
  if options.flag(who, 'enforceSorted', o.enforceSorted, true) then
    for i = 2, n do
      if lengths[i] > lengths[i - 1] then
        options.refuse(who, ('lengths[%d]'):format(i), ('at most %d, or enforceSorted = false'):format(lengths[i - 1]),
          lengths[i])
      end
    end
  else
    lengths, order = torch.LongTensor(lengths):sort(1, true)
    lengths = lengths:totable()
  end
  local batch, count = {}, n
  for t = 1, lengths[1] do
    while lengths[count] < t do count = count - 1 end
    batch[t] = count
  end
  local sizes, total = by_sample:size():totable(), 0
  for t = 1, #batch do total = total + batch[t] end
  local data = input.new():resize(torch.LongStorage { total, unpack(sizes, 3) })
  local sorted, at = order and by_sample:index(1, order) or by_sample, 1
  for t, m in ipairs(batch) do
    data:narrow(1, at, m):copy(sorted:select(2, t):narrow(1, 1, m))
    at = at + m
  end
  return nn.PackedSequence(data, batch, order)
end

--- Sequences of different lengths, packed: an nn.PackedSequence.
-- @param sequences a list of tensors, as of pad_sequence
-- @param[opt=true] enforceSorted as of pack_padded_sequence
-- @usage local p = nn.utils.rnn.pack_sequence { torch.ones(3, 2), torch.ones(2, 2) }
function M.pack_sequence(sequences, ...)
  local who = 'nn.utils.rnn.pack_sequence'
  local o, lengths = options.read(who, { 'enforceSorted' }, ...), {}
  for i, t in ipairs(sequences_of(who, sequences)) do lengths[i] = t:size(1) end
  return M.pack_padded_sequence(M.pad_sequence(sequences), lengths, false, o.enforceSorted)
end

local function packed_of(who, packed)
  if not torch.isTypeOf(packed, 'nn.PackedSequence') then
    options.refuse(who, 'sequence', 'an nn.PackedSequence', packed)
  end
  return packed
end

--- A packed batch with padding.
-- @param packed an nn.PackedSequence
-- @param[opt=false] batchFirst (N, longest, ...) instead of (longest, N, ...)
-- @param[opt=0] paddingValue what fills the rest
-- @param[opt] totalLength instead of the longest
-- @return the tensor, and the lengths (LongTensor)
-- @usage
-- local rnn = nn.utils.rnn
-- local x, lengths = rnn.pad_packed_sequence(rnn.pack_sequence { torch.ones(3, 2), torch.ones(2, 2) })
function M.pad_packed_sequence(packed, ...)
  local who = 'nn.utils.rnn.pad_packed_sequence'
  local o = options.read(who, { 'batchFirst', 'paddingValue', 'totalLength' }, ...)
  local longest = packed_of(who, packed).batch_sizes:size(1)
  local total = options.count(who, 'totalLength', o.totalLength or longest, longest)
  local out = packed:pad(nil, options.number(who, 'paddingValue', o.paddingValue, 0), total)
  if options.flag(who, 'batchFirst', o.batchFirst, false) then out = out:transpose(1, 2):contiguous() end
  return out, packed:lengths()
end

--- The sequences of a packed batch, in its order.
-- @return a list of tensors (length, ...)
-- @usage local list = nn.utils.rnn.unpack_sequence(nn.utils.rnn.pack_sequence { torch.ones(3, 2), torch.ones(2, 2) })
function M.unpack_sequence(packed)
  local padded = packed_of('nn.utils.rnn.unpack_sequence', packed):pad()
  return M.unpad_sequence(padded, packed:lengths())
end

--- nn.PackedSequence, as PyTorch has it here, too.
function M.PackedSequence(...) return nn.PackedSequence(...) end

return { rnn = M, tensors = tensors }
