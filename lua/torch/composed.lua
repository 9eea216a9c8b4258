--- Numerical functions under PyTorch's names that are made of others: logical_and, logical_or, logical_xor,
-- logical_not, isposinf, isneginf, signbit; floor_divide, heaviside, sinc, deg2rad, rad2deg, gcd, lcm; quantile,
-- nanquantile, nanmedian; cdist, pdist; trapezoid, cumulative_trapezoid, histogram; randint; windows.
--
-- As everywhere here a method that gives as many numbers of the same type works in place (`x:sinc()`), functions and
-- the rest make new tensors; answers to questions are ByteTensors. Dimensions and positions count from 1.
local check = require 'torch.check'
local types = require 'torch.types'
local tensor = require 'torch.tensor'
local options = require 'torch.options'
require 'torch.fresh'
require 'torch.arrange'
require 'torch.condition'
require 'torch.counts'

local fail, argument, need, describe = check.fail, check.argument, check.tensor, check.describe
local define, functions, floats = tensor.define, tensor.functions, tensor.floats
local BYTE, LONG = types.of_class.Byte, types.of_class.Long

local function needs_elements(name, x)
  if need(name, 1, x).rank == 0 then argument(name, 1, 'a tensor with elements', x) end
  return x
end

local function only_float(name, x)
  if not types.float[needs_elements(name, x).dt] then argument(name, 1, 'a tensor of a floating type', x) end
  return x
end

-- maskedFill gives back what Torch7's did, not its tensor.
local function filled(x, mask, v)
  x:maskedFill(mask, v)
  return x
end

-- -- yes or no ---------------------------------------------------------------------------------------

local both = {
  logical_and = function(a, b) return a:cmul(b) end,
  logical_or = function(a, b) return a:cmax(b) end,
  logical_xor = function(a, b) return a:ne(b) end,
}
for name, join in pairs(both) do
  --- logical_and(x, y): 1 where both are not 0, as a ByteTensor; likewise logical_or, logical_xor. Sizes broadcast,
  -- types may differ.
  define(name, function(x, y)
    need(name, 1, x)
    if not check.istensor(y) then argument(name, 2, 'a tensor', y) end
    if x.rank == 0 and y.rank == 0 then return tensor.empty(BYTE) end
    local list = options.broadcast(name, { needs_elements(name, x):ne(0), needs_elements(name, y):ne(0) })
    return join(tensor.clone(list[1]), tensor.clone(list[2]))
  end)
end
--- logical_not(x): 1 where x is 0.
define('logical_not', function(x) return need('logical_not', 1, x):eq(0) end)

local questions = {
  isposinf = function(x) return x:eq(math.huge) end,
  isneginf = function(x) return x:eq(-math.huge) end,
  signbit = function(x) return functions.copysign(functions.ones_like(x), x):lt(0) end, -- of -0 and NaN, too
}
for name, f in pairs(questions) do
  define(name, function(x)
    if need(name, 1, x).rank == 0 then return tensor.empty(BYTE) end
    if not types.float[x.dt] then return name == 'signbit' and x:lt(0) or x:ne(x) end
    return f(x)
  end)
end

-- -- element by element --------------------------------------------------------------------------------

-- f(x, ...) gives a new tensor; as a method x takes its elements.
local function value(name, f, only)
  local function fresh(x, ...)
    need(name, 1, x)
    if only and not only(x.dt) then fail('%s: is not defined for %sTensor', name, types.class[x.dt]) end
    if x.rank == 0 then return tensor.empty(x.dt) end
    return f(x, ...)
  end
  define(name, function(x, ...)
    if x.rank == 0 then return x end
    local y = f(x, ...)
    return x:isSameSizeAs(y) and x:copy(y) or x:resizeAs(y):copy(y)
  end, fresh, only)
end

-- Two operands of one type with their common sizes, as copies; a number counts as a tensor of it.
local function operands(name, x, y)
  if check.isnumber(y) then y = tensor.construct(x.dt, 1):fill(y) end
  if not check.istensor(y) or y.dt ~= x.dt then argument(name, 2, types.class[x.dt] .. 'Tensor or a number', y) end
  local list = options.broadcast(name, { x, needs_elements(name, y) })
  return tensor.clone(list[1]), tensor.clone(list[2])
end

