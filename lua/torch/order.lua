--- Order and running totals along a dimension: sort, topk, kthvalue, median, mode, cumsum, cumprod.
-- Positions come back as LongTensors that count from 1. Results may come first: torch.sort(values, indices, x, dim).
local ffi = require 'ffi'
local C = require 'torch.ffi'
local check = require 'torch.check'
local types = require 'torch.types'
local memory = require 'torch.memory'
local tensor = require 'torch.tensor'

local istype, pressure = ffi.istype, memory.pressure
local again, fail, argument, need = check.again, check.fail, check.argument, check.tensor
local dimension, integer = check.dim, check.integer
local ctype, empty = tensor.ctype, tensor.empty
local define = tensor.define
local LONG = types.of_class.Long

-- Split off `values, indices` in front of x; the rest follows. Fresh tensors where they are not given.
local function results(name, x, a, b, ...)
  if istype(ctype, a) and istype(ctype, b) then
    need(name, 1, x)
    if a.dt ~= LONG then argument(name, 2, 'a LongTensor for the indices', a) end
    if x.dt ~= b.dt then argument(name, 1, types.class[b.dt] .. 'Tensor', x) end
    return x, a, b, ...
  end
  need(name, 1, x)
  if x.rank == 0 then argument(name, 1, 'a tensor with elements', x) end
  return empty(x.dt), empty(LONG), x, a, b, ...
end

local function last_or(name, x, dim) return dim == nil and x.rank - 1 or dimension(name, 2, x, dim) end

--- sort(x, [dim=last], [descending=false]): stable; NaN counts as the largest.
define('sort', function(...)
  local values, index, x, dim, descending = results('sort', ...)
  if type(dim) == 'boolean' then dim, descending = nil, dim end
  dim = last_or('sort', x, dim)
  local down = descending and 1 or 0
  local s = C.rk_sort(values, index, x, dim, down)
  if s ~= 0 then again(s, 'sort', C.rk_sort, values, index, x, dim, down) end
  pressure()
  return values, index
end)

--- topk(x, [k=1], [dim=last], [largest=false], [sorted=false])
define('topk', function(...)
  local values, index, x, k, dim, largest, sorted = results('topk', ...)
  if type(k) == 'boolean' then k, dim, largest, sorted = nil, nil, k, dim end
  if type(dim) == 'boolean' then dim, largest, sorted = nil, dim, largest end
  k = k == nil and 1 or integer('topk', 2, k)
  dim = last_or('topk', x, dim)
  local up, order = largest and 1 or 0, sorted and 1 or 0
  local s = C.rk_topk(values, index, x, k, dim, up, order)
  if s ~= 0 then again(s, 'topk', C.rk_topk, values, index, x, k, dim, up, order) end
  pressure()
  return values, index
end)

local function kth(name, values, index, x, k, dim)
  local s = C.rk_kth(values, index, x, k, dim)
  if s ~= 0 then again(s, name, C.rk_kth, values, index, x, k, dim) end
  pressure()
  return values, index
end

--- kthvalue(x, k, [dim=last]): the k-th smallest.
define('kthvalue', function(...)
  local values, index, x, k, dim = results('kthvalue', ...)
  k = integer('kthvalue', 2, k)
  dim = last_or('kthvalue', x, dim)
  if k < 1 or k > x.extent[dim] then
    fail('kthvalue: argument 2: %d is out of range for dimension %d of %s', k, dim + 1, check.describe(x))
  end
  return kth('kthvalue', values, index, x, k, dim)
end)

--- median(x, [dim=last]): the lower middle value.
define('median', function(...)
  local values, index, x, dim = results('median', ...)
  dim = last_or('median', x, dim)
  return kth('median', values, index, x, math.floor((tonumber(x.extent[dim]) + 1) / 2), dim)
end)

--- mode(x, [dim=last]): the most frequent value, the smallest of several.
define('mode', function(...)
  local values, index, x, dim = results('mode', ...)
  dim = last_or('mode', x, dim)
  local s = C.rk_mode(values, index, x, dim)
  if s ~= 0 then again(s, 'mode', C.rk_mode, values, index, x, dim) end
  pressure()
  return values, index
end)

-- Running totals; as methods they give a new tensor.
local function running(name, call)
  define(name, function(x, a, b)
    local out, dim = nil, a
    if istype(ctype, a) then out, x, dim = need(name, 1, x), a, b end
    dim = dimension(name, 2, need(name, 1, x), dim or 1)
    out = out or empty(x.dt)
    if out.dt ~= x.dt then argument(name, 1, types.class[out.dt] .. 'Tensor', x) end
    local s = call(out, x, dim)
    if s ~= 0 then again(s, name, call, out, x, dim) end
    pressure()
    return out
  end)
end
running('cumsum', function(out, x, dim) return C.rk_cumsum(out, x, dim) end)
running('cumprod', function(out, x, dim) return C.rk_cumprod(out, x, dim) end)
