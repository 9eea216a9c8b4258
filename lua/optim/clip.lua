--- Gradient clipping: by norm, by value, layer by layer; optim.clipped does it around a function.
local optim = require 'optim'
local fail = require 'torch.position'.fail

-- The tensors meant: one, a list, or the gradients of a module.
local function tensors(name, what)
  if torch.isTensor(what) then return { what } end
  if torch.isTypeOf(what, 'nn.Module') then
    local _, grads = what:parameters()
    return grads or {}
  end
  if torch.type(what) ~= 'table' then
    fail(('optim.%s: argument 1: expected a tensor, a list of them or a module, got %s'):format(name,
      torch.type(what)))
  end
  for i, t in ipairs(what) do
    if not torch.isTensor(t) then
      fail(('optim.%s: argument 1: expected tensors, entry %d is %s'):format(name, i, torch.type(t)))
    end
  end
  return what
end

local function positive(name, n, value)
  if type(value) ~= 'number' or value < 0 or value ~= value then
    fail(('optim.%s: argument %d: expected a number that is not negative, got %s'):format(name, n, tostring(value)))
  end
end

local function norm_of(name, list, p)
  p = p == nil and 2 or p
  positive(name, 3, p)
  local sum = 0
  for _, t in ipairs(list) do
    if t:nElement() > 0 then
      if not t.norm then
        fail(('optim.%s: argument 1: expected gradients of floating type, got %s'):format(name, torch.type(t)))
      end
      if p == math.huge then
        sum = math.max(sum, t:max(), -t:min())
      else
        sum = sum + t:norm(p) ^ p
      end
    end
  end
  return p == math.huge and sum or sum ^ (1 / p)
end

local function shrink(list, norm, max)
  local factor = max / (norm + 1e-6)
  if factor < 1 then
    for _, t in ipairs(list) do t:mul(factor) end
  end
end

--- Shrink gradients together, so that their common norm is at most max.
-- @param what a tensor, a list of tensors, or a module (its gradients)
-- @param max the largest norm allowed
-- @param[opt=2] p which norm; math.huge for the largest magnitude
-- @return the norm before
-- @usage local norm = optim.clipNorm(torch.ones(4) * 10, 5)
function optim.clipNorm(what, max, p)
  local list = tensors('clipNorm', what)
  positive('clipNorm', 2, max)
  local norm = norm_of('clipNorm', list, p)
  shrink(list, norm, max)
  return norm
end

--- Clamp every element to [-limit, limit].
-- @usage optim.clipValue(torch.randn(4), 0.5)
function optim.clipValue(what, limit)
  local list = tensors('clipValue', what)
  positive('clipValue', 2, limit)
  for _, t in ipairs(list) do
    if t:nElement() > 0 then t:clamp(-limit, limit) end
  end
end

--- Shrink each tensor on its own to norm max.
-- @return the list of norms before
-- @usage optim.clipLayers({torch.ones(4), torch.ones(2)}, 1)
function optim.clipLayers(what, max, p)
  local list, norms = tensors('clipLayers', what), {}
  positive('clipLayers', 2, max)
  for i, t in ipairs(list) do
    norms[i] = norm_of('clipLayers', { t }, p)
    shrink({ t }, norms[i], max)
  end
  return norms
end

--- A function for optimisers whose gradient comes clipped.
-- @param opfunc x → f, df/dx
-- @param how {norm = max} or {value = limit} or {layers = net or list of gradients, norm = max}; p for another norm
-- @return x → f, clipped df/dx
-- @usage optim.sgd(optim.clipped(function(x) return x:dot(x), x * 2 end, {norm = 1}), torch.ones(3), {})
function optim.clipped(opfunc, how)
  if type(how) ~= 'table' or not (how.norm or how.value) then
    fail('optim.clipped: argument 2: expected {norm = max} or {value = limit}, got ' .. torch.type(how))
  end
  return function(x)
    local fx, dfdx = opfunc(x)
    if how.layers then
      optim.clipLayers(how.layers, how.norm, how.p)
    elseif how.norm then
      optim.clipNorm(dfdx, how.norm, how.p)
    end
    if how.value then optim.clipValue(dfdx, how.value) end
    return fx, dfdx
  end
end

return optim
