--- nn.utils under PyTorch's names: clip_grad_norm_, clip_grad_value_, parameters_to_vector, vector_to_parameters,
-- weight_norm, spectral_norm; prune and rnn (padded and packed sequences) are in files of their own.
local options = require 'nn.options'

local sequences = require 'nn.sequences'
local tensors = sequences.tensors

local M = { rnn = sequences.rnn }

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

return M
