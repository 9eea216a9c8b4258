--- Values and their places: unique, unique_consecutive, bincount, searchsorted, bucketize, isin.
--
-- Positions count from 1, also in bincount: element v of its result is the number of elements equal to v.
local C = require 'torch.ffi'
local check = require 'torch.check'
local types = require 'torch.types'
local memory = require 'torch.memory'
local tensor = require 'torch.tensor'
local options = require 'torch.options'

local again, fail, argument, need, describe = check.again, check.fail, check.argument, check.tensor, check.describe
local empty, define = tensor.empty, tensor.define
local LONG = types.of_class.Long

-- -- unique -------------------------------------------------------------------------------------------

-- starts[i] = 1 where slice i of x along dimension 1 differs from the one before, as a LongTensor
local function group_starts(x)
  local n = x:size(1)
  local starts = tensor.construct(LONG, n):fill(1)
  if n > 1 then
    local differ = x:narrow(1, 2, n - 1):ne(x:narrow(1, 1, n - 1))
    if x.rank == 2 then differ = differ:max(2):view(-1) end
    starts:narrow(1, 2, n - 1):copy(differ)
  end
  return starts
end

-- The first slices of the groups of x (rows that belong together follow each other), the group of each row, their sizes
local function groups(x, want_counts)
  local starts = group_starts(x)
  local first = starts:nonzero():view(-1)
  local counts
  if want_counts then
    local n = first:size(1)
    counts = first.new(n)
    if n > 1 then counts:narrow(1, 1, n - 1):copy(first:narrow(1, 2, n - 1)):csub(first:narrow(1, 1, n - 1)) end
    counts[n] = x:size(1) + 1 - first[n]
  end
  return x:index(1, first), starts:cumsum(1), counts
end

-- The order of the rows of a matrix, first column first
local function row_order(x)
  local order
  for column = x:size(2), 1, -1 do
    local keys = x:select(2, column)
    if order then keys = keys:index(1, order) end
    local _, by = keys:sort(1)
    order = order and order:index(1, by) or by
  end
  return order
end

-- (return_inverse, return_counts, dim) from positional arguments or an option table
local function wishes(name, a, b, c, d)
  if options.isoptions(a) then
    local given = options.check(name, a, 'sorted return_inverse return_counts dim')
    return given.return_inverse, given.return_counts, given.dim
  end
  return b, c, d
end

local function unique(name, sort, x, inverse, counts, dim)
  need(name, 1, x)
  if x.rank == 0 then return empty(x.dt), inverse and empty(LONG) or nil, counts and empty(LONG) or nil end
  local rows
  local sizes = options.sizes(x)
  if dim == nil then
    rows = tensor.contiguous(x):view(-1)
  else
    dim = options.dim(name, 2, x, dim)
    rows = x:transpose(1, dim):contiguous():view(x:size(dim), -1)
    sizes = { x:size(dim) }
  end
  local order
  if sort then
    if rows.rank == 1 then
      rows, order = rows:sort(1)
    else
      order = row_order(rows)
      rows = rows:index(1, order)
    end
  end
  local values, group, many = groups(rows, counts)
  if dim then
    local back = options.sizes(x:transpose(1, dim))
    back[1] = values:size(1)
    values = values:view(unpack(back)):transpose(1, dim):contiguous()
  end
  if inverse then
    if order then group = empty(LONG):resizeAs(group):scatter(1, order, group) end
    group = group:view(unpack(sizes))
  end
  -- counts follow the values directly when no inverse is asked for, as in PyTorch
  if inverse then return values, group, many end
  return values, many
end

--- unique([sorted], [return_inverse], [return_counts], [dim]), or one table {return_inverse =, return_counts =, dim =}:
-- the different values in ascending order; then, as asked for, the position of each element's value among them and how
-- often each occurs.
-- @usage local values, counts = torch.unique(torch.Tensor{3, 1, 3}, {return_counts = true})
define('unique', function(x, ...)
  return unique('unique', true, x, wishes('unique', ...))
end)

--- unique_consecutive([return_inverse], [return_counts], [dim]): runs of equal values become one.
define('unique_consecutive', function(x, a, b, c)
  if options.isoptions(a) then return unique('unique_consecutive', false, x, wishes('unique_consecutive', a)) end
  return unique('unique_consecutive', false, x, a, b, c)
end)

