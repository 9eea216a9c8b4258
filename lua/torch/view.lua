--- Shape, size and views: what looks at a tensor's memory in another way
-- without copying it, and the few relatives that copy (reshape, repeatTensor).
local ffi = require 'ffi'
local C = require 'torch.ffi'
local check = require 'torch.check'
local types = require 'torch.types'
local memory = require 'torch.memory'
local tensor = require 'torch.tensor'
local storage = require 'torch.storage'
local collect = require 'torch.collect'

local istype, pressure = ffi.istype, memory.pressure
local header, own, gc, drop = collect.header, collect.own, ffi.gc, collect.tensor
local again, fail, describe, argument = check.again, check.fail, check.describe, check.argument
local integer, dimension, need = check.integer, check.dim, check.tensor
local ctype, dims = tensor.ctype, tensor.dims
local define, method, gather, trim = tensor.define, tensor.method, tensor.gather, tensor.trim
local buffer_ct = storage.ctype
local LONG = types.of_class.Long

-- -- what a tensor is -----------------------------------------------------------------

--- t:size() -> LongStorage; t:size(d) -> number
method('size', function(t, d)
  if d == nil then return storage.longs(t.extent, t.rank) end
  return tonumber(t.extent[dimension('size', 2, t, d)])
end)

--- t:stride() -> LongStorage; t:stride(d) -> number, in elements
method('stride', function(t, d)
  if d == nil then return storage.longs(t.step, t.rank) end
  return tonumber(t.step[dimension('stride', 2, t, d)])
end)

local function rank(t) return t.rank end
method('dim', rank)
method('nDimension', rank)

local function count(t) return tonumber(C.rk_tensor_count(t)) end
method('nElement', count)
define('numel', count, function(t, extra)
  if extra ~= nil then check.too_many('numel', 1) end
  return count(need('numel', 1, t))
end)

--- 1-based position of the first element in the storage.
method('storageOffset', function(t) return tonumber(t.start) + 1 end)

--- Bytes of one element.
method('elementSize', function(t) return types.size[t.dt] end)

--- The storage, nil for a tensor that was never sized.
method('storage', function(t)
  if t.mem == nil then return nil end
  local b = buffer_ct()
  local s = C.rk_tensor_buffer(t, b)
  if s ~= 0 then again(s, 'storage', C.rk_tensor_buffer, t, b) end
  return b
end)

--- Pointer to the first element; data(true): the address as a number.
define('data', function(t, asnumber)
  local p
  if istype(buffer_ct, t) then return t:data(asnumber) end
  need('data', 1, t)
  own(t)
  p = ffi.cast(types.pointer[t.dt], t.mem ~= nil and t.mem.data or nil)
  if t.mem ~= nil then p = p + t.start end
  if asnumber then return tonumber(ffi.cast('uintptr_t', p)) end
  return p
end)

--- Pointer to the library's own structure, valid while the tensor lives.
define('cdata', function(t, asnumber)
  if istype(buffer_ct, t) then return t:cdata(asnumber) end
  local p = ffi.cast('struct rk_tensor *', own(need('cdata', 1, t)))
  if asnumber then return tonumber(ffi.cast('uintptr_t', p)) end
  return p
end)

method('isContiguous', function(t) return C.rk_tensor_packed(t) ~= 0 end)
method('isSameSizeAs', function(t, u) return C.rk_tensor_same_shape(t, need('isSameSizeAs', 2, u)) ~= 0 end)
method('isSetTo', function(t, u) return t.mem ~= nil and C.rk_tensor_same_view(t, need('isSetTo', 2, u)) ~= 0 end)
method('isSize', function(t, sizes)
  if not istype(buffer_ct, sizes) then argument('isSize', 2, 'a LongStorage', sizes) end
  local n = gather('isSize', 2, sizes)
  if n ~= t.rank then return false end
  for i = 0, n - 1 do
    if dims[i] ~= t.extent[i] then return false end
  end
  return true
end)

-- Counts are the library's own affair. For programs that balance them by hand, every retain() makes one free() do
-- nothing.
local retained = setmetatable({}, { __mode = 'k' })
method('retain', function(t) retained[t] = (retained[t] or 0) + 1 end)

--- Give the memory back at once instead of when the collector finds it. The tensor is empty afterwards.
method('free', function(t)
  local n = retained[t]
  if n then
    retained[t] = n > 1 and n - 1 or nil
  else
    collect.release(t)
  end
end)

