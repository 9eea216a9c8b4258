--- nn.utils under PyTorch's names: clip_grad_norm_, clip_grad_value_, parameters_to_vector, vector_to_parameters,
-- weight_norm, spectral_norm, rnn.pad_sequence, rnn.unpad_sequence; prune is in a file of its own. Sequences that are
-- padded go into nn.LSTM and the like with their setLengths.
local options = require 'nn.options'

local M, rnn = {}, {}
M.rnn = rnn

-- A list of tensors: the list itself, a module's parameters, or one tensor.
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

--- Shrink gradients together, so that their common norm is at most max: optim.clipNorm.
-- @function clip_grad_norm_
-- @param what a module, a list of gradients, or one
-- @param max the largest norm allowed
-- @param[opt=2] p which norm
-- @return the norm before
-- @usage nn.utils.clip_grad_norm_(nn.Linear(2, 3), 1)
function M.clip_grad_norm_(what, max, p) return require('optim').clipNorm(what, max, p) end

M.clip_grad_norm = M.clip_grad_norm_ -- its older name

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

-- The layer with the weight in a module, which may be dressed as nn.Conv1d or a convolution behind a border are: f of
-- it takes its place.
-- @return the module, or f of it
local function dressed(who, module, f, fits, expected)
  if module ~= nil and fits(module) then return f(module) end
  local last = torch.isTypeOf(module, 'nn.OneRow') and 1
    or torch.isTypeOf(module, 'nn.Sequential') and module:size() == 2 and not module:get(1):parameters() and 2
  if not last then options.refuse(who, 'module', expected, module) end
  module.modules[last] = dressed(who, module.modules[last], f, fits, expected)
  return module
end

local function has_weight(module)
  return torch.isTypeOf(module, 'nn.Module') and torch.isTensor(module.weight)
end

local function of_class(name)
  return function(module) return torch.isTypeOf(module, name) end
end

local function only_weight(who, name)
  if name ~= nil and name ~= 'weight' then options.refuse(who, 'name', "'weight'", name) end
end

--- A module whose weight is g v / |v|, as it is now: nn.WeightNorm.
-- @function weight_norm
-- @param module with a weight; it is used up: what comes back takes its place
-- @param[opt='weight'] name 'weight', may be left out
-- @param[opt=1] dim dimension of the weight whose slices have a norm each
-- @usage local m = nn.utils.weight_norm(nn.Linear(2, 3))
function M.weight_norm(module, name, dim)
  local who = 'nn.utils.weight_norm'
  if type(name) == 'number' then name, dim = nil, name end
  only_weight(who, name)
  return dressed(who, module, function(m)
    local weight, bias = m.weight:clone(), m.bias and m.bias:clone()
    local norm = nn.WeightNorm(m, dim)
    norm:type(weight:type())
    if bias then m.bias:copy(bias) end
    return norm:split(weight)
  end, has_weight, 'a module with a weight')
end

--- The module in an nn.WeightNorm, its weight as it is now.
-- @function remove_weight_norm
-- @usage local m = nn.utils.remove_weight_norm(nn.utils.weight_norm(nn.Linear(2, 3)))
function M.remove_weight_norm(module)
  return dressed('nn.utils.remove_weight_norm', module, function(m)
    m:updateWeight()
    return m:get(1)
  end, of_class 'nn.WeightNorm', 'an nn.WeightNorm')
end

--- A module whose weight is divided by its largest singular value: nn.SpectralNorm.
-- @function spectral_norm
-- @param module with a weight; what comes back takes its place
-- @param[opt='weight'] name 'weight', may be left out
-- @param[opt=1] nPowerIterations at each forward
-- @param[opt=1e-12] eps least length divided by
-- @param[opt] dim the weight's dimension that counts outputs
-- @usage local m = nn.utils.spectral_norm(nn.Conv2d(3, 8, 3))
function M.spectral_norm(module, ...)
  local who = 'nn.utils.spectral_norm'
  local o = options.read(who, { 'name', 'nPowerIterations', 'eps', 'dim' }, ...)
  only_weight(who, o.name)
  return dressed(who, module, function(m)
    return nn.SpectralNorm(m, o.nPowerIterations, o.eps, o.dim)
  end, has_weight, 'a module with a weight')
end

--- The module in an nn.SpectralNorm, its weight as it is now.
-- @function remove_spectral_norm
-- @usage local m = nn.utils.remove_spectral_norm(nn.utils.spectral_norm(nn.Linear(2, 3)))
function M.remove_spectral_norm(module)
  return dressed('nn.utils.remove_spectral_norm', module, function(m)
    local training = m.train
    m.train = false
    m:updateWeight()
    m.train = training
    return m:get(1)
  end, of_class 'nn.SpectralNorm', 'an nn.SpectralNorm')
end

M.parametrizations = { weight_norm = M.weight_norm, spectral_norm = M.spectral_norm }
M.prune = require 'nn.prune'

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

-- Sequences stay padded here.
for _, name in ipairs { 'pack_padded_sequence', 'pack_sequence', 'pad_packed_sequence', 'unpack_sequence' } do
  rnn[name] = function()
    error(('nn.utils.rnn.%s: sequences stay padded here: give nn.LSTM, nn.GRU or nn.RNN the padded batch after '
      .. 'layer:setLengths(lengths); pad_sequence makes one of a list, unpad_sequence undoes it'):format(name), 2)
  end
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