-- -- bincount -------------------------------------------------------------------------------------------

local MOST_BINS = 2 ^ 40

--- bincount([weights], [minlength = 0]): element v is the number of elements equal to v, or the sum of their weights.
-- Values count from 1: shift those that start at 0, (x + 1):bincount().
-- @usage torch.LongTensor{2, 1, 2}:bincount() -- 1 2
define('bincount', function(x, weights, minlength)
  need('bincount', 1, x)
  if type(weights) == 'number' then weights, minlength = nil, weights end
  if options.isoptions(weights) then
    local given = options.check('bincount', weights, 'weights minlength')
    weights, minlength = given.weights, given.minlength
  end
  minlength = minlength == nil and 0 or check.integer('bincount', 3, minlength)
  if types.float[x.dt] then argument('bincount', 1, 'whole numbers (x:long())', x) end
  if weights ~= nil and (not check.istensor(weights) or weights:nElement() ~= x:nElement()) then
    argument('bincount', 2, ('a tensor of %d weights'):format(x:nElement()), weights)
  end
  local n = minlength
  if x.rank > 0 then
    local low, high = x:min(), x:max()
    if low < 1 then
      fail('bincount: argument 1: %s counts values from 1, got %s; add 1 to values that start at 0', describe(x),
        tostring(low))
    end
    n = math.max(n, tonumber(high))
  end
  if n > MOST_BINS then fail('bincount: argument 1: a value of %.14g would need as many bins', n) end
  local dt = weights and weights.dt or LONG
  if n < 1 then return empty(dt) end
  local out = tensor.construct(dt, n):zero()
  if x.rank == 0 then return out end
  local index = tensor.to(tensor.contiguous(x):view(-1), LONG)
  local add = weights and tensor.contiguous(weights):view(-1) or tensor.construct(LONG, 1):fill(1):expand(index:size(1))
  out:indexAdd(1, index, add)
  return out
end, nil, tensor.integers)

-- -- sorted rows ----------------------------------------------------------------------------------------------

local function search(name, sorted, values, right)
  if options.isoptions(right) then right = options.check(name, right, 'right').right end
  need(name, 1, sorted)
  local single = check.isnumber(values)
  if single then values = tensor.construct(sorted.dt, 1):fill(values) end
  if not check.istensor(values) or values.dt ~= sorted.dt then
    argument(name, 2, types.class[sorted.dt] .. 'Tensor', values)
  end
  local out, flag = empty(LONG), right and 1 or 0
  if values.rank == 0 then return out end
  local s = C.rk_searchsorted(out, sorted, values, flag)
  if s ~= 0 then again(s, name, C.rk_searchsorted, out, sorted, values, flag) end
  memory.pressure()
  return single and out[1] or out
end

--- searchsorted(sorted, values, [right = false]): where each value would go into the sorted last dimension, from 1;
-- before equal elements, or behind them. sorted is a vector, or has one row for each row of values; a number gives a
-- number.
-- @usage torch.searchsorted(torch.Tensor{1, 3, 5}, 3) -- 2
define('searchsorted', function(sorted, values, right) return search('searchsorted', sorted, values, right) end)

--- bucketize(values, boundaries, [right = false]): the bucket of each value, from 1.
define('bucketize', function(values, boundaries, right)
  need('bucketize', 2, boundaries)
  if boundaries.rank ~= 1 then argument('bucketize', 2, 'a vector of boundaries', boundaries) end
  return search('bucketize', boundaries, values, right)
end)

--- isin(values): 1 where an element is among the values, as a ByteTensor.
define('isin', function(x, values)
  need('isin', 1, x)
  if type(values) == 'table' then values = tensor.from_table('isin', x.dt, values) end
  if not check.istensor(values) or values.dt ~= x.dt then argument('isin', 2, types.class[x.dt] .. 'Tensor', values) end
  if x.rank == 0 then return empty(types.of_class.Byte) end
  if values.rank == 0 then return x:ne(x):zero() end
  local sorted = (values:contiguous():view(-1):sort(1))
  local at = search('isin', sorted, x:contiguous(), false):clamp(1, sorted:size(1))
  return sorted:index(1, at:view(-1)):viewAs(x):eq(x)
end)

return tensor.functions
