--- What the functions beyond Torch7 share: dimensions that may count from
-- the end, option tables, element types by any of their names, views and broadcasting.
local ffi = require 'ffi'
local C = require 'torch.ffi'
local check = require 'torch.check'
local types = require 'torch.types'
local own = require('torch.collect').own
local tensor = require 'torch.tensor'

local fail, argument = check.fail, check.argument
local ctype = tensor.ctype

local M = {}

--- A dimension from 1, or from -1 for the last. extra: how many positions past the last count too (for new dimensions).
function M.dim(name, n, t, d, extra)
  local rank = t.rank + (extra or 0)
  d = check.integer(name, n, d)
  local at = d < 0 and d + rank + 1 or d
  if at < 1 or at > rank then
    fail('%s: argument %d: dimension %d out of range for %s', name, n, d, check.describe(t))
  end
  return at
end

--- The tensors of f(a, b, ...) or f{a, b, ...}, of one dtype and with elements, as a list of their own.
function M.tensors(name, ...)
  local given, n = ..., select('#', ...)
  if type(given) == 'table' and not getmetatable(given) then n = #given else given = { ... } end
  if n == 0 then fail('%s: expected at least one tensor', name) end
  local list = {}
  for i = 1, n do
    local t = check.tensor(name, i, given[i])
    if i > 1 and t.dt ~= list[1].dt then argument(name, i, types.class[list[1].dt] .. 'Tensor', t) end
    if t.rank == 0 then argument(name, i, 'a tensor with elements', t) end
    list[i] = t
  end
  return list
end

--- A list as several results, of which Lua allows some thousands.
function M.results(name, list)
  if #list > 1000 then fail('%s: at most 1000 tensors as several results, got %d', name, #list) end
  return unpack(list)
end

--- Distinct dimensions: a list of numbers, one table, or all of them when nothing is given.
function M.dims(name, n, t, ...)
  local given = { ... }
  if type(given[1]) == 'table' then given = given[1] end
  local list, seen = {}, {}
  if #given == 0 then
    for d = 1, t.rank do list[d] = d end
    return list
  end
  for i, d in ipairs(given) do
    list[i] = M.dim(name, n, t, d)
    if seen[list[i]] then fail('%s: argument %d: dimension %d is named twice', name, n, list[i]) end
    seen[list[i]] = true
  end
  return list
end

-- -- option tables -----------------------------------------------------------------------

--- Is it a table of named options rather than a list or an object?
function M.isoptions(v) return type(v) == 'table' and getmetatable(v) == nil and #v == 0 and next(v) ~= nil end

--- Check the names in an option table against a list 'dtype device'; nil counts as none.
function M.check(name, given, allowed)
  if given == nil then return {} end
  if type(given) ~= 'table' then argument(name, 2, 'a table of options: ' .. allowed, given) end
  for key in pairs(given) do
    if type(key) ~= 'string' or not (' ' .. allowed .. ' '):find(' ' .. key .. ' ', 1, true) then
      fail('%s: no option %s; there are: %s', name, tostring(key), allowed)
    end
  end
  return given
end

--- Take a table of options from the end of an argument list. Returns it (or none) and the list without it.
function M.split(name, allowed, ...)
  local list = { n = select('#', ...), ... }
  if M.isoptions(list[list.n]) then
    local given = M.check(name, list[list.n], allowed)
    list[list.n] = nil
    list.n = list.n - 1
    return given, list
  end
  return {}, list
end

-- -- element types -------------------------------------------------------------------------

-- 'float' -> dtype; the long names, Torch's and those that PyTorch uses besides
local named = { bool = types.of_class.Byte }
for dt = 0, types.count - 1 do
  local class = types.class[dt]
  for _, form in ipairs { '%s', '%sTensor', 'torch.%sTensor' } do named[form:format(class)] = dt end
  named[types.name[dt]], named[class:lower()] = dt, dt
end

