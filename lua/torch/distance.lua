--- What is composed of other operations: cross, match, renorm, histc, bhistc.
local check = require 'torch.check'
local tensor = require 'torch.tensor'
local types = require 'torch.types'

local fail, need, describe = check.fail, check.tensor, check.describe
local istensor = check.istensor

-- f(res, ...) fills the result that came first, f(...) makes one. inputs: how many tensors f takes.
local function result_first(name, inputs, f, only)
  local function both(...)
    local args = { ... }
    for i = 1, inputs + 1 do
      if not istensor(args[i]) then return f(...) end
    end
    local out = f(select(2, ...))
    return args[1]:resizeAs(out):copy(out)
  end
  tensor.define(name, both, both, only)
end

-- The vector product; dim is the first of size 3 when left out.
local function cross(a, b, dim)
  need('cross', 1, a)
  if not istensor(b) or not a:isSameSizeAs(b) then check.argument('cross', 2, 'a tensor like ' .. describe(a), b) end
  if dim == nil then
    for d = a:dim(), 1, -1 do
      if a:size(d) == 3 then dim = d end
    end
    if dim == nil then fail('cross: no dimension of %s has size 3', describe(a)) end
  end
  dim = check.dim('cross', 3, a, dim) + 1
  if a:size(dim) ~= 3 then fail('cross: dimension %d of %s has not size 3', dim, describe(a)) end
  local out = a.new():resizeAs(a)
  for i = 1, 3 do
    local j, k = i % 3 + 1, (i + 1) % 3 + 1
    local o = out:narrow(dim, i, 1)
    o:copy(a:narrow(dim, j, 1)):cmul(b:narrow(dim, k, 1))
    o:addcmul(-1, a:narrow(dim, k, 1), b:narrow(dim, j, 1))
  end
  return out
end
result_first('cross', 2, cross)

-- gain * squared distance between every row of one matrix and every row of the other (n1 x n2).
local function match(a, b, gain)
  need('match', 1, a)
  need('match', 2, b)
  if a:dim() < 1 or b:dim() < 1 then fail('match: matrices expected, got %s and %s', describe(a), describe(b)) end
  local x, y = a:contiguous():view(a:size(1), -1), b:contiguous():view(b:size(1), -1)
  if x:size(2) ~= y:size(2) then fail('match: rows of %s and %s are not of one length', describe(a), describe(b)) end
  local out = a.new(x:size(1), y:size(1))
  for i = 1, x:size(1) do -- differences first: exact where rows are close
    local d = y:clone():csub(x:narrow(1, i, 1):expandAs(y))
    out:select(1, i):copy(d:cmul(d):sum(2))
  end
  return out:mul(gain == nil and 1 or check.number('match', 3, gain))
end
result_first('match', 2, match)

-- Slices along dim whose p-norm exceeds maxnorm, scaled to it.
local function renorm(x, p, dim, maxnorm)
  need('renorm', 1, x)
  if not tensor.floats(x.dt) then check.argument('renorm', 1, 'a tensor of a floating type', x) end
  p, maxnorm = check.number('renorm', 2, p), check.number('renorm', 4, maxnorm)
  dim = check.dim('renorm', 3, x, dim) + 1
  if x:dim() < 2 then fail('renorm: argument 1: at least 2 dimensions expected, got %s', describe(x)) end
  if p <= 0 or p ~= p then fail('renorm: argument 2: a norm above 0 expected, got %.14g', p) end
  local out = x:clone()
  for i = 1, x:size(dim) do
    local slice = out:select(dim, i)
    local norm = slice:norm(p)
    if norm > maxnorm then slice:mul(maxnorm / (norm + 1e-7)) end
  end
  return out
end
local function renorm_function(a, b, ...)
  if not istensor(b) then return renorm(a, b, ...) end
  local out = renorm(b, ...)
  return a:resizeAs(out):copy(out)
end
tensor.define('renorm', function(t, a, ...)
  if istensor(a) then return renorm_function(t, a, ...) end
  return t:copy(renorm(t, a, ...)) -- as a method in place
end, renorm_function, tensor.floats)

-- Counts of the values of x in equal bins of [low, high], into `out`; what lies outside is dropped.
local function count(out, x, bins, low, high)
  local packed, n = x:clone():double(), x:nElement()
  local counted = packed.new(bins):zero()
  local counts, values, scale = counted:data(), packed:data(), bins / (high - low)
  local unit = 1
  if scale == math.huge then unit, scale = high - low, bins end -- bounds next to each other
  types.clean(values, n)
  for i = 0, n - 1 do
    local v = values[i]
    if v >= low and v <= high then
      local k = math.min(math.floor((v - low) / unit * scale), bins - 1)
      counts[k] = counts[k] + 1
    end
  end
  out:copy(counted)
end

-- The bounds: those given, or the data's range when they are equal.
local function bounds(name, x, bins, low, high)
  bins = bins == nil and 100 or check.integer(name, 2, bins)
  if bins < 1 then fail('%s: argument 2: %d bins: at least 1 expected', name, bins) end
  low, high = check.number(name, 3, low or 0), check.number(name, 4, high or 0)
  if low == high then low, high = tonumber(x:min()), tonumber(x:max()) end -- of whole numbers, too
  if low == high then low, high = low - 1, high + 1 end
  if not (low < high and high - low < math.huge) then
    fail('%s: the bounds %.14g and %.14g are not finite and in order', name, low, high)
  end
  return bins, low, high
end

-- Histogram of all elements: histc([bins = 100], [min], [max]).
result_first('histc', 1, function(x, bins, low, high)
  if need('histc', 1, x):nElement() == 0 then fail('histc: argument 1: %s', describe(x)) end
  bins, low, high = bounds('histc', x, bins, low, high)
  local out = x.new(bins)
  count(out, x, bins, low, high)
  return out
end, tensor.floats)

-- A histogram for each row of a matrix, all with the same bounds.
result_first('bhistc', 1, function(x, bins, low, high)
  if need('bhistc', 1, x):dim() ~= 2 then fail('bhistc: argument 1: a matrix expected, got %s', describe(x)) end
  bins, low, high = bounds('bhistc', x, bins, low, high)
  local out = x.new(x:size(1), bins)
  for i = 1, x:size(1) do count(out:select(1, i), x:select(1, i), bins, low, high) end
  return out
end, tensor.floats)