--- floor_divide(x, y): x / y rounded down; y a tensor or a number.
-- @usage torch.floor_divide(torch.IntTensor{-7, 7}, 2) -- -4 3
value('floor_divide', function(x, y)
  local a, b = operands('floor_divide', x, y)
  if types.float[x.dt] then return a:cdiv(b):floor() end
  return a:csub(functions.cremainder(a, b)):cdiv(b)
end)

--- heaviside(x, values): 0 below 0, 1 above, `values` (a tensor or a number) at 0.
value('heaviside', function(x, values)
  local a, b = operands('heaviside', x, values)
  return functions.where(a:eq(0), b, a:gt(0):type(a:type()))
end)

--- sinc(x): sin(pi x) / (pi x), 1 at 0.
value('sinc', function(x)
  local angle = functions.mul(x, math.pi)
  return filled(functions.sin(angle):cdiv(angle), x:eq(0), 1)
end, floats)

value('deg2rad', function(x) return functions.mul(x, math.pi / 180) end, floats)
value('rad2deg', function(x) return functions.mul(x, 180 / math.pi) end, floats)

-- Euclid's algorithm on all elements at once; what is done divides by 1.
local function gcd(name, x, y)
  local a, b = operands(name, x, y)
  a, b = a:abs(), b:abs()
  while functions.any(b:ne(0)) do
    local done = b:eq(0)
    local rest = functions.cremainder(a, functions.where(done, 1, b))
    a, b = functions.where(done, a, b), filled(rest, done, 0)
  end
  return a
end
--- gcd(x, y): greatest common divisors of whole numbers; lcm(x, y): least common multiples.
value('gcd', function(x, y) return gcd('gcd', x, y) end, tensor.integers)
value('lcm', function(x, y)
  local a, b = operands('lcm', x, y)
  local divisor = gcd('lcm', a, b)
  return a:cdiv(filled(divisor, divisor:eq(0), 1)):cmul(b):abs()
end, tensor.integers)

-- -- order ---------------------------------------------------------------------------------------------

-- The quantiles of slices along dim, of their first `count` elements in ascending order, all shares side by side.
local function between(sorted, dim, count, shares, how)
  local sizes = {}
  for d = 1, sorted.rank do sizes[d] = d == dim and shares:nElement() or 1 end
  local list = options.broadcast('quantile', { count, shares:view(unpack(sizes)) })
  local last = functions.csub(list[1], 1):clamp(0, math.huge)
  local place = functions.cmul(last, list[2])
  local low = functions.floor(place)
  local part = place - low
  local function at(position) return sorted:gather(dim, (position + 1):long()) end
  local high = functions.cmin(low + 1, last)
  if how == 'lower' then return at(low) end
  if how == 'higher' then return at(part:gt(0):double():cmul(high - low):add(low)) end
  if how == 'nearest' then -- halves to the even position
    local up = part:gt(0.5):add(part:eq(0.5):cmul(functions.remainder(low, 2):eq(1)))
    return at(up:double():cmul(high - low):add(low))
  end
  local a, b = at(low), at(high)
  local weight = how == 'midpoint' and part:gt(0):type(a:type()):div(2) or part:type(a:type())
  local exact = a:eq(b)
  local y = functions.add(a, (b - a):cmul(weight))
  return functions.where(exact, a, y) -- infinities: no difference of equals
end

local ways = { linear = true, lower = true, higher = true, nearest = true, midpoint = true }

