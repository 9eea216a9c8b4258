--- nn.utils.prune: PyTorch's pruning: parts of a module's parameters are held at zero.
--
-- A pruned parameter keeps its tensor, so that flattened parameters, optimisers and files stay as they are; beside it
-- stands its mask of ones and zeros, module.weight_mask. The module multiplies the parameter by the mask before every
-- forward, and the gradient after each pass back; what does both (nn.PruningHook) stands in the module's own fields
-- updateOutput, accGradParameters ... and travels with it into files and copies. There is no weight_orig:
-- what was cut is gone. Pruning again takes from what is left.
--
-- amount: a fraction of 0 to 1, or a whole number of entries (of slices, for structured pruning). module: one with the
-- parameter; nn.Conv1d and the like stand for the layer inside. dim counts from 1.
local options = require 'nn.options'

local M = {}
local PREFIX = 'nn.utils.prune.'

-- -- masks of modules -----------------------------------------------------------------------------------------

local wrapped = { 'updateOutput', 'accGradParameters', 'accUpdateGradParameters', 'sharedAccUpdateGradParameters',
  'backward' }

-- The layer in what has no parameters of its own.
local function layer_of(module)
  while torch.isTypeOf(module, 'nn.OneRow') do module = module:get(1) end
  return module
end

local function parameter(who, module, name)
  if not torch.isTypeOf(module, 'nn.Module') then options.refuse(who, 'module', 'a module', module) end
  local m = layer_of(module)
  name = name or 'weight'
  if type(name) ~= 'string' or not torch.isTensor(m[name]) then
    options.refuse(who, 'name', ('a parameter of %s'):format(torch.type(m)), name)
  end
  return m, name, m[name]
end

-- Hold a parameter by a mask, on top of the one it may have.
local function hold(m, name, mask)
  local key = name .. '_mask'
  local old = m[key]
  m[key] = old and old:cmul(mask) or mask
  m[name]:cmul(m[key])
  m.pruned = m.pruned or {}
  m.pruned[name] = 'grad' .. name:gsub('^%l', string.upper)
  for _, method in ipairs(wrapped) do m[method] = nn.PruningHook(method) end
end

-- The mask there is, or ones.
local function mask_of(m, name, t)
  local mask = m[name .. '_mask']
  return mask and mask:clone() or t.new(t:size()):fill(1)
end

-- -- how much -------------------------------------------------------------------------------------------------

-- How many of n an amount is.
local function share(who, amount, n)
  if type(amount) ~= 'number' or amount ~= amount or amount < 0 or (amount > 1 and amount % 1 ~= 0) then
    options.refuse(who, 'amount', 'a fraction of 0 to 1 or a whole number', amount)
  end
  -- a fraction unless it is a whole number of 1 or more: 1 is one entry, as in PyTorch, where 1.0 is all
  if amount > 0 and amount < 1 then
    local count = math.floor(amount * n)
    local rest = amount * n - count
    return (rest > 0.5 or (rest == 0.5 and count % 2 == 1)) and count + 1 or count -- halves to even, as Python rounds
  end
  if amount > n then options.refuse(who, 'amount', ('at most the %d there are'):format(n), amount) end
  return amount
end

-- Zeros into mask (flat) at the `count` of its remaining places with the least scores.
local function cut_least(mask, scores, count)
  if count == 0 then return end
  local left = mask:ne(0):nonzero():view(-1)
  local _, order = scores:index(1, left):sort()
  mask:indexFill(1, left:index(1, order:narrow(1, 1, count)), 0)
end

local function remaining(mask) return mask:ne(0):sum() end

local function flat(t) return t:contiguous():view(-1) end

-- Cut single entries of a parameter by scores(t), a tensor of its sizes.
local function unstructured(who, module, name, amount, scores)
  local m, key, t = parameter(who, module, name)
  local mask = mask_of(m, key, t)
  local count = share(who, amount, remaining(mask))
  if count > 0 then cut_least(mask:view(-1), flat(scores(t)), count) end
  hold(m, key, mask)
  return module
end

