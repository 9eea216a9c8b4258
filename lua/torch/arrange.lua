--- Elements in another arrangement: flatten, unflatten, movedim, swapaxes, broadcast_to, unbind, diagonal (views where
-- possible); stack, hstack, vstack, roll, flip, rot90, tile, repeat_interleave, meshgrid, take, put, diff,
-- tril_indices (copies).
--
-- Names and results as in PyTorch, dimensions and positions from 1 as in Torch7; negative ones count from the end.
local C = require 'torch.ffi'
local check = require 'torch.check'
local types = require 'torch.types'
local tensor = require 'torch.tensor'
local options = require 'torch.options'

local fail, argument, need, describe = check.fail, check.argument, check.tensor, check.describe
local integer = check.integer
local empty, define, functions = tensor.empty, tensor.define, tensor.functions
local dim_of, shaped, list_of = options.dim, options.shaped, options.tensors
local LONG = types.of_class.Long

local function needs_elements(name, t)
  if need(name, 1, t).rank == 0 then argument(name, 1, 'a tensor with elements', t) end
end

-- -- other sizes ---------------------------------------------------------------------------

--- flatten([first = 1], [last = -1]): these dimensions as one; a view where the memory allows, else a copy.
define('flatten', function(t, first, last)
  need('flatten', 1, t)
  if t.rank == 0 then return t end
  first = first == nil and 1 or dim_of('flatten', 2, t, first)
  last = last == nil and t.rank or dim_of('flatten', 3, t, last)
  if last < first then fail('flatten: argument 3: dimension %d comes before dimension %d', last, first) end
  local sizes, product = {}, 1
  for d = 1, t.rank do
    local n = tonumber(t.extent[d - 1])
    if d >= first and d <= last then
      product = product * n
      if d == last then sizes[#sizes + 1] = product end
    else
      sizes[#sizes + 1] = n
    end
  end
  return shaped('flatten', t, sizes)
end)
define('ravel', function(t)
  need('ravel', 1, t)
  return t.rank == 0 and t or shaped('ravel', t, { tonumber(C.rk_tensor_count(t)) })
end)

--- unflatten(dim, sizes): dimension dim as several, one of which may be -1.
define('unflatten', function(t, dim, given)
  needs_elements('unflatten', t)
  dim = dim_of('unflatten', 2, t, dim)
  local n = tensor.gather('unflatten', 3, given)
  local sizes, product, unknown, size = {}, 1, nil, tonumber(t.extent[dim - 1])
  for d = 1, dim - 1 do sizes[d] = tonumber(t.extent[d - 1]) end
  for i = 1, n do
    local v = tonumber(tensor.dims[i - 1])
    if v == -1 and not unknown then unknown = dim - 1 + i else product = product * v end
    sizes[dim - 1 + i] = v
  end
  if unknown then sizes[unknown], product = size / product, size end
  if product ~= size or n == 0 or unknown and (sizes[unknown] < 1 or sizes[unknown] % 1 ~= 0) then
    fail('unflatten: argument 3: dimension %d of %s has %d positions, they do not form %s', dim, describe(t), size,
      check.shape(n, tensor.dims))
  end
  for d = dim + 1, t.rank do sizes[#sizes + 1] = tonumber(t.extent[d - 1]) end
  return shaped('unflatten', t, sizes)
end)

--- movedim(from, to): dimensions (numbers or lists) to other positions, the rest in their order.
local function movedim(t, from, to)
  need('movedim', 1, t)
  from, to = options.dims('movedim', 2, t, from), options.dims('movedim', 3, t, to)
  if #from ~= #to then fail('movedim: %d dimensions to %d positions', #from, #to) end
  local order, moved = {}, {}
  for i = 1, #from do order[to[i]], moved[from[i]] = from[i], true end
  local next_free = 1
  for d = 1, t.rank do
    if not moved[d] then
      while order[next_free] do next_free = next_free + 1 end
      order[next_free] = d
    end
  end
  return t:permute(unpack(order, 1, t.rank))
end
define('movedim', movedim)
define('moveaxis', movedim)

--- swapdims(a, b), swapaxes(a, b): transpose, with negative dimensions too.
for _, name in ipairs { 'swapdims', 'swapaxes' } do
  define(name, function(t, a, b)
    need(name, 1, t)
    return t:transpose(dim_of(name, 2, t, a), dim_of(name, 3, t, b))
  end)
end

--- broadcast_to(sizes): expand that may add leading dimensions; -1 keeps a size.
define('broadcast_to', function(t, ...)
  needs_elements('broadcast_to', t)
  local n = tensor.gather('broadcast_to', 2, ...)
  local sizes = {}
  for i = 1, n do
    local at = i - (n - t.rank)
    local have = at >= 1 and tonumber(t.extent[at - 1]) or nil
    sizes[i] = tonumber(tensor.dims[i - 1])
    if sizes[i] == -1 and have then sizes[i] = have end
    if sizes[i] < 1 then fail('broadcast_to: argument 2: size %d for dimension %d', sizes[i], i) end
  end
  return options.expanded('broadcast_to', t, sizes)
end)

--- broadcast_tensors(a, b, ...): views of all with their common sizes.
function functions.broadcast_tensors(...)
  return options.results('broadcast_tensors', options.broadcast('broadcast_tensors', list_of('broadcast_tensors', ...)))
end

--- unbind([dim = 1]): the slices along a dimension, as a table.
define('unbind', function(t, dim)
  needs_elements('unbind', t)
  dim = dim == nil and 1 or dim_of('unbind', 2, t, dim)
  local out = {}
  for i = 1, tonumber(t.extent[dim - 1]) do out[i] = t:select(dim, i) end
  return out
end)

--- diagonal([k = 0], [dim1 = 1], [dim2 = 2]): a view of the diagonal of two dimensions, which go; it becomes the last.
define('diagonal', function(t, k, d1, d2)
  need('diagonal', 1, t)
  if t.rank < 2 then argument('diagonal', 1, 'at least 2 dimensions', t) end
  k = k == nil and 0 or integer('diagonal', 2, k)
  d1, d2 = dim_of('diagonal', 3, t, d1 or 1), dim_of('diagonal', 4, t, d2 or 2)
  if d1 == d2 then fail('diagonal: argument 4: dimension %d is named twice', d2) end
  local rows, columns = tonumber(t.extent[d1 - 1]), tonumber(t.extent[d2 - 1])
  local n = math.min(rows + math.min(k, 0), columns - math.max(k, 0))
  if n < 1 then fail('diagonal: argument 2: %s has no diagonal %d', describe(t), k) end
  local out, at = tensor.alias(t), 0
  out.start = t.start + (k < 0 and t.step[d1 - 1] * -k or t.step[d2 - 1] * k)
  for d = 1, t.rank do
    if d ~= d1 and d ~= d2 then
      out.extent[at], out.step[at] = t.extent[d - 1], t.step[d - 1]
      at = at + 1
    end
  end
  out.extent[at], out.step[at], out.rank = n, t.step[d1 - 1] + t.step[d2 - 1], at + 1
  return out
end)

-- -- joined ------------------------------------------------------------------------------------

--- stack({a, b, ...}, [dim = 1]) or stack(res, {...}, [dim]): tensors of one size along a new dimension.
-- @usage torch.stack({torch.ones(2), torch.zeros(2)}) -- 2 x 2
function functions.stack(...)
  local res, list, dim = ...
  if not check.istensor(res) then res, list, dim = nil, res, list end
  if type(list) ~= 'table' or getmetatable(list) then argument('stack', res and 2 or 1, 'a table of tensors', list) end
  list = list_of('stack', list)
  dim = dim == nil and 1 or dim_of('stack', 2, list[1], dim, 1)
  local wide = {}
  for i, t in ipairs(list) do
    if not t:isSameSizeAs(list[1]) then
      fail('stack: tensors of one size expected, got %s and %s', describe(list[1]), describe(t))
    end
    wide[i] = t:unsqueeze(dim)
  end
  if res then return _G.torch.cat(res, wide, dim) end
  return _G.torch.cat(wide, dim)
end

-- hstack: along columns (vectors: along the only dimension); vstack: along rows, vectors being rows
function functions.hstack(...)
  local list = list_of('hstack', ...)
  need('hstack', 1, list[1])
  return _G.torch.cat(list, list[1].rank == 1 and 1 or 2)
end
function functions.vstack(...)
  local list, rows = list_of('vstack', ...), {}
  for i, t in ipairs(list) do rows[i] = t.rank == 1 and t:unsqueeze(1) or t end
  return _G.torch.cat(rows, 1)
end

-- -- moved -------------------------------------------------------------------------------------

-- Copy the part first .. first + n - 1 of x to `to` .. of out, along dim.
local function copy_part(out, to, x, first, n, dim)
  if n > 0 then out:narrow(dim, to, n):copy(x:narrow(dim, first, n)) end
end

--- roll(shifts, [dims]): elements moved on by `shifts` positions, what falls off the end comes in at the start; without
-- dimensions the tensor is rolled as one row.
-- @usage torch.roll(torch.range(1, 3), 1) -- 3 1 2
define('roll', function(t, shifts, dims)
  needs_elements('roll', t)
  if dims == nil then
    if type(shifts) == 'table' then fail('roll: argument 3: several shifts need their dimensions') end
    return t:contiguous():view(-1):roll(shifts, 1):viewAs(t)
  end
  if type(shifts) ~= 'table' then shifts = { shifts } end
  dims = options.dims('roll', 3, t, dims)
  if #shifts ~= #dims then fail('roll: %d shifts for %d dimensions', #shifts, #dims) end
  local x = t
  for i, dim in ipairs(dims) do
    local n = tonumber(x.extent[dim - 1])
    local by = integer('roll', 2, shifts[i]) % n
    local out = tensor.like('roll', x)
    copy_part(out, by + 1, x, 1, n - by, dim)
    copy_part(out, 1, x, n - by + 1, by, dim)
    x = out
  end
  return x
end)

--- flip(dims...): the order of elements along these dimensions reversed (all when none is named).
define('flip', function(t, ...)
  needs_elements('flip', t)
  local x = t
  for _, dim in ipairs(options.dims('flip', 2, t, ...)) do
    local n = tonumber(x.extent[dim - 1])
    x = x:index(dim, tensor.empty(LONG):range(n, 1, -1))
  end
  return x == t and tensor.clone(t) or x
end)
define('fliplr', function(t)
  if need('fliplr', 1, t).rank < 2 then argument('fliplr', 1, 'at least 2 dimensions', t) end
  return t:flip(2)
end)
define('flipud', function(t)
  needs_elements('flipud', t)
  return t:flip(1)
end)

--- rot90([k = 1], [{1, 2}]): turned k times by 90 degrees, from the first of two dimensions towards the second.
define('rot90', function(t, k, plane)
  if need('rot90', 1, t).rank < 2 then argument('rot90', 1, 'at least 2 dimensions', t) end
  k = (k == nil and 1 or integer('rot90', 2, k)) % 4
  local d = options.dims('rot90', 3, t, plane or { 1, 2 })
  if #d ~= 2 then fail('rot90: argument 3: expected two dimensions, got %d', #d) end
  if k == 0 then return tensor.clone(t) end
  if k == 2 then return t:flip(d[1], d[2]) end
  if k == 1 then return t:flip(d[2]):transpose(d[1], d[2]) end
  return t:transpose(d[1], d[2]):flip(d[2])
end)

--- tile(n1, ...): repeated as a whole; fewer numbers than dimensions repeat the last ones.
define('tile', function(t, ...)
  needs_elements('tile', t)
  local n, times = tensor.gather('tile', 2, ...), {}
  for _ = n + 1, t.rank do times[#times + 1] = 1 end
  for i = 0, n - 1 do times[#times + 1] = tonumber(tensor.dims[i]) end
  return t:repeatTensor(unpack(times))
end)

--- repeat_interleave(n, [dim]): each element (each slice along dim) n times in a row; n may be a LongTensor, one number
-- each.
define('repeat_interleave', function(t, n, dim)
  needs_elements('repeat_interleave', t)
  if dim == nil then t, dim = t:contiguous():view(-1), 1 end
  dim = dim_of('repeat_interleave', 3, t, dim)
  local size, at = tonumber(t.extent[dim - 1]), {}
  local counts = check.istensor(n) and n:totable() or { n }
  if check.istensor(n) and (n.rank ~= 1 or #counts ~= size and #counts ~= 1) then
    argument('repeat_interleave', 2, ('a number, or a LongTensor of %d'):format(size), n)
  end
  for i = 1, size do
    local times = integer('repeat_interleave', 2, counts[#counts == 1 and 1 or i])
    if times < 0 then fail('repeat_interleave: argument 2: %d times', times) end
    if #at + times > 2 ^ 26 then
      fail('repeat_interleave: argument 2: %.14g times: at most 2^26 slices in all expected', times)
    end
    for _ = 1, times do at[#at + 1] = i end
  end
  if #at == 0 then return empty(t.dt) end
  return t:index(dim, tensor.from_table('repeat_interleave', LONG, at))
end)

--- meshgrid(x, y, ..., [{indexing = 'ij'}]): vectors as the axes of a grid, one expanded view each; 'xy' swaps the
-- first two.
-- @usage local y, x = torch.meshgrid(torch.range(1, 2), torch.range(1, 3))
function functions.meshgrid(...)
  local given, args = options.split('meshgrid', 'indexing', ...)
  local list = list_of('meshgrid', unpack(args, 1, args.n))
  if given.indexing ~= nil and given.indexing ~= 'ij' and given.indexing ~= 'xy' then
    fail("meshgrid: option indexing: 'ij' or 'xy' expected, got %s", describe(given.indexing))
  end
  local sizes, out = {}, {}
  for i, t in ipairs(list) do
    if t.rank ~= 1 then argument('meshgrid', i, 'a vector', t) end
    sizes[i] = tonumber(t.extent[0])
  end
  local swap = given.indexing == 'xy' and #list > 1
  if swap then sizes[1], sizes[2] = sizes[2], sizes[1] end
  for i, t in ipairs(list) do
    local axis, own = swap and i <= 2 and 3 - i or i, {}
    for d = 1, #list do own[d] = d == axis and tonumber(t.extent[0]) or 1 end
    out[i] = options.expanded('meshgrid', shaped('meshgrid', t, own), sizes)
  end
  return unpack(out)
end

-- -- by position in the whole tensor ---------------------------------------------------------------

local function need_positions(name, n, index)
  if not check.istensor(index) or index.dt ~= LONG then argument(name, n, 'a LongTensor of positions', index) end
end

--- take(LongTensor): the elements at these positions of the tensor read as one row; shaped like the index.
define('take', function(t, index)
  needs_elements('take', t)
  need_positions('take', 2, index)
  if index.rank == 0 then return empty(t.dt) end
  return t:contiguous():view(-1):index(1, index:contiguous():view(-1)):viewAs(index)
end)

--- put_(LongTensor, values, [accumulate = false]): the reverse, in place; put gives a new tensor.
local function put_(t, index, values, accumulate)
  needs_elements('put_', t)
  need_positions('put_', 2, index)
  if not check.istensor(values) or values.dt ~= t.dt or values:nElement() ~= index:nElement() then
    argument('put_', 3, ('%sTensor of %d elements'):format(types.class[t.dt], index:nElement()), values)
  end
  if index.rank == 0 then return t end
  local row = t:contiguous():view(-1)
  index, values = index:contiguous():view(-1), values:contiguous():view(-1)
  if accumulate then row:indexAdd(1, index, values) else row:indexCopy(1, index, values) end
  if not tensor.shares(row, t) then t:copy(row) end
  return t
end
tensor.method('put_', put_)
define('put', function(t, ...)
  needs_elements('put', t)
  return put_(tensor.clone(t), ...)
end)

--- take_along_dim(LongTensor, [dim]): gather whose other dimensions broadcast; without dim as take.
define('take_along_dim', function(t, index, dim)
  needs_elements('take_along_dim', t)
  need_positions('take_along_dim', 2, index)
  if dim == nil then return t:take(index):view(-1) end
  dim = dim_of('take_along_dim', 3, t, dim)
  if index.rank ~= t.rank then argument('take_along_dim', 2, ('%d dimensions'):format(t.rank), index) end
  local a, b = t:narrow(dim, 1, 1), index:narrow(dim, 1, 1)
  local sizes = options.common('take_along_dim', { a, b })
  local from, at = { unpack(sizes) }, { unpack(sizes) }
  from[dim], at[dim] = t:size(dim), index:size(dim)
  return options.expanded('take_along_dim', t, from):gather(dim, options.expanded('take_along_dim', index, at))
end)

--- diff([n = 1], [dim = last]): differences of neighbours, n times over.
define('diff', function(t, n, dim)
  needs_elements('diff', t)
  n = n == nil and 1 or integer('diff', 2, n)
  dim = dim == nil and t.rank or dim_of('diff', 3, t, dim)
  if n < 0 then fail('diff: argument 2: %d times', n) end
  if n >= tonumber(t.extent[dim - 1]) then return empty(t.dt) end
  local x = tensor.clone(t)
  for _ = 1, n do
    local size = tonumber(x.extent[dim - 1])
    x = x:narrow(dim, 2, size - 1) - x:narrow(dim, 1, size - 1)
  end
  return x
end)

-- Positions (2 x n LongTensor: rows, columns) of one triangle of a rows x columns matrix, row by row.
local function triangle(name, upper)
  functions[name] = function(rows, columns, k)
    rows, columns = integer(name, 1, rows), integer(name, 2, columns)
    k = k == nil and 0 or integer(name, 3, k)
    if rows < 1 or columns < 1 then fail('%s: expected positive sizes, got %d x %d', name, rows, columns) end
    if rows * columns > 2 ^ 26 then
      fail('%s: a matrix of %.14g x %.14g: at most 2^26 elements expected', name, rows, columns)
    end
    local function first_and_last(r)
      return upper and math.max(1, r + k) or 1, upper and columns or math.min(columns, r + k)
    end
    local n = 0
    for r = 1, rows do
      local first, last = first_and_last(r)
      n = n + math.max(0, last - first + 1)
    end
    if n == 0 then return empty(LONG) end
    local places = _G.torch.LongTensor(2, n)
    local data, at = places:data(), 0
    for r = 1, rows do
      local first, last = first_and_last(r)
      for c = first, last do
        data[at], data[n + at] = r, c
        at = at + 1
      end
    end
    return places
  end
end
triangle('tril_indices', false)
triangle('triu_indices', true)

return functions
