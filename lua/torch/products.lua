--- Products over chosen dimensions: matmul, einsum, tensordot, outer, inner, kron, matrix_power, vdot, vecdot.
--
-- All come down to rk_bmm and elementwise products with broadcasting. What has no dimension left is a Lua number, as
-- the product of two vectors always was.
local C = require 'torch.ffi'
local check = require 'torch.check'
local types = require 'torch.types'
local memory = require 'torch.memory'
local tensor = require 'torch.tensor'
local options = require 'torch.options'
local linear = require 'torch.linear'

local again, fail, argument, need, describe = check.again, check.fail, check.argument, check.tensor, check.describe
local define, functions = tensor.define, tensor.functions
local shaped, expanded = options.shaped, options.expanded

local function product_of(list, first, last)
  local n = 1
  for i = first, last do n = n * list[i] end
  return n
end

local function pair(name, a, b)
  need(name, 1, a)
  if not check.istensor(b) or b.dt ~= a.dt then argument(name, 2, types.class[a.dt] .. 'Tensor', b) end
  if a.rank == 0 then argument(name, 1, 'a tensor with elements', a) end
  if b.rank == 0 then argument(name, 2, 'a tensor with elements', b) end
end

-- Products of the matrices of two 3-d tensors; a matrix each when `name` asks for one batch.
local function batches(name, a, b)
  local out = options.sized(name, a.dt, { a:size(1), a:size(2), b:size(3) })
  local s = C.rk_bmm(out, 0, 1, a, b)
  if s ~= 0 then again(s, name, C.rk_bmm, out, 0, 1, a, b) end
  memory.pressure()
  return out
end

-- -- matmul -------------------------------------------------------------------------------------

local function slice_sizes(t, last)
  local list = {}
  for d = 1, last do list[d] = tonumber(t.extent[d - 1]) end
  return list
end