-- Cut whole slices along dim by scores(slices), slices a matrix of a row each.
local function structured(who, module, name, amount, dim, scores)
  local m, key, t = parameter(who, module, name)
  dim = dim == nil and 1 or dim
  if type(dim) == 'number' and dim < 0 then dim = t:dim() + 1 + dim end
  if type(dim) ~= 'number' or dim % 1 ~= 0 or dim < 1 or dim > t:dim() then
    options.refuse(who, 'dim', ('a dimension of 1..%d'):format(t:dim()), dim)
  end
  local mask = mask_of(m, key, t)
  local function slices(x)
    x = x:transpose(1, dim):contiguous()
    return x:view(x:size(1), -1)
  end
  local alive = slices(mask):max(2):view(-1)
  local count = share(who, amount, remaining(alive))
  if count > 0 then
    cut_least(alive, scores(slices(t)), count)
    local sizes = torch.LongStorage(t:dim()):fill(1)
    sizes[dim] = t:size(dim)
    mask:cmul(alive:view(sizes):expandAs(mask))
  end
  hold(m, key, mask)
  return module
end

-- -- what users call --------------------------------------------------------------------------------------------

--- Cut the entries of least magnitude.
-- @function l1_unstructured
-- @param module with the parameter
-- @param name of the parameter, 'weight'
-- @param amount a fraction or a number of entries
-- @param[opt] importanceScores a tensor of the parameter's sizes to go by instead of its magnitudes
-- @return module
-- @usage local m = nn.utils.prune.l1_unstructured(nn.Linear(4, 3), 'weight', 0.5); print(m.weight_mask:sum()) -- 6
function M.l1_unstructured(module, name, amount, importanceScores)
  local who = PREFIX .. 'l1_unstructured'
  return unstructured(who, module, name, amount, function(t)
    if importanceScores == nil then return torch.abs(t) end
    if not torch.isTensor(importanceScores) or not importanceScores:isSameSizeAs(t) then
      options.refuse(who, 'importanceScores', "a tensor of the parameter's sizes", importanceScores)
    end
    return importanceScores
  end)
end

--- Cut entries drawn at random.
-- @function random_unstructured
-- @param module, name, amount as of l1_unstructured
-- @return module
-- @usage nn.utils.prune.random_unstructured(nn.Linear(4, 3), 'weight', 5)
function M.random_unstructured(module, name, amount)
  return unstructured(PREFIX .. 'random_unstructured', module, name, amount, function(t)
    return torch.rand(t:size())
  end)
end

--- Cut the slices of least norm.
-- @function ln_structured
-- @param module with the parameter
-- @param name of the parameter
-- @param amount a fraction or a number of slices
-- @param[opt=2] n which norm
-- @param[opt=1] dim along which slices are counted
-- @return module
-- @usage nn.utils.prune.ln_structured(nn.Conv2d(3, 8, 3), 'weight', 0.25, 2, 1)
function M.ln_structured(module, name, amount, n, dim)
  local who = PREFIX .. 'ln_structured'
  n = options.number(who, 'n', n, 2)
  return structured(who, module, name, amount, dim, function(slices) return slices:norm(n, 2):view(-1) end)
end

--- Cut slices drawn at random.
-- @function random_structured
-- @param module, name, amount, dim as of ln_structured
-- @return module
-- @usage nn.utils.prune.random_structured(nn.Linear(4, 3), 'weight', 1, 1)
function M.random_structured(module, name, amount, dim)
  return structured(PREFIX .. 'random_structured', module, name, amount, dim, function(slices)
    return torch.rand(slices:size(1))
  end)
end

--- Cut nothing: a mask of ones.
-- @function identity
-- @return module
-- @usage nn.utils.prune.identity(nn.Linear(4, 3), 'weight')
function M.identity(module, name)
  local m, key, t = parameter(PREFIX .. 'identity', module, name)
  hold(m, key, mask_of(m, key, t))
  return module
end

