--- nn.utils under PyTorch's names: clip_grad_norm_, clip_grad_value_, parameters_to_vector, vector_to_parameters,
-- weight_norm, rnn.pad_sequence, rnn.unpad_sequence. Sequences that are padded go into nn.LSTM and the like with their
-- setLengths.
local options = require 'nn.options'

local M, rnn = {}, {}
M.rnn = rnn

-- A list of tensors: the list itself, a module's parameters, or one tensor.
local function tensors(who, name, what)
  if torch.isTypeOf(what, 'nn.Module') then return (what:parameters()) or {} end
  if torch.isTensor(what) then return { what } end
  if torch.type(what) ~= 'table' or #what == 0 then options.refuse(who, name, 'a list of tensors or a module', what) end
  for i, t in ipairs(what) do
    if not torch.isTensor(t) then options.refuse(who, ('%s[%d]'):format(name, i), 'a tensor', t) end
    if t:type() ~= what[1]:type() then options.refuse(who, ('%s[%d]'):format(name, i), 'a ' .. what[1]:type(), t) end
  end
  return what
end

--- Shrink gradients together, so that their common norm is at most max: optim.clipNorm.
-- @function clip_grad_norm_
-- @param what a module, a list of gradients, or one
-- @param max the largest norm allowed
-- @param[opt=2] p which norm
-- @return the norm before
-- @usage nn.utils.clip_grad_norm_(nn.Linear(2, 3), 1)
function M.clip_grad_norm_(what, max, p) return require('optim').clipNorm(what, max, p) end

--- Clamp every gradient to [-limit, limit]: optim.clipValue.
-- @function clip_grad_value_
-- @usage nn.utils.clip_grad_value_(nn.Linear(2, 3), 0.5)
function M.clip_grad_value_(what, limit) return require('optim').clipValue(what, limit) end

local function count(list)
  local n = 0
  for _, t in ipairs(list) do n = n + t:nElement() end
  return n
end

--- All elements in one fresh vector.
-- @function parameters_to_vector
-- @param parameters a module or a list of tensors of one type
-- @usage local v = nn.utils.parameters_to_vector(nn.Linear(2, 3))  -- 9 elements
function M.parameters_to_vector(parameters)
  local list = tensors('nn.utils.parameters_to_vector', 'parameters', parameters)
  if #list == 0 then return torch.Tensor() end
  local out, at = list[1].new(count(list)), 1
  for _, t in ipairs(list) do
    if t:nElement() > 0 then out:narrow(1, at, t:nElement()):copy(t) end
    at = at + t:nElement()
  end
  return out
end

--- Copy a vector's elements into parameters, in order.
-- @function vector_to_parameters
-- @param vector of as many elements
-- @param parameters a module or a list of tensors
-- @usage nn.utils.vector_to_parameters(torch.zeros(9), nn.Linear(2, 3))
function M.vector_to_parameters(vector, parameters)
  local who = 'nn.utils.vector_to_parameters'
  local list = tensors(who, 'parameters', parameters)
  if not torch.isTensor(vector) or vector:nElement() ~= count(list) then
    local got = torch.isTensor(vector) and vector:nElement() or vector
    options.refuse(who, 'vector', ('a tensor of %d elements'):format(count(list)), got)
  end
  local flat, at = vector:contiguous():view(-1), 1
  for _, t in ipairs(list) do
    if t:nElement() > 0 then t:copy(flat:narrow(1, at, t:nElement())) end
    at = at + t:nElement()
  end
end

--- A module whose weight is g v / |v|: nn.WeightNorm.
-- @function weight_norm
-- @param module with a weight
-- @param[opt=1] dim dimension of the weight whose slices have a norm each
-- @usage local m = nn.utils.weight_norm(nn.Linear(2, 3))
function M.weight_norm(module, dim)
  if not torch.isTypeOf(module, 'nn.Module') or not module.weight then
    options.refuse('nn.utils.weight_norm', 'module', 'a module with a weight', module)
  end
  return nn.WeightNorm(module, dim)
end

--- Sequences of different lengths as one tensor.
-- @param sequences a list of N tensors (length, ...), of one type and equal but for the length
-- @param[opt=false] batchFirst (N, longest, ...) instead of (longest, N, ...)
-- @param[opt=0] value what fills the rest
-- @usage local x = nn.utils.rnn.pad_sequence { torch.ones(3, 2), torch.ones(5, 2) }  -- 5x2x2
function rnn.pad_sequence(sequences, batchFirst, value)
  local who = 'nn.utils.rnn.pad_sequence'
  local list, longest = tensors(who, 'sequences', sequences), 0
  if #list == 0 then options.refuse(who, 'sequences', 'a list of tensors', sequences) end
  batchFirst, value = options.flag(who, 'batchFirst', batchFirst, false), options.number(who, 'value', value, 0)
  for i, t in ipairs(list) do
    local same = t:dim() == list[1]:dim() and t:dim() > 0
    for d = 2, t:dim() do same = same and t:size(d) == list[1]:size(d) end
    if not same then options.refuse(who, ('sequences[%d]'):format(i), 'sizes of the first but for the length', t) end
    longest = math.max(longest, t:size(1))
  end
  local sizes = list[1]:size():totable()
  sizes[1] = longest
  table.insert(sizes, batchFirst and 1 or 2, #list)
  local out = list[1].new(torch.LongStorage(sizes)):fill(value)
  for i, t in ipairs(list) do out:select(batchFirst and 1 or 2, i):narrow(1, 1, t:size(1)):copy(t) end
  return out
end

--- The sequences of a padded tensor: views of it.
-- @param padded (longest, N, ...)
-- @param lengths a list or a tensor of N lengths
-- @param[opt=false] batchFirst padded is (N, longest, ...)
-- @return a list of N tensors (length, ...)
-- @usage local list = nn.utils.rnn.unpad_sequence(torch.ones(5, 2, 3), { 4, 5 })
function rnn.unpad_sequence(padded, lengths, batchFirst)
  local who = 'nn.utils.rnn.unpad_sequence'
  batchFirst = options.flag(who, 'batchFirst', batchFirst, false)
  if not torch.isTensor(padded) or padded:dim() < 2 then
    options.refuse(who, 'padded', 'a tensor of at least 2 dimensions', padded)
  end
  if torch.isTensor(lengths) then lengths = lengths:contiguous():view(-1):totable() end
  local n, longest = padded:size(batchFirst and 1 or 2), padded:size(batchFirst and 2 or 1)
  if torch.type(lengths) ~= 'table' or #lengths ~= n then
    options.refuse(who, 'lengths', ('%d numbers'):format(n), lengths)
  end
  local out = {}
  for i, length in ipairs(lengths) do
    if type(length) ~= 'number' or length % 1 ~= 0 or length < 1 or length > longest then
      options.refuse(who, ('lengths[%d]'):format(i), ('a whole number of 1..%d'):format(longest), length)
    end
    out[i] = padded:select(batchFirst and 1 or 2, i):narrow(1, 1, length)
  end
  return out
end

return M
