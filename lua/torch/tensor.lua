--- Tensors as Lua sees them: the ctype, the nine classes, construction.
--
-- Every tensor is a `struct rk_tensor` owned by the Lua collector, with a
-- finalizer unless it is bare (rk.h, torch/collect.lua); its class
-- (torch.FloatTensor ...) is chosen by its dtype, and the classes are plain
-- tables of methods that programs may extend. The method files (view.lua,
-- pointwise.lua ...) add to these tables through `M.define`.
local ffi = require 'ffi'
local C = require 'torch.ffi'
local class = require 'torch.class'
local check = require 'torch.check'
local types = require 'torch.types'
local memory = require 'torch.memory'
local storage = require 'torch.storage'
local collect = require 'torch.collect'

local istype, pressure = ffi.istype, memory.pressure
local again, fail = check.again, check.fail
local gc, drop, own = ffi.gc, collect.tensor, collect.own

local M = {
  classes = {}, -- dtype -> table of methods
  default = types.of_class.Double, -- dtype of torch.Tensor
}
local classes = M.classes
local ctype = ffi.typeof 'struct rk_tensor'
local buffer_ct = storage.ctype
M.ctype = ctype

local LONG, TAKEN = types.of_class.Long, C.RK_TAKEN
local MAX = C.RK_MAX_DIMS
-- Where size lists are gathered for the C call that follows at once.
local dims = ffi.new('int64_t[?]', MAX)
local steps = ffi.new('int64_t[?]', MAX)
M.dims = dims

--- A tensor of a dtype without elements.
local function empty(dt)
  local t = gc(ctype(), drop)
  t.dt = dt
  return t
end
M.empty = empty

--- The same for a result that may turn out small, bare as yet: for the pointwise calls, where they return RK_TAKEN, and
-- for what goes through check.again.
function M.result(dt)
  local t = ctype()
  t.dt, t.bare = dt, 1
  return t
end

--- A fresh tensor with the shape and dtype of x, contents undefined.
function M.like(name, x)
  local t = ctype()
  local s = C.rk_tensor_small_like(t, x)
  if s ~= 0 then
    if s ~= TAKEN then again(s, name, C.rk_tensor_small_like, t, x) end
    gc(t, drop)
    pressure()
  end
  return t
end

--- Gather a size list into `M.dims`: numbers, one LongStorage, or one table of numbers. first: position of `a` for
-- errors. Returns the rank.
local function gather(name, first, a, ...)
  if type(a) == 'number' then
    local n = 1 + select('#', ...)
    if n > MAX then fail('%s: %d sizes given, at most %d dimensions', name, n, MAX) end
    dims[0] = a
    for i = 2, n do
      local v = select(i - 1, ...)
      if v == nil and i == n then return n - 1 end -- an optional last argument passed on
      dims[i - 1] = type(v) == 'number' and v or check.integer(name, first + i - 1, v)
    end
    return n
  elseif istype(buffer_ct, a) then
    if a.dt ~= LONG then check.argument(name, first, 'sizes as numbers or a LongStorage', a) end
    local n = tonumber(C.rk_buffer_count(a))
    if n > MAX then fail('%s: %d sizes given, at most %d dimensions', name, n, MAX) end
    if n > 0 then ffi.copy(dims, a.mem.data, n * 8) end
    return n
  elseif type(a) == 'table' and not getmetatable(a) then
    if #a > MAX then fail('%s: %d sizes given, at most %d dimensions', name, #a, MAX) end
    for i = 1, #a do dims[i - 1] = check.integer(name, first, a[i]) end
    return #a
  elseif check.isnumber(a) then
    return gather(name, first, check.integer(name, first, a), ...)
  end
  return check.argument(name, first, 'sizes as numbers or a LongStorage', a)
end
M.gather = gather

--- The same with at most two numbers, the common case, without varargs.
function M.sizes(name, first, a, b, ...)
  if type(a) == 'number' then
    if b == nil then
      dims[0] = a
      return 1
    elseif type(b) == 'number' and select('#', ...) == 0 then
      dims[0], dims[1] = a, b
      return 2
    end
  end
  return gather(name, first, a, b, ...)