-- Matrices in the last two dimensions, the others broadcast.
local function matmul_batches(a, b)
  if a:size(a.rank) ~= b:size(b.rank - 1) then
    fail('matmul: sizes do not fit: %s and %s', describe(a), describe(b))
  end
  local m, k, n = a:size(a.rank - 1), a:size(a.rank), b:size(b.rank)
  if b.rank == 2 then -- one matrix for all: a single product
    local sizes = slice_sizes(a, a.rank)
    sizes[a.rank] = n
    return linear.product(shaped('matmul', a, { product_of(sizes, 1, a.rank - 1), k }), b):view(unpack(sizes))
  end
  -- the leading sizes of each, as tensors to be broadcast: one element of each matrix
  local la = a.rank > 2 and a:select(a.rank, 1):select(a.rank - 1, 1)
  local lb = b:select(b.rank, 1):select(b.rank - 1, 1)
  local lead = options.common('matmul', la and { la, lb } or { lb })
  local count, sizes = product_of(lead, 1, #lead), { unpack(lead) }
  local function stacked(t, rows, columns)
    sizes[#lead + 1], sizes[#lead + 2] = rows, columns
    return shaped('matmul', expanded('matmul', t, sizes), { count, rows, columns })
  end
  local out = batches('matmul', stacked(a, m, k), stacked(b, k, n))
  sizes[#lead + 1], sizes[#lead + 2] = m, n
  return out:view(unpack(sizes))
end

--- matmul(a, b): vectors give a number, a vector in front is a row, one behind a column; matrices in the last two
-- dimensions, the others broadcast.
-- @usage torch.matmul(torch.randn(5, 2, 3), torch.randn(3, 4)) -- 5 x 2 x 4
local function matmul(a, b)
  pair('matmul', a, b)
  if a.rank <= 2 and b.rank <= 2 and not (a.rank == 1 and b.rank == 2) then return linear.product(a, b) end
  local row, column = a.rank == 1, b.rank == 1
  if row then a = a:unsqueeze(1) end
  if column then b = b:unsqueeze(2) end
  local out = matmul_batches(a, b)
  local sizes = options.sizes(out)
  if row then table.remove(sizes, #sizes - 1) end
  if column then table.remove(sizes) end
  return shaped('matmul', out, sizes)
end
define('matmul', matmul)

--- matrix_power(n): n >= 0 by repeated squaring, below 0 of the inverse.
define('matrix_power', function(a, n)
  need('matrix_power', 1, a)
  if a.rank ~= 2 or a.extent[0] ~= a.extent[1] then argument('matrix_power', 1, 'a square matrix', a) end
  n = check.integer('matrix_power', 2, n)
  if n < 0 then a, n = _G.torch.inverse(a), -n end
  local out = a.new():eye(a:size(1))
  while n > 0 do
    if n % 2 == 1 then out = out * a end
    n = math.floor(n / 2)
    if n > 0 then a = a * a end
  end
  return out
end)

--- outer(u, v): u[i] * v[j].
define('outer', function(u, v)
  pair('outer', u, v)
  if u.rank ~= 1 then argument('outer', 1, 'a vector', u) end
  if v.rank ~= 1 then argument('outer', 2, 'a vector', v) end
  return _G.torch.ger(u, v)
end)

--- kron(a, b): every element of a times the whole of b.
define('kron', function(a, b)
  pair('kron', a, b)
  local rank = math.max(a.rank, b.rank)
  if 2 * rank > C.RK_MAX_DIMS then fail('kron: too many dimensions (%d)', rank) end
  local wide_a, wide_b, both, out = {}, {}, {}, {}
  for d = 1, rank do
    local at_a, at_b = d - rank + a.rank, d - rank + b.rank
    local m, n = at_a > 0 and a:size(at_a) or 1, at_b > 0 and b:size(at_b) or 1
    wide_a[2 * d - 1], wide_a[2 * d], wide_b[2 * d - 1], wide_b[2 * d] = m, 1, 1, n
    both[2 * d - 1], both[2 * d], out[d] = m, n, m * n
  end
  local x = expanded('kron', shaped('kron', a, wide_a), both)
  local y = expanded('kron', shaped('kron', b, wide_b), both)
  return _G.torch.cmul(x, y):view(unpack(out))
end)

-- -- einsum -----------------------------------------------------------------------------------------

-- Labels of one term; '...' becomes `extra` numbered labels, aligned at the end with those of the other terms.
local function labels_of(term, rank, at)
  local before, after = term:match '^(%a*)%.%.%.(%a*)$'
  if not before then
    if not term:match '^%a*$' then fail("einsum: argument 1: '%s': letters and one '...' expected", term) end
    before, after = term, ''
  end
  local extra = rank and rank - #before - #after or 0
  if rank and (extra < 0 or extra > 0 and not term:find('...', 1, true)) then
    fail("einsum: argument %d: '%s' names %d dimensions, the tensor has %d", at, term, #before + #after, rank)
  end
  local list = {}
  for c in before:gmatch '.' do list[#list + 1] = c end
  for i = extra, 1, -1 do list[#list + 1] = i end
  for c in after:gmatch '.' do list[#list + 1] = c end
  return list, extra
end

-- 'ij,jk->ik' and tensors to operands {t =, labels =} and the labels of the result
local function parse(equation, list)
  if type(equation) ~= 'string' then argument('einsum', 1, "an equation such as 'ij,jk->ik'", equation) end
  local text = equation:gsub('%s', '')
  local left, right = text:match '^(.-)%->(.*)$'
  left = left or text
  local operands, seen, most = {}, {}, 0
  for term in (left .. ','):gmatch '(.-),' do
    local at = #operands + 1
    local t = list[at]
    if t == nil then fail("einsum: '%s' has more terms than the %d tensors given", equation, #list) end
    pair('einsum', list[1], t)
    local labels, extra = labels_of(term, t.rank, at + 1)
    -- a term without letters takes a single element
    operands[at] = { t = t, labels = labels }
    most = math.max(most, extra)
    for _, l in ipairs(labels) do seen[l] = (seen[l] or 0) + 1 end
  end
  if #operands ~= #list then fail("einsum: '%s' has %d terms for %d tensors", equation, #operands, #list) end
  local out = {}
  if right then
    out = labels_of(right:gsub('%.%.%.', ''), nil)
    local first = right:find('...', 1, true)
    if first then
      if right:find('...', first + 3, true) then fail("einsum: argument 1: '%s': more than one '...'", right) end
      for i = 1, most do table.insert(out, first, i) end
    end
    local once = {}
    for _, l in ipairs(out) do
      if not seen[l] then fail("einsum: argument 1: '%s' of the result is in no term", l) end
      if once[l] then fail("einsum: argument 1: '%s' appears twice in the result", l) end
      once[l] = true
    end
  else
    for l, n in pairs(seen) do
      if type(l) == 'string' and n == 1 then out[#out + 1] = l end
    end
    table.sort(out)
    for i = 1, most do table.insert(out, 1, i) end
  end
  return operands, out
end

-- A letter that stands twice in a term is a diagonal.
local function without_repeats(o)
  local at, d = {}, 1
  while d <= #o.labels do
    local l = o.labels[d]
    local first = at[l]
    if first then
      if o.t:size(first) ~= o.t:size(d) then
        fail("einsum: '%s' stands for %d and for %d positions of %s", l, o.t:size(first), o.t:size(d), describe(o.t))
      end
      o.t = o.t:diagonal(0, first, d)
      table.remove(o.labels, d)
      table.remove(o.labels, first)
      o.labels[#o.labels + 1] = l
      at, d = {}, 1
    else
      at[l] = d
      d = d + 1
    end
  end
  return o
end

local function size_of(o, label)
  for d, l in ipairs(o.labels) do
    if l == label then return o.t:size(d), d end
  end
end

-- Sum o over the dimensions that nobody else needs.
local function sum_out(o, needed)
  for d = #o.labels, 1, -1 do
    if not needed[o.labels[d]] then
      local t = o.t:sum(d)
      table.remove(o.labels, d)
      local sizes = options.sizes(t)
      table.remove(sizes, d)
      o.t = shaped('einsum', t, sizes)
    end
  end
  return o
end

-- o with its dimensions in the order of `labels`, those it has not as size 1.
local function ordered(o, labels)
  local order, sizes = {}, {}
  for i, l in ipairs(labels) do
    local n, d = size_of(o, l)
    sizes[i] = n or 1
    if d then order[#order + 1] = d end
  end
  local t = #order > 1 and o.t:permute(unpack(order)) or o.t
  return shaped('einsum', t, sizes), sizes
end

local function append(...)
  local out = {}
  for _, list in ipairs { ... } do
    for _, l in ipairs(list) do out[#out + 1] = l end
  end
  return out
end

-- The product of two operands, summed over what neither the result nor another operand needs.
local function contract(a, b, needed)
  local needed_a, needed_b = setmetatable({}, { __index = needed }), setmetatable({}, { __index = needed })
  for _, l in ipairs(a.labels) do needed_b[l] = true end
  for _, l in ipairs(b.labels) do needed_a[l] = true end
  -- what is of size 1 on one side and goes is summed on the other side alone
  for _, l in ipairs(a.labels) do
    local n, m = size_of(a, l), size_of(b, l)
    if m and n ~= m then
      if n ~= 1 and m ~= 1 then fail("einsum: '%s' stands for %d and for %d positions", l, n, m) end
      if not needed[l] then needed_a[l], needed_b[l] = nil, nil end
    end
  end
  a, b = sum_out(a, needed_a), sum_out(b, needed_b)
  local batch, inner, left, right = {}, {}, {}, {}
  for _, l in ipairs(a.labels) do
    local list = not size_of(b, l) and left or needed[l] and batch or inner
    list[#list + 1] = l
  end
  for _, l in ipairs(b.labels) do
    if not size_of(a, l) then right[#right + 1] = l end
  end
  local labels = append(batch, left, right)
  if #inner == 0 then
    local x, y = ordered(a, labels), ordered(b, labels)
    local list = options.broadcast('einsum', { x, y })
    return { t = _G.torch.cmul(list[1], list[2]), labels = labels }
  end
  local sizes, lead = {}, {}
  for i, l in ipairs(batch) do sizes[i] = math.max(size_of(a, l), size_of(b, l)) end
  for i = 1, #batch do lead[i] = sizes[i] end
  local function matrices(o, rows, columns)
    local all = append(batch, rows, columns)
    local t, own = ordered(o, all)
    for i = 1, #batch do own[i] = lead[i] end
    local middle = #lead + #rows
    return shaped('einsum', expanded('einsum', t, own),
      { product_of(lead, 1, #lead), product_of(own, #lead + 1, middle), product_of(own, middle + 1, #own) })
  end
  local x, y = matrices(a, left, inner), matrices(b, inner, right)
  for _, l in ipairs(left) do sizes[#sizes + 1] = size_of(a, l) end
  for _, l in ipairs(right) do sizes[#sizes + 1] = size_of(b, l) end
  return { t = shaped('einsum', batches('einsum', x, y), sizes), labels = labels }
end

-- The pair whose product is smallest, so that chains of matrices stay small.
local function best_pair(operands)
  local best, i, j = math.huge, 1, 2
  for p = 1, #operands do
    for q = p + 1, #operands do
      local n = 1
      for _, l in ipairs(operands[p].labels) do n = n * size_of(operands[p], l) end
      for _, l in ipairs(operands[q].labels) do n = n * (size_of(operands[p], l) and 1 or size_of(operands[q], l)) end
      if n < best then best, i, j = n, p, q end
    end
  end
  return i, j
end

local function label_set(operands, but_i, but_j, out)
  local set = {}
  for _, l in ipairs(out) do set[l] = true end
  for k, o in ipairs(operands) do
    if k ~= but_i and k ~= but_j then
      for _, l in ipairs(o.labels) do set[l] = true end
    end
  end
  return set
end

--- einsum(equation, a, b, ...), or a table of tensors: sums of products after Einstein's convention. Letters name
-- dimensions, what the right side does not name is summed, a letter twice in a term takes its diagonal, '...' stands
-- for any other dimensions, which broadcast; without '->' the result has the letters that appear once, in alphabetical
-- order. No dimension left: a number.
-- @usage torch.einsum('bij,bjk->bik', torch.randn(2, 3, 4), torch.randn(2, 4, 5))
function functions.einsum(equation, ...)
  local list = ...
  if type(list) ~= 'table' or getmetatable(list) then list = { ... } end
  if #list == 0 then argument('einsum', 2, 'tensors', nil) end
  local operands, out = parse(equation, list)
  for k, o in ipairs(operands) do operands[k] = without_repeats(o) end
  if #operands == 1 then operands[1] = sum_out(operands[1], label_set({}, 0, 0, out)) end
  while #operands > 1 do
    local i, j = best_pair(operands)
    local needed = label_set(operands, i, j, out)
    local product = contract(operands[i], operands[j], needed)
    table.remove(operands, j)
    operands[i] = product
  end
  local result = sum_out(operands[1], label_set({}, 0, 0, out))
  if #out == 0 then return result.t:item() end
  local t = ordered(result, out)
  return t
end

local function is_list(v) return type(v) == 'table' and getmetatable(v) == nil end

--- tensordot(a, b, n): sums over the last n dimensions of a and the first n of b; tensordot(a, b, {dims of a}, {dims of
-- b}).
function functions.tensordot(a, b, dims_a, dims_b)
  pair('tensordot', a, b)
  local paired = is_list(dims_a) and is_list(dims_a[1])
  if paired then dims_a, dims_b = dims_a[1], dims_a[2] end
  if is_list(dims_a) then
    if not is_list(dims_b) then
      argument('tensordot', paired and 3 or 4, 'the dimensions of the second tensor as a table', dims_b)
    end
  else
    local n = dims_a == nil and 2 or check.integer('tensordot', 3, dims_a)
    if n < 0 or n > a.rank or n > b.rank then
      fail('tensordot: argument 3: %d dimensions of %s and %s', n, describe(a), describe(b))
    end
    dims_a, dims_b = {}, {}
    for i = 1, n do dims_a[i], dims_b[i] = a.rank - n + i, i end
  end
  if #dims_a > 0 then
    dims_a, dims_b = options.dims('tensordot', 3, a, dims_a), options.dims('tensordot', 4, b, dims_b)
  end
  if #dims_a ~= #dims_b then fail('tensordot: %d dimensions against %d', #dims_a, #dims_b) end
  local la, lb, out, shared = {}, {}, {}, {}
  local function letter(i) return string.char(i <= 26 and 96 + i or 38 + i) end
  for i = 1, a.rank do la[i] = letter(i) end
  for i = 1, b.rank do lb[i] = letter(a.rank + i) end
  for i, d in ipairs(dims_a) do
    local n, m = a:size(d), b:size(dims_b[i])
    if n ~= m then fail('tensordot: dimension %d of %s and %d of %s differ', d, describe(a), dims_b[i], describe(b)) end
    lb[dims_b[i]], shared[la[d]] = la[d], true
  end
  for _, list in ipairs { la, lb } do
    for _, l in ipairs(list) do
      if not shared[l] then out[#out + 1] = l end
    end
  end
  return functions.einsum(table.concat(la) .. ',' .. table.concat(lb) .. '->' .. table.concat(out), a, b)
end

--- inner(a, b): sums over the last dimension of both.
define('inner', function(a, b)
  pair('inner', a, b)
  return functions.tensordot(a, b, { a.rank }, { b.rank })
end)

--- vecdot(a, b, [dim = last]): inner products along one dimension, the others broadcast.
define('vecdot', function(a, b, dim)
  pair('vecdot', a, b)
  local list = options.broadcast('vecdot', { a, b })
  dim = dim == nil and list[1].rank or options.dim('vecdot', 3, list[1], dim)
  return _G.torch.cmul(list[1], list[2]):sum(dim)
end)

return functions