-- -- views ------------------------------------------------------------------------------

local function view_like(t)
  local out = gc(ctype(), drop)
  out.dt = t.dt
  return out
end

--- narrow(dim, first, length): `length` positions from `first`.
method('narrow', function(t, dim, first, length)
  dim = dimension('narrow', 2, t, dim)
  if type(first) ~= 'number' then first = integer('narrow', 3, first) end
  if type(length) ~= 'number' then length = integer('narrow', 4, length) end
  local out = view_like(t)
  if t.bare ~= 0 then own(t) end
  if length < 1 or C.rk_narrow(out, t, dim, first - 1, length) ~= 0 then
    fail('narrow: %d positions from %d do not fit dimension %d of %s', length, first, dim + 1, describe(t))
  end
  return out
end)

--- select(dim, index): drops the dimension; a number for a vector.
method('select', function(t, dim, k)
  dim = dimension('select', 2, t, dim)
  if type(k) ~= 'number' then k = integer('select', 3, k) end
  local n = tonumber(t.extent[dim])
  local at = k < 0 and k + n + 1 or k
  if not (at >= 1 and at < n + 1) then
    fail('select: argument 3: index %.14g out of range for dimension %d of %s', k, dim + 1, describe(t))
  end
  if t.rank == 1 then return t[at] end
  local out = view_like(t)
  local s = C.rk_select(out, t, dim, at - 1)
  if s ~= 0 then again(s, 'select', C.rk_select, out, t, dim, at - 1) end
  return out
end)