--- The dtype that a name ('float32', 'float', 'torch.FloatTensor', 'torch.float32'), a class or a tensor stands for;
-- nil for others.
function M.find_dtype(v)
  if type(v) == 'string' then return named[v] or named[v:match '^torch%.(.*)$' or ''] end
  if ffi.istype(ctype, v) then return v.dt end
  if type(v) == 'table' then
    for dt = 0, types.count - 1 do
      if v == tensor.classes[dt] or v == _G.torch[types.class[dt] .. 'Tensor'] then return dt end
    end
  end
end

--- The same, an error for others.
function M.dtype(name, n, v)
  local dt = M.find_dtype(v)
  if not dt then argument(name, n, "an element type such as 'float32' or 'torch.FloatTensor'", v) end
  return dt
end

--- Require that a device is the CPU: the only one where tensors live without cutorch.
function M.device(name, n, v)
  if v ~= nil and v ~= 'cpu' then argument(name, n, "the device 'cpu' (for a GPU: require 'cutorch', t:cuda())", v) end
end

-- -- shapes ----------------------------------------------------------------------------------

--- Sizes as a Lua list.
function M.sizes(t)
  local list = {}
  for d = 1, t.rank do list[d] = tonumber(t.extent[d - 1]) end
  return list
end

--- Put a list of sizes where the library reads them; returns their number.
local function put(name, sizes)
  if #sizes > C.RK_MAX_DIMS then fail('%s: %d dimensions, at most %d', name, #sizes, C.RK_MAX_DIMS) end
  for i = 1, #sizes do tensor.dims[i - 1] = sizes[i] end
  return #sizes
end
M.put = put

--- A fresh tensor of a list of sizes; no sizes: one element.
function M.sized(name, dt, sizes)
  if #sizes == 0 then sizes = { 1 } end
  return tensor.from_dims(name, dt, put(name, sizes))
end

--- t under other sizes: a view where its steps allow, else a copy. No sizes: one element.
function M.shaped(name, t, sizes)
  if #sizes == 0 then sizes = { 1 } end
  local n, out = put(name, sizes), tensor.empty(t.dt)
  local s = C.rk_reshape(out, own(t), n, tensor.dims)
  if s == 0 then return out end
  local packed = tensor.contiguous(t)
  put(name, sizes)
  s = C.rk_reshape(out, packed, n, tensor.dims)
  if s ~= 0 then check.again(s, name, C.rk_reshape, out, packed, n, tensor.dims) end
  return out
end

--- t expanded to a list of sizes, new dimensions in front.
function M.expanded(name, t, sizes)
  local n, out = put(name, sizes), tensor.empty(t.dt)
  local s = C.rk_expand(out, t, n, tensor.dims)
  if s ~= 0 then check.again(s, name, C.rk_expand, out, t, n, tensor.dims) end
  return out
end

--- The sizes to which all tensors of a list broadcast: trailing dimensions match, or one of them is 1.
function M.common(name, list)
  local rank = 0
  for _, t in ipairs(list) do rank = math.max(rank, t.rank) end
  local sizes = {}
  for d = 1, rank do
    local size = 1
    for _, t in ipairs(list) do
      local at = d - (rank - t.rank)
      local n = at >= 1 and tonumber(t.extent[at - 1]) or 1
      if n ~= 1 and size ~= 1 and n ~= size then
        local all = {}
        for i, each in ipairs(list) do all[i] = check.describe(each) end
        fail('%s: sizes do not broadcast: %s (dimension %d: %d and %d)', name, table.concat(all, ', '), d, size, n)
      end
      if n ~= 1 then size = n end
    end
    sizes[d] = size
  end
  return sizes
end

--- Views of all tensors of a list with their common sizes.
function M.broadcast(name, list)
  local sizes, out = M.common(name, list), {}
  for i, t in ipairs(list) do out[i] = M.expanded(name, t, sizes) end
  return out
end

return M
