--- Elements picked and placed by index or mask: index, indexCopy, indexAdd, indexFill, gather, scatter, masked
-- operations, nonzero. Indices are LongTensors that count from 1.
--
-- Torch7's return values are kept, odd as some are: indexCopy and indexAdd give the source back, indexFill and
-- maskedFill the value, `res:index(x, dim, index)` the index and `res:maskedSelect(x, mask)` the mask.
local ffi = require 'ffi'
local C = require 'torch.ffi'
local check = require 'torch.check'
local types = require 'torch.types'
local memory = require 'torch.memory'
local tensor = require 'torch.tensor'
local masks = require 'torch.index'

local istype, pressure = ffi.istype, memory.pressure
local again, argument, need, dimension, number = check.again, check.argument, check.tensor, check.dim, check.number
local ctype, empty = tensor.ctype, tensor.empty
local define, method = tensor.define, tensor.method
local LONG = types.of_class.Long

local function need_longs(name, n, index)
  if not istype(ctype, index) or index.dt ~= LONG then argument(name, n, 'a LongTensor of indices', index) end
end

local function need_like(name, n, t, src)
  if not istype(ctype, src) or src.dt ~= t.dt then argument(name, n, types.class[t.dt] .. 'Tensor', src) end
end

local function select_into(out, x, dim, index)
  dim = dimension('index', 2, need('index', 1, x), dim)
  need_longs('index', 3, index)
  if out.dt ~= x.dt then argument('index', 1, types.class[out.dt] .. 'Tensor', x) end
  local s = C.rk_index_select(out, x, dim, index)
  if s ~= 0 then again(s, 'index', C.rk_index_select, out, x, dim, index) end
  pressure()
  return out
end

--- index(dim, LongTensor): copy of the slices with these numbers. res:index(x, dim, LongTensor)
method('index', function(t, a, b, c)
  if istype(ctype, a) then
    select_into(t, a, b, c)
    return c
  end
  return select_into(empty(t.dt), t, a, b)
end)

-- Methods that write the slices of a source: call(t, dim, index, src)
local function writer(name, call)
  method(name, function(t, dim, index, src)
    dim = dimension(name, 2, t, dim)
    need_longs(name, 3, index)
    need_like(name, 4, t, src)
    local s = call(t, dim, index, src)
    if s ~= 0 then again(s, name, call, t, dim, index, src) end
    return src
  end)
end
writer('indexCopy', function(t, dim, index, src) return C.rk_index_copy(t, dim, index, src) end)
writer('indexAdd', function(t, dim, index, src) return C.rk_index_add(t, dim, index, src) end)

--- indexFill(dim, LongTensor, value)
method('indexFill', function(t, dim, index, v)
  dim = dimension('indexFill', 2, t, dim)
  need_longs('indexFill', 3, index)
  local x = number('indexFill', 4, v)
  if check.wide(v) and not types.float[t.dt] and index.rank > 0 then
    local like = tensor.alias(t)
    like.extent[dim] = C.rk_tensor_count(index)
    t:indexCopy(dim + 1, index, tensor.repeated('indexFill', like, v))
    return v
  end
  local s = C.rk_index_fill(t, dim, index, x)
  if s ~= 0 then again(s, 'indexFill', C.rk_index_fill, t, dim, index, x) end
  return v
end)

-- Torch7 does not resize a result of gather: a smaller one takes the leading part of the indices.
local function leading(index, out)
  if out.rank == 0 or out.rank ~= index.rank or C.rk_tensor_same_shape(out, index) ~= 0 then return index end
  local part = tensor.alias(index)
  for d = 0, out.rank - 1 do
    if out.extent[d] > index.extent[d] then return index end
    C.rk_narrow(part, part, d, 0, out.extent[d])
  end
  return part
end

--- gather(x, dim, LongTensor): res[i][j] = x[index[i][j]][j] for dim 1, and so on; shaped like index.
define('gather', function(x, a, b, c)
  local out, dim, index = nil, a, b
  if istype(ctype, a) then out, x, dim, index = need('gather', 1, x), a, b, c end
  dim = dimension('gather', 2, need('gather', 1, x), dim)
  need_longs('gather', 3, index)
  out = out or empty(x.dt)
  if out.dt ~= x.dt then argument('gather', 1, types.class[out.dt] .. 'Tensor', x) end
  index = leading(index, out)
  local s = C.rk_gather(out, x, dim, index)
  if s ~= 0 then again(s, 'gather', C.rk_gather, out, x, dim, index) end
  pressure()
  return out
end)

--- scatter(dim, LongTensor, src or value): the reverse of gather, in place.
define('scatter', function(t, dim, index, src)
  dim = dimension('scatter', 2, need('scatter', 1, t), dim)
  need_longs('scatter', 3, index)
  if istype(ctype, src) then
    need_like('scatter', 4, t, src)
    local s = C.rk_scatter(t, dim, index, src)
    if s ~= 0 then again(s, 'scatter', C.rk_scatter, t, dim, index, src) end
  else
    local x = number('scatter', 4, src)
    if check.wide(src) and not types.float[t.dt] and index.rank > 0 then
      local like = tensor.empty(t.dt)
      like.rank = index.rank
      for d = 0, index.rank - 1 do like.extent[d] = index.extent[d] end
      src = tensor.repeated('scatter', like, src)
      like.rank = 0
      return t:scatter(dim + 1, index, src)
    end
    local s = C.rk_scatter_fill(t, dim, index, x)
    if s ~= 0 then again(s, 'scatter', C.rk_scatter_fill, t, dim, index, x) end
  end
  return t
end)

--- scatterAdd(dim, LongTensor, src): as scatter, but adding.
define('scatterAdd', function(t, dim, index, src)
  dim = dimension('scatterAdd', 2, need('scatterAdd', 1, t), dim)
  need_longs('scatterAdd', 3, index)
  need_like('scatterAdd', 4, t, src)
  local s = C.rk_scatter_add(t, dim, index, src)
  if s ~= 0 then again(s, 'scatterAdd', C.rk_scatter_add, t, dim, index, src) end
  return t
end)

method('maskedFill', function(t, mask, v)
  masks.masked_fill('maskedFill', t, mask, v)
  return v
end)

method('maskedCopy', function(t, mask, src) return masks.masked_copy('maskedCopy', t, mask, src) end)

--- maskedSelect(mask): the selected values as a vector. res:maskedSelect(x, mask)
method('maskedSelect', function(t, a, b)
  if b == nil then return masks.masked_select('maskedSelect', t, a) end
  need_like('maskedSelect', 2, t, a)
  masks.masked_select('maskedSelect', a, b, t)
  return b
end)

--- nonzero(x): LongTensor, one row of positions for each element that is not 0.
define('nonzero', function(x, a)
  local out = empty(LONG)
  if a ~= nil then
    need_longs('nonzero', 1, x)
    out, x = x, a
  end
  need('nonzero', 1, x)
  local s = C.rk_nonzero(out, x)
  if s ~= 0 then again(s, 'nonzero', C.rk_nonzero, out, x) end
  pressure()
  return out
end)