--- sub(d1from, d1to, d2from, d2to, ...): inclusive ranges, negative ends count from the end.
method('sub', function(t, ...)
  local v = { ... }
  if #v == 0 then argument('sub', 2, 'a first position', nil) end
  local out = tensor.alias(t)
  for d = 1, math.ceil(#v / 2) do
    local a = integer('sub', 2 * d, v[2 * d - 1])
    local b = integer('sub', 2 * d + 1, v[2 * d])
    if d > t.rank then fail('sub: %d ranges for %s', math.ceil(#v / 2), describe(t)) end
    local n = tonumber(t.extent[d - 1])
    local first, last = a < 0 and a + n + 1 or a, b < 0 and b + n + 1 or b
    if first < 1 or first > n or last < 1 or last > n or last < first then
      fail('sub: range %d..%d out of range for dimension %d of %s', a, b, d, describe(t))
    end
    local s = C.rk_narrow(out, out, d - 1, first - 1, last - first + 1)
    if s ~= 0 then again(s, 'sub', C.rk_narrow, out, out, d - 1, first - 1, last - first + 1) end
  end
  return out
end)

--- transpose(d1, d2): two dimensions swapped.
method('transpose', function(t, d1, d2)
  d1, d2 = dimension('transpose', 2, t, d1), dimension('transpose', 3, t, d2)
  local out = view_like(t)
  local s = C.rk_transpose(out, t, d1, d2)
  if s ~= 0 then again(s, 'transpose', C.rk_transpose, out, t, d1, d2) end
  return out
end)

--- t(): the transposed matrix.
method('t', function(t)
  if t.rank ~= 2 then fail('t: expected a matrix, got %s; transpose(d1, d2) takes any', describe(t)) end
  local out = view_like(t)
  local s = C.rk_transpose(out, t, 0, 1)
  if s ~= 0 then again(s, 't', C.rk_transpose, out, t, 0, 1) end
  return out
end)

--- permute(d1, d2, ...): all dimensions in a new order.
define('permute', function(t, ...)
  need('permute', 1, t)
  local n = gather('permute', 2, ...)
  local seen = {}
  if n ~= t.rank then fail('permute: %d dimensions given for %s', n, describe(t)) end
  for i = 0, n - 1 do
    local d = tonumber(dims[i])
    if d < 1 or d > n or seen[d] then fail('permute: each of 1..%d must appear once', n) end
    seen[d], dims[i] = true, d - 1
  end
  local out = view_like(t)
  local s = C.rk_permute(out, t, n, dims)
  if s ~= 0 then again(s, 'permute', C.rk_permute, out, t, n, dims) end
  return out
end)

--- unfold(dim, size, step): windows of `size` every `step` positions, in a new last dimension.
method('unfold', function(t, dim, size, step)
  dim, size, step = dimension('unfold', 2, t, dim), integer('unfold', 3, size), integer('unfold', 4, step)
  local out = view_like(t)
  local s = C.rk_unfold(out, t, dim, size, step)
  if s ~= 0 then again(s, 'unfold', C.rk_unfold, out, t, dim, size, step) end
  return out
end)

local function expand_to(name, out, t, n)
  if n ~= t.rank or n == 0 then
    fail('%s: %d sizes given for %s: the number of dimensions cannot change', name, n, describe(t))
  end
  local s = C.rk_expand(out, t, n, dims)
  if s ~= 0 then again(s, name, C.rk_expand, out, t, n, dims) end
  return out
end

local function dims_of(t)
  for i = 0, t.rank - 1 do dims[i] = t.extent[i] end
  return t.rank
end

--- expand(sizes): dimensions of size 1 repeated by stride 0. res:expand(t, sizes) sets res.
define('expand', function(t, a, ...)
  need('expand', 1, t)
  if istype(ctype, a) then return expand_to('expand', t, a, gather('expand', 3, ...)) end
  if a == nil then argument('expand', 2, 'sizes', a) end
  return expand_to('expand', view_like(t), t, gather('expand', 2, a, ...))
end)

define('expandAs', function(t, like, other)
  need('expandAs', 1, t)
  need('expandAs', 2, like)
  if other ~= nil then return expand_to('expandAs', t, like, dims_of(need('expandAs', 3, other))) end
  return expand_to('expandAs', view_like(t), t, dims_of(like))
end)

local function sizes_text(n)
  return check.shape(n, dims)
end

-- Make `out` show t's elements in the n sizes in `dims`.
local function view_to(name, out, t, n)
  if C.rk_tensor_packed(t) == 0 then
    fail('%s: %s is not contiguous: make a copy first, t:contiguous():view(...)', name, describe(t))
  end
  local unknown, product = nil, 1
  for i = 0, n - 1 do
    local v = tonumber(dims[i])
    if v == -1 then
      if unknown then fail('%s: only one size can be -1, got %s', name, sizes_text(n)) end
      unknown = i
    else
      product = product * v
    end
  end
  local elements = count(t)
  if unknown and product > 0 and elements % product == 0 then
    dims[unknown], product = elements / product, elements
  end
  if product ~= elements or n == 0 then
    fail('%s: %s has %d elements, cannot be seen as %s', name, describe(t), elements, sizes_text(n))
  end
  local s = C.rk_reshape(out, t, n, dims)
  if s ~= 0 then again(s, name, C.rk_reshape, out, t, n, dims) end
  return out
end

--- view(sizes): the same elements under other sizes, one may be -1. res:view(t, sizes) sets res.
define('view', function(t, a, ...)
  need('view', 1, t)
  if istype(ctype, a) then return view_to('view', t, a, gather('view', 3, ...)) end
  return view_to('view', view_like(t), t, tensor.sizes('view', 2, a, ...))
end)

define('viewAs', function(t, like, other)
  need('viewAs', 1, t)
  need('viewAs', 2, like)
  if other ~= nil then return view_to('viewAs', t, like, dims_of(need('viewAs', 3, other))) end
  return view_to('viewAs', view_like(t), t, dims_of(like))
end)

--- squeeze([dim]): dimensions of size 1 dropped (a view); a single element comes back as a number.
define('squeeze', function(t, a, b)
  need('squeeze', 1, t)
  local out, x, dim = nil, t, a
  if istype(ctype, a) then out, x, dim = t, a, b end
  local d = -1
  if dim ~= nil then d = dimension('squeeze', 2, x, dim) end
  if out == nil then
    if dim == nil and x.rank > 0 and count(x) == 1 then
      return types.read[x.dt](x.mem.data, x.start)
    elseif dim ~= nil and x.rank == 1 and x.extent[0] == 1 then
      return x[1]
    end
    out = view_like(x)
  end
  local s = C.rk_squeeze(out, x, d)
  if s ~= 0 then again(s, 'squeeze', C.rk_squeeze, out, x, d) end
  return out
end)

--- unsqueeze(dim): a new dimension of size 1 at position dim.
define('unsqueeze', function(t, dim)
  need('unsqueeze', 1, t)
  dim = integer('unsqueeze', 2, dim)
  if dim < 1 or dim > t.rank + 1 then fail('unsqueeze: argument 2: position %d for %s', dim, describe(t)) end
  local out = view_like(t)
  local s = C.rk_unsqueeze(out, t, dim - 1)
  if s ~= 0 then again(s, 'unsqueeze', C.rk_unsqueeze, out, t, dim - 1) end
  return out
end)

-- Views along dim of `size` positions each, appended to a table.
local function pieces(name, into, t, size, dim)
  if size < 1 then fail('%s: pieces of size %d', name, size) end
  local n = tonumber(t.extent[dim])
  for first = 0, n - 1, size do
    local out = view_like(t)
    local length = math.min(size, n - first)
    local s = C.rk_narrow(out, t, dim, first, length)
    if s ~= 0 then again(s, name, C.rk_narrow, out, t, dim, first, length) end
    into[#into + 1] = out
  end
  return into
end

local function cleared(into)
  for i = #into, 1, -1 do into[i] = nil end
  return into
end

--- split([result,] size, [dim=1]): list of views, the last may be smaller.
define('split', function(into, t, size, dim)
  if istype(ctype, into) then into, t, size, dim = {}, into, t, size end
  if type(into) ~= 'table' then argument('split', 1, 'a tensor or a result table', into) end
  need('split', 1, t)
  dim = dimension('split', 3, t, dim or 1)
  return pieces('split', cleared(into), t, integer('split', 2, size), dim)
end)

--- chunk([result,] n, [dim=1]): at most n views of equal size.
define('chunk', function(into, t, n, dim)
  if istype(ctype, into) then into, t, n, dim = {}, into, t, n end
  if type(into) ~= 'table' then argument('chunk', 1, 'a tensor or a result table', into) end
  need('chunk', 1, t)
  n, dim = integer('chunk', 2, n), dimension('chunk', 3, t, dim or 1)
  if n < 1 then fail('chunk: argument 2: expected a positive number of chunks, got %d', n) end
  return pieces('chunk', cleared(into), t, math.ceil(tonumber(t.extent[dim]) / n), dim)
end)

-- -- in place ---------------------------------------------------------------------------

--- resize(sizes) or resize(LongStorage sizes, [LongStorage strides]): the storage's contents stay.
method('resize', function(t, a, b, ...)
  if istype(buffer_ct, a) and b ~= nil then
    if not istype(buffer_ct, b) or b.dt ~= LONG or C.rk_buffer_count(b) ~= C.rk_buffer_count(a) then
      argument('resize', 3, 'a LongStorage with one stride a size', b)
    end
    local n = gather('resize', 2, a)
    local step = n > 0 and ffi.cast('int64_t *', b.mem.data) or nil
    local s = C.rk_tensor_resize(t, n, dims, step)
    if s ~= 0 then again(s, 'resize', C.rk_tensor_resize, t, n, dims, step) end
    pressure()
    return t
  end
  if a == nil then argument('resize', 2, 'sizes', a) end
  return tensor.resize_dims('resize', t, trim(tensor.sizes('resize', 2, a, b, ...), 'resize'))
end)

--- resizeAs(other): to the sizes of a tensor of the same type.
method('resizeAs', function(t, other)
  need('resizeAs', 2, other)
  if other.dt ~= t.dt then argument('resizeAs', 2, types.class[t.dt] .. 'Tensor', other) end
  local s = C.rk_tensor_resize_as(t, other)
  if s ~= 0 then again(s, 'resizeAs', C.rk_tensor_resize_as, t, other) end
  pressure()
  return t
end)

--- set(): empty; set(tensor): the same view; set(storage, [offset, sizes, strides]).
method('set', function(t, a, ...)
  if a == nil then
    collect.release(t)
    return t
  elseif istype(ctype, a) then
    if a.dt ~= t.dt then argument('set', 2, types.class[t.dt] .. 'Tensor', a) end
    local s = C.rk_tensor_view(t, a)
    if s ~= 0 then again(s, 'set', C.rk_tensor_view, t, a) end
    return t
  elseif istype(buffer_ct, a) then
    return tensor.set_storage('set', t, 2, a, ...)
  end
  return argument('set', 2, ('a %sTensor or %sStorage'):format(types.class[t.dt], types.class[t.dt]), a)
end)

-- -- copies ------------------------------------------------------------------------------

method('contiguous', tensor.contiguous)
method('clone', function(t)
  return tensor.clone(t)
end)

--- reshape(sizes): a packed copy under other sizes.
define('reshape', function(t, a, ...)
  need('reshape', 1, t)
  local out, x, n = nil, t
  if istype(ctype, a) then
    out, x, n = t, a, gather('reshape', 3, ...)
  else
    n = gather('reshape', 2, a, ...)
  end
  local product = 1
  for i = 0, n - 1 do product = product * tonumber(dims[i]) end
  if product ~= count(x) or n == 0 or trim(n) ~= n then
    fail('reshape: %s has %d elements, %s has %d', describe(x), count(x), sizes_text(n), product)
  end
  if out == nil then
    out = tensor.from_dims('reshape', x.dt, n)
  else
    if out.dt ~= x.dt then argument('reshape', 2, types.class[out.dt] .. 'Tensor', x) end
    tensor.resize_dims('reshape', out, n)
  end
  local s = C.rk_copy(out, x)
  if s ~= 0 then again(s, 'reshape', C.rk_copy, out, x) end
  return out
end)

local tiled

-- x of sizes `size` repeated along one dimension after the other, seen as (before, times, size and after).
local function tiled_in_turn(out, x, times, size)
  local n, rows, before = #times, tensor.contiguous(x):view(-1), 1
  for d = 1, n do
    if times[d] > 1 then
      rows = tiled(nil, rows:view(before, 1, rows:nElement() / before), { 1, times[d], 1 }):view(-1)
    end
    before = before * times[d] * size[d]
  end
  for d = 1, n do dims[d - 1] = times[d] * size[d] end
  out = out and tensor.resize_dims('repeatTensor', out, n) or tensor.from_dims('repeatTensor', x.dt, n)
  local s = C.rk_copy(out, rows)
  if s ~= 0 then again(s, 'repeatTensor', C.rk_copy, out, rows) end
  return out
end

-- x repeated times[d] along its dimensions, those of x being the last. The result is seen as (times1, size1, times2,
-- size2, ...), without dimensions of size 1.
function tiled(out, x, times)
  local n = #times
  local lead, wide, narrow, size = n - x.rank, {}, {}, {}
  for i = 1, n do
    size[i] = i > lead and tonumber(x.extent[i - 1 - lead]) or 1
    if times[i] > 1 then wide[#wide + 1], narrow[#narrow + 1] = times[i], 1 end
    if size[i] > 1 or times[i] == 1 then wide[#wide + 1], narrow[#narrow + 1] = size[i], size[i] end
  end
  if #wide > C.RK_MAX_DIMS then return tiled_in_turn(out, x, times, size) end
  for i = 1, n do dims[i - 1] = times[i] * size[i] end
  out = out and tensor.resize_dims('repeatTensor', out, n) or tensor.from_dims('repeatTensor', x.dt, n)
  local to, from, packed = header(), header(), tensor.contiguous(x)
  for i = 1, #wide do dims[i - 1] = wide[i] end
  local s = C.rk_reshape(to, out, #wide, dims)
  if s ~= 0 then again(s, 'repeatTensor', C.rk_reshape, to, out, #wide, dims) end
  for i = 1, #narrow do dims[i - 1] = narrow[i] end
  s = C.rk_reshape(from, packed, #wide, dims)
  if s ~= 0 then again(s, 'repeatTensor', C.rk_reshape, from, packed, #wide, dims) end
  s = C.rk_expand(from, from, #wide, to.extent)
  if s ~= 0 then again(s, 'repeatTensor', C.rk_expand, from, from, #wide, to.extent) end
  s = C.rk_copy(to, from)
  if s ~= 0 then again(s, 'repeatTensor', C.rk_copy, to, from) end
  return out
end

--- repeatTensor(n1, ...): tiled copy; more numbers than dimensions add leading ones.
define('repeatTensor', function(t, a, ...)
  need('repeatTensor', 1, t)
  local out, x, n = nil, t
  if istype(ctype, a) then
    out, x, n = t, a, gather('repeatTensor', 3, ...)
  else
    n = gather('repeatTensor', 2, a, ...)
  end
  if n < x.rank or x.rank == 0 or trim(n) ~= n then
    fail('repeatTensor: %s repeated %s: give a positive number for each dimension', describe(x), sizes_text(n))
  end
  local times = {}
  for i = 1, n do times[i] = tonumber(dims[i - 1]) end
  if out ~= nil then
    if out.dt ~= x.dt then argument('repeatTensor', 2, types.class[out.dt] .. 'Tensor', x) end
    if tensor.shares(out, x) then x = tensor.clone(x) end
  end
  return tiled(out, x, times)
end)