end

local LOWEST = -9223372036854775807LL - 1 -- what numbers beyond 2^63 and NaN have become in `dims`

--- Torch7's rule: the first size <= 0 ends the list.
local function trim(rank, name)
  for i = 0, rank - 1 do
    if dims[i] <= 0 then
      if dims[i] == LOWEST then fail('%s: size %d is no number below 2^63', name or 'torch', i + 1) end
      return i
    end
  end
  return rank
end
M.trim = trim

--- A tensor of the sizes gathered in `M.dims`, contents undefined.
local function from_dims(name, dt, rank)
  rank = trim(rank, name)
  if rank == 0 then return empty(dt) end
  local t = ctype()
  local s = C.rk_tensor_small(t, dt, rank, dims)
  if s ~= 0 then
    if s ~= TAKEN then again(s, name, C.rk_tensor_small, t, dt, rank, dims) end
    gc(t, drop)
    pressure()
  end
  return t
end
M.from_dims = from_dims

--- A tensor of sizes given as arguments.
function M.sized(name, dt, ...)
  return from_dims(name, dt, gather(name, 1, ...))
end

-- -- from tables ------------------------------------------------------------------

--- Sizes of a nested table of numbers along its first elements, into `dims`.
local function table_shape(name, from)
  local rank = 0
  while type(from) == 'table' do
    if rank == MAX then fail('%s: tables nested deeper than %d', name, MAX) end
    if #from == 0 then return rank == 0 and 0 or fail('%s: an empty table inside the table', name) end
    dims[rank] = #from
    rank = rank + 1
    from = from[1]
  end
  return rank
end