--- Cut what a mask has zeros for.
-- @function custom_from_mask
-- @param module, name as of l1_unstructured
-- @param mask a tensor of the parameter's sizes, of zeros and ones
-- @return module
-- @usage nn.utils.prune.custom_from_mask(nn.Linear(2, 1), 'weight', torch.Tensor { { 1, 0 } })
function M.custom_from_mask(module, name, mask)
  local who = PREFIX .. 'custom_from_mask'
  local m, key, t = parameter(who, module, name)
  if not torch.isTensor(mask) or not mask:isSameSizeAs(t) then
    options.refuse(who, 'mask', "a tensor of the parameter's sizes", mask)
  end
  hold(m, key, mask:type(t:type()):ne(0):type(t:type()))
  return module
end

local function l1(t) return torch.abs(t) end
local methods = { L1Unstructured = l1, l1_unstructured = l1 }
local function at_random(t) return torch.rand(t:size()):type(t:type()) end
methods.RandomUnstructured, methods.random_unstructured = at_random, at_random

--- Cut the least entries of several parameters together.
-- @function global_unstructured
-- @param parameters list of {module, name}
-- @param[opt='L1Unstructured'] method 'L1Unstructured' or 'RandomUnstructured', or such a function of this table
-- @param amount a fraction or a number of all entries; or in a table {amount = 0.2}
-- @usage
-- local a, b = nn.Linear(4, 3), nn.Linear(3, 2)
-- nn.utils.prune.global_unstructured({ { a, 'weight' }, { b, 'weight' } }, 'L1Unstructured', 0.2)
function M.global_unstructured(parameters, method, amount)
  local who = PREFIX .. 'global_unstructured'
  if torch.type(parameters) ~= 'table' or #parameters == 0 then
    options.refuse(who, 'parameters', 'a list of {module, name}', parameters)
  end
  for name, f in pairs(M) do
    if f == method then method = name end
  end
  local score = methods[method or 'L1Unstructured']
  if not score then options.refuse(who, 'method', "'L1Unstructured' or 'RandomUnstructured'", method) end
  if type(amount) == 'table' then amount = amount.amount end
  local list, masks, scores = {}, {}, {}
  for i, pair in ipairs(parameters) do
    if torch.type(pair) ~= 'table' then options.refuse(who, ('parameters[%d]'):format(i), '{module, name}', pair) end
    local m, name, t = parameter(who, pair[1], pair[2])
    list[i] = { m, name, t:nElement() }
    masks[i], scores[i] = flat(mask_of(m, name, t)):double(), flat(score(t)):double()
  end
  local mask, at = torch.cat(masks, 1), 1
  cut_least(mask, torch.cat(scores, 1), share(who, amount, remaining(mask)))
  for _, entry in ipairs(list) do
    local m, name, n = unpack(entry)
    hold(m, name, mask:narrow(1, at, n):type(m[name]:type()):viewAs(m[name]))
    at = at + n
  end
end

--- Is any parameter in a module pruned?
-- @function is_pruned
-- @return true or false
-- @usage assert(not nn.utils.prune.is_pruned(nn.Linear(4, 3)))
function M.is_pruned(module)
  if not torch.isTypeOf(module, 'nn.Module') then
    options.refuse(PREFIX .. 'is_pruned', 'module', 'a module', module)
  end
  for _, m in ipairs(module:listModules()) do
    if m.pruned then return true end
  end
  return false
end

--- Let a parameter go: its zeros stay as they are, and learn again.
-- @function remove
-- @param module, name as of l1_unstructured
-- @return module
-- @usage nn.utils.prune.remove(nn.utils.prune.l1_unstructured(nn.Linear(4, 3), 'weight', 0.5), 'weight')
function M.remove(module, name)
  local who = PREFIX .. 'remove'
  local m, key, t = parameter(who, module, name)
  if not (m.pruned and m.pruned[key]) then options.refuse(who, 'name', 'a parameter that is pruned', key) end
  t:cmul(m[key .. '_mask'])
  m[key .. '_mask'], m.pruned[key] = nil, nil
  if next(m.pruned) == nil then
    m.pruned = nil
    for _, method in ipairs(wrapped) do m[method] = nil end
  end
  return module
end

return M
