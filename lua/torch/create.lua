--- Tensors from rules: zeros, ones, eye, range, linspace, logspace, cat, diag, tril, triu.
-- A result tensor may come first; as methods they resize and fill the tensor
-- (cat, diag, tril and triu as methods give a new one).
local ffi = require 'ffi'
local C = require 'torch.ffi'
local check = require 'torch.check'
local types = require 'torch.types'
local memory = require 'torch.memory'
local tensor = require 'torch.tensor'
local pointwise = require 'torch.pointwise'

local istype, pressure = ffi.istype, memory.pressure
local again, fail, argument, need = check.again, check.fail, check.argument, check.tensor
local describe, number, integer = check.describe, check.number, check.integer
local ctype, empty, dims = tensor.ctype, tensor.empty, tensor.dims
local define, gather, trim = tensor.define, tensor.gather, tensor.trim
local own = require('torch.collect').own
local LONG = types.of_class.Long

-- -- constants ------------------------------------------------------------------------

local function constant(name, v)
  local function run(t, ...)
    local n = trim(gather(name, 1, ...), name)
    t = tensor.resize_dims(name, t, n)
    if n == 0 then return t end
    local s = C.rk_fill(t, v)
    if s ~= 0 then again(s, name, C.rk_fill, t, v) end
    return t
  end
  define(name, run, function(a, ...)
    if istype(ctype, a) then return run(a, ...) end
    if a == nil then argument(name, 1, 'sizes', a) end
    return run(empty(tensor.default), a, ...)
  end)
end
constant('zeros', 0)
constant('ones', 1)

-- Function form of a method that fills its tensor: torch.f([res,] ...)
local function filler(name, run, only)
  define(name, run, function(a, ...)
    if istype(ctype, a) then return run(a, ...) end
    return run(empty(tensor.default), a, ...)
  end, only)
end

-- A matrix view's diagonal, k above the main one.
local function diagonal(name, x, k)
  local d = empty(x.dt)
  local s = C.rk_diagonal(d, x, k)
  if s ~= 0 then again(s, name, C.rk_diagonal, d, x, k) end
  return d
end

--- eye(n, [m=n])
filler('eye', function(t, n, m)
  n = integer('eye', 1, n)
  m = m == nil and n or integer('eye', 2, m)
  if n < 1 or m < 1 then fail('eye: expected positive sizes, got %d x %d', n, m) end
  dims[0], dims[1] = n, m
  tensor.resize_dims('eye', t, 2)
  t:zero()
  diagonal('eye', t, 0):fill(1)
  return t
end)

-- Resize to a vector of n elements unless the tensor has as many already.
local function count_as(name, t, n)
  if C.rk_tensor_count(t) ~= n then tensor.resize1(name, t, n) end
  return t
end

-- range of a LongTensor whose ends are no exact doubles
local function long_range(t, first, last, step)
  local function whole(n, v) return ffi.cast('int64_t', check.wide(v) and v or integer('range', n, v)) end
  first, last, step = whole(1, first), whole(2, last), step == nil and 1LL or whole(3, step)
  if step == 0 then fail('range: argument 3: the step must not be 0') end
  if (step > 0) == (last < first) and first ~= last then
    fail('range: from %s to %s by steps of %s never arrives', tostring(first), tostring(last), tostring(step))
  end
  -- unsigned: the distance may exceed the largest int64
  local far = ffi.cast('uint64_t', step > 0 and last - first or first - last)
  local n = tonumber(far / ffi.cast('uint64_t', step > 0 and step or -step)) + 1
  if n >= 2 ^ 53 then fail('range: from %s to %s is too long', tostring(first), tostring(last)) end
  count_as('range', t, n)
  local s = C.rk_range(t, 0, 1)
  if s ~= 0 then again(s, 'range', C.rk_range, t, 0, 1) end
  return t:mul(step):add(first)
end

--- range(first, last, [step=1]): last included when it is hit.
filler('range', function(t, first, last, step)
  if t.dt == LONG and (check.wide(first) or check.wide(last)) then return long_range(t, first, last, step) end
  first, last = number('range', 1, first), number('range', 2, last)
  step = step == nil and 1 or number('range', 3, step)
  local whole = not types.float[t.dt]
  if whole then first, last, step = integer('range', 1, first), integer('range', 2, last), integer('range', 3, step) end
  if step == 0 or step ~= step then fail('range: argument 3: the step must not be 0') end
  if (last - first) * step < 0 then
    fail('range: from %.14g to %.14g by steps of %.14g never arrives', first, last, step)
  end
  local n = math.floor((last - first) / step) + 1
  if n >= 2 ^ 53 or n ~= n then fail('range: from %.14g to %.14g is too long', first, last) end
  count_as('range', t, n)
  local s = C.rk_range(t, first, step)
  if s ~= 0 then again(s, 'range', C.rk_range, t, first, step) end
  return t
end)

local function points(name, t, first, last, n)
  first, last = number(name, 1, first), number(name, 2, last)
  n = n == nil and 100 or integer(name, 3, n)
  if n < 1 or (n == 1 and first ~= last) then
    fail('%s: argument 3: %d points from %.14g to %.14g', name, n, first, last)
  end
  count_as(name, t, n)
  local step = n == 1 and 0 or (last - first) / (n - 1)
  local s = C.rk_range(t, first, step)
  if s ~= 0 then again(s, name, C.rk_range, t, first, step) end
  return t
end

--- linspace(first, last, [n=100]): n evenly spaced numbers.
filler('linspace', function(t, first, last, n) return points('linspace', t, first, last, n) end, tensor.floats)