-- A number, or a list or vector of them, as a DoubleTensor
local function shares_of(name, q)
  local list = check.istensor(q) and q:totable() or type(q) == 'table' and q or { q }
  local shares = {}
  for i = 1, math.max(1, #list) do
    local v = check.number(name, 2, list[i])
    if not (v >= 0 and v <= 1) then fail('%s: argument 2: a share from 0 to 1 expected, got %.14g', name, v) end
    shares[i] = v
  end
  return torch.DoubleTensor(shares)
end

local function quantile(name, skip, x, q, dim, given)
  only_float(name, x)
  if options.isoptions(dim) then dim, given = dim.dim, dim end
  given = options.check(name, given, 'dim keepdim interpolation')
  local how = given.interpolation or 'linear'
  if not ways[how] then
    fail("%s: option interpolation: 'linear', 'lower', 'higher', 'nearest' or 'midpoint' expected, got %s", name,
      describe(how))
  end
  local shares = shares_of(name, q)
  local row = dim == nil
  if row then x, dim = x:contiguous():view(-1), 1 end
  dim = options.dim(name, 3, x, dim)
  local sorted, wide = (x:sort(dim)), x:type 'torch.DoubleTensor'
  local whole = sorted:narrow(dim, x:size(dim), 1)
  local count = skip and wide:eq(wide):double():sum(dim)
    or functions.full(whole:size(), x:size(dim), { dtype = 'float64' })
  local y = between(sorted, dim, count, shares, how)
  if not skip then
    local list = options.broadcast(name, { whole, y })
    y = functions.where(list[1]:ne(list[1]), list[1], y)
  end
  local without = row or given.keepdim == false
  if without and x.rank == 1 then return check.isnumber(q) and y:item() or y end
  if check.isnumber(q) then return without and y:squeeze(dim) or y end
  y = y:view(1, unpack(options.sizes(y))):transpose(1, dim + 1):contiguous() -- the shares go first
  return without and y:squeeze(dim + 1) or y
end

--- quantile(x, q, [dim], [{interpolation = 'linear', keepdim = false}]): the value below which the share q of the
-- elements lies; a number over everything, else a tensor whose dimension dim has size 1. A table or tensor of shares
-- gives one result each, along a new first dimension. NaN in, NaN out; nanquantile leaves them aside.
-- interpolation: 'linear', 'lower', 'higher', 'nearest', 'midpoint'.
-- @usage torch.quantile(torch.range(1, 5), 0.25) -- 2
define('quantile', function(...) return quantile('quantile', false, ...) end, nil, floats)
--- nanquantile(x, q, [dim], [options]): quantile of what is not NaN.
define('nanquantile', function(...) return quantile('nanquantile', true, ...) end, nil, floats)

--- nanmedian(x, [dim]): the lower middle value of what is not NaN.
define('nanmedian', function(x, dim)
  local how = { interpolation = 'lower', dim = dim }
  return quantile('nanmedian', true, x, 0.5, how)
end, nil, floats)

-- -- distances -----------------------------------------------------------------------------------------

local function distances(rows, point, p) -- of a vector to each row
  local d = rows - tensor.contiguous(point):view(1, -1):expandAs(rows)
  if p == math.huge then return (d:abs():max(2)):view(-1) end
  if p == 0 then return d:ne(0):type(d:type()):sum(2):view(-1) end
  return d:norm(p, 2):view(-1)
end

local function order_of(name, n, p)
  p = p == nil and 2 or check.number(name, n, p)
  if p < 0 or p ~= p then fail('%s: argument %d: a norm of at least 0 expected, got %.14g', name, n, p) end
  return p
end

local MANY = 25 -- rows from which the 2-norm goes by a product of matrices, quicker and a little less exact

local function cdist(a, b, p)
  if p == 2 and a:size(1) > MANY and b:size(1) > MANY then
    local sums = functions.cmul(a, a):sum(2):expand(a:size(1), b:size(1)) +
      functions.cmul(b, b):sum(2):t():expand(a:size(1), b:size(1))
    return sums:addmm(-2, a, b:t()):clamp(0, math.huge):sqrt()
  end
  local out = options.sized('cdist', a.dt, { a:size(1), b:size(1) })
  for i = 1, a:size(1) do out[i]:copy(distances(b, a[i], p)) end
  return out
end

--- cdist(a, b, [p = 2]): the p-norms of the differences of each row of a (n x d) and each row of b (m x d), n x m; also
-- of batches of them.
-- @usage torch.cdist(torch.zeros(1, 2), torch.Tensor{{3, 4}}) -- 5
define('cdist', function(a, b, p)
  only_float('cdist', a)
  if not check.istensor(b) or b.dt ~= a.dt then argument('cdist', 2, types.class[a.dt] .. 'Tensor', b) end
  p = order_of('cdist', 3, p)
  if a.rank < 2 or a.rank > 3 then argument('cdist', 1, 'a matrix or a batch of them', a) end
  if b.rank ~= a.rank or b:size(b.rank) ~= a:size(a.rank) or a.rank == 3 and a:size(1) ~= b:size(1) then
    fail('cdist: argument 2: rows as long as those of %s expected, got %s', describe(a), describe(b))
  end
  if a.rank == 2 then return cdist(a, b, p) end
  local list = {}
  for i = 1, a:size(1) do list[i] = cdist(a[i], b[i], p) end
  return functions.stack(list)
end, nil, floats)

--- pdist(x, [p = 2]): the distances of all pairs of rows, (1, 2), (1, 3) ... in one vector.
define('pdist', function(x, p)
  only_float('pdist', x)
  p = order_of('pdist', 2, p)
  if x.rank ~= 2 then argument('pdist', 1, 'a matrix', x) end
  local n, done = x:size(1), 0
  if n == 1 then return tensor.empty(x.dt) end
  local out = tensor.construct(x.dt, n * (n - 1) / 2)
  for i = 1, n - 1 do
    out:narrow(1, done + 1, n - i):copy(distances(x:narrow(1, i + 1, n - i), x[i], p))
    done = done + n - i
  end
  return out
end, nil, floats)

-- -- areas -----------------------------------------------------------------------------------------------

-- The areas under the segments of y along dim.
local function segments(name, y, x, dim)
  only_float(name, y)
  local dx = 1
  if options.isoptions(x) then
    local given = options.check(name, x, 'x dx dim')
    x, dx, dim = given.x, given.dx == nil and 1 or check.number(name, 2, given.dx), given.dim
  end
  dim = dim == nil and y.rank or options.dim(name, 3, y, dim)
  local n = y:size(dim)
  if n < 2 then return nil, dim end
  local areas = (y:narrow(dim, 1, n - 1) + y:narrow(dim, 2, n - 1)):div(2)
  if x == nil then return areas:mul(dx), dim end
  if not check.istensor(x) or x.dt ~= y.dt then argument(name, 2, types.class[y.dt] .. 'Tensor', x) end
  if x.rank == 1 and y.rank > 1 and x:size(1) == n then
    local sizes = {}
    for d = 1, y.rank do sizes[d] = d == dim and n or 1 end
    x = x:contiguous():view(unpack(sizes))
  end
  x = options.expanded(name, x, options.sizes(y))
  return areas:cmul(x:narrow(dim, 2, n - 1) - x:narrow(dim, 1, n - 1)), dim
end

for _, name in ipairs { 'trapezoid', 'trapz' } do
  --- trapezoid(y, [x], [dim = last]): the area under points by the trapezoidal rule, the points one apart, {dx = d}
  -- apart, or at x. Dimension dim goes; of a vector a number is left.
  define(name, function(y, x, dim)
    local areas, along = segments(name, y, x, dim)
    if not areas then areas = functions.zeros_like(y:narrow(along, 1, 1)) end
    return y.rank == 1 and areas:sum() or areas:sum(along):squeeze(along)
  end, nil, floats)
end
--- cumulative_trapezoid(y, [x], [dim = last]): the areas up to each point but the first.
define('cumulative_trapezoid', function(y, x, dim)
  local areas, along = segments('cumulative_trapezoid', y, x, dim)
  return areas and areas:cumsum(along) or tensor.empty(y.dt)
end, nil, floats)

local MOST_BINS = 2 ^ 24

--- histogram(x, bins = 100, [{range = {low, high}, weight = w, density = false}]): how many elements fall into each
-- bin, and the edges of the bins: two tensors of x's type. bins: a number of equal bins from the smallest to the
-- largest element, or a vector of ascending edges. The last bin holds its upper edge, too.
define('histogram', function(x, bins, given)
  only_float('histogram', x)
  given = options.check('histogram', given, 'range weight density')
  bins = bins == nil and 100 or bins
  local edges = bins
  if not check.istensor(bins) then
    bins = check.integer('histogram', 2, bins)
    if bins < 1 or bins > MOST_BINS then fail('histogram: argument 2: 1 to 2^24 bins expected, got %.14g', bins) end
    local range = given.range or { x:min(), x:max() }
    if type(range) ~= 'table' then argument('histogram', 3, 'range = {low, high}', range) end
    local low, high = check.number('histogram', 3, range[1]), check.number('histogram', 3, range[2])
    if low == high then low, high = low - 0.5, high + 0.5 end
    if not (low < high and high - low < math.huge) then
      fail('histogram: a range from %.14g to %.14g', low, high)
    end
    edges = functions.linspace(low, high, bins + 1):type(x:type())
  elseif bins.dt ~= x.dt or bins.rank ~= 1 or bins:size(1) < 2 then
    argument('histogram', 2, ('a number, or a %sTensor of at least 2 edges'):format(types.class[x.dt]), bins)
  end
  local n, row = edges:size(1) - 1, x:contiguous():view(-1)
  local inside = row:ge(edges[1]):cmul(row:le(edges[n + 1]))
  local count = x.new(n):zero()
  if functions.any(inside) then
    local weight = given.weight and need('histogram', 3, given.weight)
    if weight and weight:nElement() ~= row:nElement() then
      argument('histogram', 3, ('weight = a tensor of %d elements'):format(row:nElement()), weight)
    end
    weight = weight and weight:contiguous():view(-1):maskedSelect(inside)
    local at = functions.bucketize(row:maskedSelect(inside), edges, true):csub(1):clamp(1, n)
    count:copy(weight and functions.bincount(at, weight, n) or functions.bincount(at, n))
  end
  if given.density then
    local total = count:sum()
    count:cdiv(edges:narrow(1, 2, n) - edges:narrow(1, 1, n)):div(total)
  end
  return count, edges
end, nil, floats)

-- -- made anew -------------------------------------------------------------------------------------------

-- (low, high) of randint's first arguments; the rest follows
local function bounds(name, low, high, ...)
  if not check.isnumber(high) then return 0, check.integer(name, 1, low), high, ... end
  return check.integer(name, 1, low), check.integer(name, 2, high), ...
end
local function random_integers(name, out, low, high)
  if not (low < high and high - low <= 2 ^ 32) then
    fail('%s: whole numbers from %.14g to below %.14g: 1 to 2^32 of them expected', name, low, high)
  end
  return out.rank == 0 and out or out:random(low, high - 1)
end

--- randint([low = 0], high, {sizes}, [{dtype = 'int64'}]): random whole numbers from low to below high.
-- @usage torch.randint(1, 7, {2, 3}) -- throws of dice
function functions.randint(...)
  local low, high, sizes, given = bounds('randint', ...)
  if sizes == nil or check.isnumber(sizes) then
    argument('randint', select('#', ...) > 2 and 3 or 2, 'a table of sizes', sizes)
  end
  given = options.check('randint', given, 'dtype device')
  options.device('randint', 4, given.device)
  local dt = given.dtype ~= nil and options.dtype('randint', 4, given.dtype) or LONG
  return random_integers('randint', tensor.sized('randint', dt, sizes), low, high)
end
--- randint_like(x, [low = 0], high): of x's sizes and type.
define('randint_like', function(x, ...)
  local low, high = bounds('randint_like', ...)
  return random_integers('randint_like', functions.empty_like(need('randint_like', 1, x)), low, high)
end)

-- Sums of cosines: F. Harris, "On the use of windows" (1978); bartlett is a triangle.
local windows = {
  hann_window = { 0.5, 0.5, 0 },
  hamming_window = { 0.54, 0.46, 0 },
  blackman_window = { 0.42, 0.5, 0.08 },
  bartlett_window = false,
}
for name, row in pairs(windows) do
  --- hann_window(n, [periodic = true], [{dtype =}]), hamming_window, blackman_window, bartlett_window: n weights; not
  -- periodic: symmetric.
  functions[name] = function(n, periodic, given)
    if options.isoptions(periodic) then periodic, given = nil, periodic end
    n, given = check.integer(name, 1, n), options.check(name, given, 'dtype device periodic')
    options.device(name, 3, given.device)
    if periodic == nil then periodic = given.periodic end
    if n < 1 or n > 2 ^ 26 then fail('%s: argument 1: 1 to 2^26 weights expected, got %.14g', name, n) end
    local dt = given.dtype ~= nil and options.dtype(name, 3, given.dtype) or tensor.default
    if not types.float[dt] then fail('%s: option dtype: a floating type expected, got %s', name, types.name[dt]) end
    if n == 1 then return tensor.construct(dt, 1):fill(1) end
    local turns = functions.arange(0, n, { dtype = 'float64' }):div(periodic == false and n - 1 or n)
    local w
    if row then
      local angle = turns:mul(2 * math.pi)
      w = functions.cos(angle):mul(-row[2]):add(row[1]):add(row[3], functions.mul(angle, 2):cos())
    else
      w = turns:mul(2):csub(1):abs():mul(-1):add(1)
    end
    return tensor.to(w, dt)
  end
end

return functions