local function flatten(name, from, rank, level, shape, to, at, longs)
  if type(from) ~= 'table' then check.argument(name, 1, ('a table at depth %d'):format(level), from) end
  if #from ~= shape[level] then
    fail('%s: inconsistent table: a row of %d where others have %d (depth %d)', name, #from, shape[level], level)
  end
  for i = 1, #from do
    local v = from[i]
    if level < rank then
      at = flatten(name, v, rank, level + 1, shape, to, at, longs)
    else
      if type(v) ~= 'number' then
        if type(v) == 'cdata' and check.isnumber(v) then
          longs[#longs + 1] = at
          longs[#longs + 1] = v
        end
        if type(v) == 'table' then fail('%s: inconsistent table: a table where others have a number', name) end
        v = check.number(name, 1, v)
      end
      to[at] = v
      at = at + 1
    end
  end
  return at
end

--- A tensor with the numbers of a table of any depth.
local function from_table(name, dt, from)
  local rank = table_shape(name, from)
  if rank == 0 then return empty(dt) end
  local shape, n = {}, 1
  for i = 1, rank do
    shape[i] = tonumber(dims[i - 1])
    n = n * shape[i]
  end
  if n > 2 ^ 40 then fail('%s: table too large', name) end
  local values, longs = ffi.new('double[?]', n), {}
  flatten(name, from, rank, 1, shape, values, 0, longs)
  for i = 1, rank do dims[i - 1] = shape[i] end
  local t = from_dims(name, dt, rank)
  local s = C.rk_write_doubles(t, values, n)
  if s ~= 0 then again(s, name, C.rk_write_doubles, t, values, n) end
  for i = 1, #longs, 2 do C.rk_poke(t, longs[i], tonumber(longs[i + 1]), ffi.cast('int64_t', longs[i + 1])) end
  return t
end
M.from_table = from_table

-- -- views of storages --------------------------------------------------------------

--- Point t at a storage: (storage, [offset], [LongStorage sizes, [LongStorage steps]]) or (storage, offset, size,
-- step, size, step ...). n: position of the storage for errors.
local function set_storage(name, t, n, b, offset, a, ...)
  local st = ...
  if b.dt ~= t.dt then
    check.argument(name, n, ('%sStorage'):format(types.class[t.dt]), b)
  end
  offset = offset == nil and 1 or check.integer(name, n + 1, offset)
  if offset < 1 then fail('%s: argument %d: offset %d, offsets count from 1', name, n + 1, offset) end
  local rank, given = 1, nil
  if a == nil then
    dims[0] = tonumber(C.rk_buffer_count(b)) - offset + 1
  elseif istype(buffer_ct, a) then
    rank = gather(name, n + 2, a)
    if st ~= nil then
      if not istype(buffer_ct, st) or st.dt ~= LONG then check.argument(name, n + 3, 'a LongStorage of strides', st) end
      if C.rk_buffer_count(st) ~= rank then
        fail('%s: argument %d: %d strides for %d sizes', name, n + 3, tonumber(C.rk_buffer_count(st)), rank)
      end
      if rank > 0 then ffi.copy(steps, st.mem.data, rank * 8) end
      given = true
    end
  else
    -- size, step pairs; a step that is left out follows from the sizes after it
    local v = { a, ... }
    rank, given = math.ceil(#v / 2), true
    if rank > MAX then fail('%s: %d sizes given, at most %d dimensions', name, rank, MAX) end
    for i = 1, rank do
      dims[i - 1] = check.integer(name, n + 2 * i, v[2 * i - 1])
      steps[i - 1] = v[2 * i] == nil and -1 or check.integer(name, n + 2 * i + 1, v[2 * i])
    end
  end
  rank = trim(rank, name)
  if given then
    for i = rank - 1, 0, -1 do
      if steps[i] < 0 then steps[i] = i == rank - 1 and 1 or dims[i + 1] * steps[i + 1] end
    end
  end
  local s = C.rk_tensor_set(t, b, offset - 1, rank, dims, given and steps or nil)
  if s ~= 0 then again(s, name, C.rk_tensor_set, t, b, offset - 1, rank, dims, given and steps or nil) end
  return t
end
M.set_storage = set_storage

--- Another tensor header on the same memory.
local function alias(x)
  local t = gc(ctype(), drop)
  t.dt = x.dt
  C.rk_tensor_view(t, own(x))
  return t
end
M.alias = alias

-- -- construction ---------------------------------------------------------------------

local function construct_other(name, dt, a, ...)
  local st = ...
  if istype(ctype, a) then
    if a.dt ~= dt then check.argument(name, 1, types.class[dt] .. 'Tensor', a) end
    return alias(a)
  elseif istype(buffer_ct, a) then
    -- LongTensor(LongStorage) reads the storage as data; every other type takes a LongStorage as sizes
    if a.dt == LONG and dt ~= LONG then
      local rank = gather(name, 1, a)
      if st == nil then return from_dims(name, dt, rank) end
      if not istype(buffer_ct, st) or st.dt ~= LONG then check.argument(name, 2, 'a LongStorage of strides', st) end
      if C.rk_buffer_count(st) ~= rank then
        fail('%s: %d strides for %d sizes', name, tonumber(C.rk_buffer_count(st)), rank)
      end
      if rank > 0 then ffi.copy(steps, st.mem.data, rank * 8) end
      local t = empty(dt)
      local s = C.rk_tensor_resize(t, rank, dims, steps)
      if s ~= 0 then again(s, name, C.rk_tensor_resize, t, rank, dims, steps) end
      pressure()
      return t
    end
    return set_storage(name, empty(dt), 1, a, ...)
  elseif type(a) == 'table' and not getmetatable(a) then
    return from_table(name, dt, a)
  elseif check.isnumber(a) then
    return from_dims(name, dt, gather(name, 1, a, ...))
  end
  local short = types.class[dt]
  return check.argument(name, 1, ('sizes, a table, a %sStorage or a %sTensor'):format(short, short), a)
end

--- torch.FloatTensor(...) for a dtype.
local function construct(dt, a, b, ...)
  if a == nil then return empty(dt) end
  if type(a) == 'number' and a >= 1 then
    if b == nil then
      local t = ctype()
      local s = C.rk_tensor_small1(t, dt, a)
      if s ~= 0 then
        if s ~= TAKEN then again(s, types.class[dt] .. 'Tensor', C.rk_tensor_small1, t, dt, a) end
        gc(t, drop)
        pressure()
      end
      return t
    elseif type(b) == 'number' and b >= 1 and select('#', ...) == 0 then
      local t = ctype()
      local s = C.rk_tensor_small2(t, dt, a, b)
      if s ~= 0 then
        if s ~= TAKEN then again(s, types.class[dt] .. 'Tensor', C.rk_tensor_small2, t, dt, a, b) end
        gc(t, drop)
        pressure()
      end
      return t
    end
  end
  return construct_other(types.class[dt] .. 'Tensor', dt, a, b, ...)
end
M.construct = construct

M.functions = {} -- what the method files put into `torch`

--- Register a method of the tensor classes.
-- @string name method
-- @func f called as f(t, ...)
-- @func[opt] only predicate dtype -> boolean
function M.method(name, f, only)
  for dt = 0, types.count - 1 do
    if not only or only(dt) then classes[dt][name] = f end
  end
end

--- Register a method and its function form `torch.<name>` (the same function when not given).
function M.define(name, method, func, only)
  M.method(name, method, only)
  M.functions[name] = func or method
end

--- Predicates for M.method.
function M.floats(dt) return types.float[dt] end
function M.integers(dt) return not types.float[dt] end

-- -- what other files need often --------------------------------------------------------

--- The tensor itself when its rows are packed, else a packed copy.
function M.contiguous(t)
  if C.rk_tensor_packed(t) ~= 0 then return t end
  return M.clone(t)
end

--- A packed copy.
function M.clone(t)
  local out = M.like('clone', t)
  if t.rank > 0 then
    local s = C.rk_copy(out, t)
    if s ~= 0 then again(s, 'clone', C.rk_copy, out, t) end
  end
  return out
end

--- An int64 number as a tensor of x's dtype and shape, one element in memory: for calls that take doubles or tensors.
function M.repeated(name, x, v)
  local one, out = construct(x.dt, 1), empty(x.dt)
  C.rk_fill_long(one, v)
  local s = C.rk_expand(out, one, x.rank, x.extent)
  if s ~= 0 then again(s, name, C.rk_expand, out, one, x.rank, x.extent) end
  return out
end

--- Do two tensors use one storage?
function M.shares(t, u) return t.mem ~= nil and t.mem == u.mem end

--- Resize to a vector of n elements (none for 0).
function M.resize1(name, t, n)
  dims[0] = n
  local rank = n > 0 and 1 or 0
  local s = C.rk_tensor_resize(t, rank, dims, nil)
  if s ~= 0 then again(s, name, C.rk_tensor_resize, t, rank, dims, nil) end
  pressure()
  return t
end

--- Resize to the sizes gathered in M.dims.
function M.resize_dims(name, t, rank)
  local s = C.rk_tensor_resize(t, rank, dims, nil)
  if s ~= 0 then again(s, name, C.rk_tensor_resize, t, rank, dims, nil) end
  pressure()
  return t
end

--- A function from the row-major number of an element (from 0) to its offset in the storage.
function M.walker(t)
  local start = tonumber(t.start)
  if C.rk_tensor_packed(t) ~= 0 then
    return function(i) return start + i end
  end
  local rank, shape, step = t.rank, {}, {}
  for d = 1, rank do shape[d], step[d] = tonumber(t.extent[d - 1]), tonumber(t.step[d - 1]) end
  return function(i)
    local offset = start
    for d = rank, 1, -1 do
      local n = shape[d]
      local k = i % n
      offset = offset + k * step[d]
      i = (i - k) / n
    end
    return offset
  end
end

for dt = 0, types.count - 1 do
  local name = 'torch.' .. types.class[dt] .. 'Tensor'
  local mt = class.newmetatable(name, nil, function(...) return construct(dt, ...) end, nil,
    function() return empty(dt) end)
  classes[dt] = mt
  mt.new = function(a, ...)
    -- t.new(...) and, as some programs write it, t:new(...) are the same call in Torch7 as well
    return construct(dt, a, ...)
  end
end

class.register_ctype(ctype, function(t)
  local mt = classes[t.dt]
  return mt.__typename, mt
end, function(t)
  return tonumber(ffi.cast('uintptr_t', ffi.cast('void *', t)))
end)

return M