--- logspace(a, b, [n=100]): 10^a ... 10^b.
filler('logspace', function(t, first, last, n)
  points('logspace', t, first, last, n)
  return pointwise.map1('logspace', pointwise.op.tpow, t, t, 10, 0)
end, tensor.floats)

-- -- cat ----------------------------------------------------------------------------------

local function size_at(t, d) return d < t.rank and tonumber(t.extent[d]) or 1 end

local function cat_list(out, list, dim)
  local parts, rank = {}, 0
  for i = 1, #list do
    local t = list[i]
    need('cat', i, t)
    if out and t.dt ~= out.dt or t.dt ~= list[1].dt then
      argument('cat', i, types.class[(out or list[1]).dt] .. 'Tensor', t)
    end
    if t.rank > 0 then parts[#parts + 1] = t end
    if t.rank > rank then rank = t.rank end
  end
  if #list == 0 then fail('cat: expected at least one tensor') end
  out = out or empty(list[1].dt)
  if dim == nil then
    dim = math.max(rank, 1)
  else
    dim = integer('cat', #list + 1, dim)
    if dim < 1 or dim > C.RK_MAX_DIMS then fail('cat: dimension %d out of range', dim) end
  end
  if #parts == 0 then return tensor.resize1('cat', out, 0) end
  rank = math.max(rank, dim)
  local total = 0
  for i = 1, #parts do
    for d = 0, rank - 1 do
      if d ~= dim - 1 and size_at(parts[i], d) ~= size_at(parts[1], d) then
        fail('cat: %s and %s differ outside dimension %d', describe(parts[1]), describe(parts[i]), dim)
      end
    end
    total = total + size_at(parts[i], dim - 1)
    if tensor.shares(out, parts[i]) then parts[i] = tensor.clone(parts[i]) end
  end
  for d = 0, rank - 1 do dims[d] = d == dim - 1 and total or size_at(parts[1], d) end
  tensor.resize_dims('cat', out, rank)
  local first, piece = 0, empty(out.dt)
  for i = 1, #parts do
    local n = size_at(parts[i], dim - 1)
    local s = C.rk_narrow(piece, out, dim - 1, first, n)
    if s ~= 0 then again(s, 'cat', C.rk_narrow, piece, out, dim - 1, first, n) end
    s = C.rk_copy(piece, parts[i])
    if s ~= 0 then again(s, 'cat', C.rk_copy, piece, parts[i]) end
    first = first + n
  end
  return out
end

local function cat(a, b, c, d)
  if type(a) == 'table' then return cat_list(nil, a, b) end
  need('cat', 1, a)
  if type(b) == 'table' then return cat_list(a, b, c) end
  if istype(ctype, c) then return cat_list(a, { b, c }, d) end
  if b == nil then return cat_list(nil, { a }) end
  return cat_list(nil, { a, need('cat', 2, b) }, c)
end
define('cat', cat)

-- -- diagonals and triangles -----------------------------------------------------------------

--- diag(x, [k=0]): matrix with x on a diagonal, or a diagonal of x as a vector.
local function diag(x, a, b)
  local out, k = nil, a
  if istype(ctype, a) then out, x, k = need('diag', 1, x), a, b end
  need('diag', 1, x)
  k = k == nil and 0 or integer('diag', 2, k)
  if x.rank == 2 then
    local d = diagonal('diag', x, k)
    if out == nil then return tensor.clone(d) end
    d = tensor.clone(d)
    C.rk_tensor_resize_as(own(out), d)
    return out:copy(d)
  elseif x.rank ~= 1 then
    argument('diag', 1, 'a vector or a matrix', x)
  end
  local n = tonumber(x.extent[0]) + math.abs(k)
  local source = x
  if out == nil then
    out = empty(x.dt)
  elseif tensor.shares(out, x) then
    source = tensor.clone(x)
  end
  dims[0], dims[1] = n, n
  tensor.resize_dims('diag', out, 2)
  out:zero()
  diagonal('diag', out, k):copy(source)
  return out
end
define('diag', diag)

-- Copy x with the elements above (upper false) or below (upper true) diagonal k zeroed.
local function triangle(name, upper)
  local function both(x, a, b)
    local out, k = nil, a
    if istype(ctype, a) then out, x, k = need(name, 1, x), a, b end
    need(name, 1, x)
    if x.rank ~= 2 then argument(name, 1, 'a matrix', x) end
    k = k == nil and 0 or integer(name, 2, k)
    local rows, columns = tonumber(x.extent[0]), tonumber(x.extent[1])
    if out == nil then
      out = tensor.clone(x)
    else
      if out.dt ~= x.dt then argument(name, 1, types.class[x.dt] .. 'Tensor', out) end
      if not (tensor.shares(out, x) and C.rk_tensor_same_view(out, x) ~= 0) then
        local copy = tensor.clone(x)
        C.rk_tensor_resize_as(own(out), copy)
        out:copy(copy)
      end
    end
    local row = empty(out.dt)
    for r = 0, rows - 1 do
      -- the elements to clear: columns 0 .. r+k-1 of the upper triangle, r+k+1 .. of the lower
      local first = upper and 0 or math.max(0, r + k + 1)
      local last = upper and math.min(columns, r + k) or columns
      if last > first then
        C.rk_select(row, own(out), 0, r)
        C.rk_narrow(row, row, 0, first, last - first)
        C.rk_zero(row)
      end
    end
    pressure()
    return out
  end
  define(name, both)
end
triangle('tril', false)
triangle('triu', true)
