--- Parts, joins and arrangements beyond torch.arrange, under PyTorch's names: hsplit, vsplit, dsplit, tensor_split,
-- dstack, column_stack, row_stack, atleast_1d to 3d, block_diag, diag_embed, diagflat, cartesian_prod, combinations,
-- vander, argwhere, as_strided, reshape_as, sum_to_size, unravel_index.
--
-- Dimensions and positions count from 1; what PyTorch returns as a tuple is several results or, of pieces, a table.
local C = require 'torch.ffi'
local check = require 'torch.check'
local types = require 'torch.types'
local tensor = require 'torch.tensor'
local options = require 'torch.options'
require 'torch.arrange'

local fail, argument, need, describe = check.fail, check.argument, check.tensor, check.describe
local integer, define, functions = check.integer, tensor.define, tensor.functions
local list_of = options.tensors
local LONG = types.of_class.Long

local function needs_elements(name, t)
  if need(name, 1, t).rank == 0 then argument(name, 1, 'a tensor with elements', t) end
  return t
end

-- -- pieces ----------------------------------------------------------------------------------------

-- Pieces of t along dim: `parts` of them, the first ones longer by one; or cut behind the positions of a list.
local function pieces(name, t, parts, dim)
  local size, out, first = t:size(dim), {}, 1
  local function piece(n)
    out[#out + 1] = n > 0 and t:narrow(dim, first, n) or tensor.empty(t.dt)
    first = first + n
  end
  if check.istensor(parts) then parts = parts:totable() end
  if type(parts) == 'table' then
    for _, cut in ipairs(parts) do
      cut = integer(name, 2, cut)
      cut = math.max(first - 1, math.min(size, cut < 0 and cut + size or cut))
      piece(cut - first + 1)
    end
    piece(size - first + 1)
    return out
  end
  parts = integer(name, 2, parts)
  if parts < 1 or parts > 2 ^ 20 then fail('%s: argument 2: 1 to 2^20 pieces expected, got %.14g', name, parts) end
  for i = 1, parts do piece(math.floor(size / parts) + (i <= size % parts and 1 or 0)) end
  return out
end

--- tensor_split(parts, [dim = 1]): that many views, the first ones longer by one where the size does not divide; or
-- {a, b}: the first a, those up to b, the rest. A table.
define('tensor_split', function(t, parts, dim)
  needs_elements('tensor_split', t)
  return pieces('tensor_split', t, parts, dim == nil and 1 or options.dim('tensor_split', 3, t, dim))
end)

-- The same along columns, rows, depth, in equal pieces.
for name, axis in pairs { hsplit = 2, vsplit = 1, dsplit = 3 } do
  define(name, function(t, parts)
    needs_elements(name, t)
    local dim = name == 'hsplit' and t.rank == 1 and 1 or axis
    local least = name == 'dsplit' and 3 or name == 'vsplit' and 2 or 1
    if t.rank < least then argument(name, 1, ('at least %d dimension(s)'):format(least), t) end
    if check.isnumber(parts) and (tonumber(parts) < 1 or t:size(dim) % tonumber(parts) ~= 0) then
      fail('%s: argument 2: dimension %d of %s does not divide into %s equal pieces', name, dim, describe(t),
        tostring(parts))
    end
    return pieces(name, t, parts, dim)
  end)
end

-- -- joined ------------------------------------------------------------------------------------------

-- t with at least `rank` dimensions, as PyTorch adds them: a vector is a row, a matrix one slice of depth 1.
local function at_least(t, rank)
  if t.rank >= rank then return t end
  if rank == 2 then return t:unsqueeze(1) end
  return t.rank == 1 and t:view(1, -1, 1) or t:unsqueeze(3)
end
local function all_at_least(rank, list)
  local out = {}
  for i, t in ipairs(list) do out[i] = at_least(t.rank == 1 and rank == 3 and t:contiguous() or t, rank) end
  return out
end
for rank = 1, 3 do
  local name = ('atleast_%dd'):format(rank)
  --- atleast_1d(a, b, ...), atleast_2d, atleast_3d: views with at least that many dimensions, one result each.
  define(name, function(...)
    return options.results(name, all_at_least(rank, list_of(name, ...)))
  end)
end

--- dstack{a, b, ...}: along the third dimension; column_stack: vectors as columns; row_stack: vstack.
function functions.dstack(...)
  return functions.cat(all_at_least(3, list_of('dstack', ...)), 3)
end
function functions.column_stack(...)
  local list, columns = list_of('column_stack', ...), {}
  for i, t in ipairs(list) do columns[i] = t.rank == 1 and t:unsqueeze(2) or t end
  return functions.cat(columns, 2)
end
function functions.row_stack(...) return functions.vstack(...) end

--- block_diag(a, b, ...): matrices (vectors are rows) along the diagonal of one, zeros elsewhere.
-- @usage torch.block_diag(torch.ones(1, 1), torch.ones(2, 2)) -- 3 x 3
function functions.block_diag(...)
  local list, rows, columns = list_of('block_diag', ...), 0, 0
  for i, t in ipairs(list) do
    list[i] = at_least(t, 2)
    if list[i].rank > 2 then argument('block_diag', i, 'a matrix', t) end
    rows, columns = rows + list[i]:size(1), columns + list[i]:size(2)
  end
  local out, r, c = options.sized('block_diag', list[1].dt, { rows, columns }):zero(), 1, 1
  for _, t in ipairs(list) do
    out:narrow(1, r, t:size(1)):narrow(2, c, t:size(2)):copy(t)
    r, c = r + t:size(1), c + t:size(2)
  end
  return out
end

--- diag_embed([k = 0], [dim1 = -2], [dim2 = -1]): the last dimension as diagonal k of two new ones, zeros elsewhere.
define('diag_embed', function(t, k, d1, d2)
  needs_elements('diag_embed', t)
  k = k == nil and 0 or integer('diag_embed', 2, k)
  d1, d2 = options.dim('diag_embed', 3, t, d1 or -2, 1), options.dim('diag_embed', 4, t, d2 or -1, 1)
  if d1 == d2 then fail('diag_embed: argument 4: dimension %d is named twice', d2) end
  local n, sizes = t:size(t.rank) + math.abs(k), options.sizes(t)
  sizes[t.rank], sizes[t.rank + 1] = n, n
  local out = options.sized('diag_embed', t.dt, sizes):zero()
  out:diagonal(k, t.rank, t.rank + 1):copy(t)
  return out:movedim({ -2, -1 }, { d1, d2 })
end)
--- diagflat([k = 0]): all elements as diagonal k of a matrix.
define('diagflat', function(t, k) return needs_elements('diagflat', t):contiguous():view(-1):diag_embed(k) end)

-- -- all choices --------------------------------------------------------------------------------------

local MOST = 2 ^ 26 -- elements of a result; more is a mistake

--- cartesian_prod(a, b, ...): every choice of one element of each vector, one a row.
-- @usage torch.cartesian_prod(torch.range(1, 2), torch.range(3, 4)) -- 4 x 2
function functions.cartesian_prod(...)
  local list, rows = list_of('cartesian_prod', ...), 1
  for i, t in ipairs(list) do
    if t.rank ~= 1 then argument('cartesian_prod', i, 'a vector', t) end
    rows = rows * t:size(1)
  end
  if rows * #list > MOST then fail('cartesian_prod: %.14g rows of %d: at most 2^26 elements', rows, #list) end
  if #list == 1 then return tensor.clone(list[1]) end
  if #list > C.RK_MAX_DIMS then fail('cartesian_prod: %d vectors, at most %d', #list, C.RK_MAX_DIMS) end
  local grids, columns = { functions.meshgrid(unpack(list)) }, {}
  for i, g in ipairs(grids) do columns[i] = g:contiguous():view(-1, 1) end
  return functions.cat(columns, 2)
end

--- combinations(r = 2, [with_replacement = false]): every choice of r elements of a vector, one a row, in order.
define('combinations', function(t, r, again)
  if needs_elements('combinations', t).rank ~= 1 then argument('combinations', 1, 'a vector', t) end
  r = r == nil and 2 or integer('combinations', 2, r)
  local n, at, rows = t:size(1), {}, {}
  if r < 1 or r > 64 then fail('combinations: argument 2: 1 to 64 elements expected, got %.14g', r) end
  local function choose(k, first)
    if k > r then
      for i = 1, r do rows[#rows + 1] = at[i] end
      if #rows > 2 ^ 22 then fail('combinations: %d of %d elements: more than 2^22 numbers', r, n) end
      return
    end
    for i = first, again and n or n - r + k do
      at[k] = i
      choose(k + 1, again and i or i + 1)
    end
  end
  choose(1, 1)
  if #rows == 0 then return tensor.empty(t.dt) end
  return t:index(1, tensor.from_table('combinations', LONG, rows)):view(-1, r)
end)

--- vander([n], [increasing = false]): powers n - 1 to 0 of a vector's elements as columns.
define('vander', function(t, n, increasing)
  if needs_elements('vander', t).rank ~= 1 then argument('vander', 1, 'a vector', t) end
  n = n == nil and t:size(1) or integer('vander', 2, n)
  if n < 1 or n * t:size(1) > MOST then
    fail('vander: argument 2: %.14g columns: at least 1, at most 2^26 elements', n)
  end
  local out = options.sized('vander', t.dt, { t:size(1), n })
  out:select(2, increasing and 1 or n):fill(1)
  for k = 1, n - 1 do
    local from, to = increasing and k or n - k + 1, increasing and k + 1 or n - k
    out:select(2, to):copy(out:select(2, from)):cmul(t)
  end
  return out
end)

-- -- positions and layouts ----------------------------------------------------------------------------

--- argwhere(): the positions of elements that are not 0, one a row: nonzero.
define('argwhere', function(t) return need('argwhere', 1, t):nonzero() end)

--- as_strided(sizes, strides, [offset]): a view of t's storage with these sizes and steps, from element `offset` (1:
-- the first; default: where t begins).
define('as_strided', function(t, sizes, strides, offset)
  needs_elements('as_strided', t)
  local n = tensor.gather('as_strided', 2, sizes)
  local shape, steps, last = {}, {}, 0
  for i = 1, n do shape[i] = tonumber(tensor.dims[i - 1]) end
  if tensor.gather('as_strided', 3, strides) ~= n then
    fail('as_strided: argument 3: %d sizes and as many strides expected', n)
  end
  for i = 1, n do
    steps[i] = tonumber(tensor.dims[i - 1])
    if shape[i] < 1 or steps[i] < 0 then
      fail('as_strided: dimension %d: size %.14g and stride %.14g', i, shape[i], steps[i])
    end
    last = last + (shape[i] - 1) * steps[i]
  end
  offset = offset == nil and t:storageOffset() or integer('as_strided', 4, offset)
  if offset < 1 or offset + last > t:storage():size() then
    fail('as_strided: the view would reach element %.14g of a storage of %d', offset < 1 and offset or offset + last,
      t:storage():size())
  end
  return t.new():set(t:storage(), offset, _G.torch.LongStorage(shape), _G.torch.LongStorage(steps))
end)

--- reshape_as(other): reshape to other's sizes.
define('reshape_as', function(t, other)
  return need('reshape_as', 1, t):reshape(need('reshape_as', 2, other):size())
end)

--- sum_to_size(sizes): summed over what broadcasting to t's sizes has repeated.
define('sum_to_size', function(t, ...)
  needs_elements('sum_to_size', t)
  local n, x = tensor.gather('sum_to_size', 2, ...), t
  local sizes = {}
  for i = 1, n do sizes[i] = tonumber(tensor.dims[i - 1]) end
  for d = 1, t.rank do
    local at = d - (t.rank - n)
    local size = at >= 1 and sizes[at] or 1
    if size ~= 1 and size ~= t:size(d) or n > t.rank then
      fail('sum_to_size: argument 2: %s is not a broadcast of [%s]', describe(t), table.concat(sizes, 'x'))
    end
    if size == 1 and t:size(d) > 1 then x = x:sum(d) end
  end
  return options.shaped('sum_to_size', x, sizes)
end)

--- unravel_index(positions, sizes): positions (from 1) in a tensor read as one row, as one LongTensor a dimension.
-- @usage local row, column = torch.unravel_index(torch.LongTensor{5}, {2, 3}) -- 2, 2
define('unravel_index', function(t, ...)
  need('unravel_index', 1, t)
  if t.dt ~= LONG then argument('unravel_index', 1, 'a LongTensor of positions', t) end
  local n, sizes, count = tensor.gather('unravel_index', 2, ...), {}, 1
  for i = 1, n do
    sizes[i] = tonumber(tensor.dims[i - 1])
    if sizes[i] < 1 then fail('unravel_index: argument 2: size %.14g of dimension %d', sizes[i], i) end
    count = count * sizes[i]
  end
  if t.rank > 0 and (t:min() < 1 or t:max() > count) then
    fail('unravel_index: argument 1: positions 1 to %.14g expected, got %.14g to %.14g', count, tonumber(t:min()),
      tonumber(t:max()))
  end
  local rest, out = t.rank > 0 and t - 1 or t, {}
  for d = n, 1, -1 do
    if t.rank == 0 then
      out[d] = tensor.empty(LONG)
    else
      out[d] = functions.remainder(rest, sizes[d]):add(1)
      rest = rest:clone():div(sizes[d])
    end
  end
  return unpack(out)
end, nil, function(dt) return dt == LONG end)

return functions
