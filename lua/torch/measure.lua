--- Reductions and running values that Torch7 had not: argmax argmin argsort msort logsumexp amax amin aminmax
-- count_nonzero nansum nanmean std_mean var_mean cov corrcoef softmax log_softmax cummax cummin logcumsumexp.
--
-- As in Torch7 a reduced dimension stays with size 1; as everywhere here {keepdim = false} as the last argument drops
-- it (and a vector then gives a number). Positions count from 1.
local C = require 'torch.ffi'
local check = require 'torch.check'
local types = require 'torch.types'
local memory = require 'torch.memory'
local tensor = require 'torch.tensor'
local options = require 'torch.options'
local reduce = require 'torch.reduce'

local again, fail, argument, need = check.again, check.fail, check.argument, check.tensor
local empty, define, floats, functions = tensor.empty, tensor.define, tensor.floats, tensor.functions
local LONG = types.of_class.Long

local function needs_elements(name, x)
  if need(name, 1, x).rank == 0 then argument(name, 1, 'a tensor with elements', x) end
end

local function only_float(name, x)
  if not types.float[need(name, 1, x).dt] then
    fail('%s: is not defined for %sTensor: convert first, x:double()', name, types.class[x.dt])
  end
end

-- Drop a reduced dimension where the caller asked for it. A vector's becomes a number.
local function finish(t, dim, given)
  if given.keepdim ~= false then return t end
  if t.rank == 1 then return t:item() end
  return t:squeeze(dim)
end

local function as_row(x) return tensor.contiguous(x):view(-1) end

--- f(x): over everything; f(x, dim, [{keepdim = false}]): over one dimension.
local function reduction(name, whole, along, only)
  local function both(x, dim, given)
    needs_elements(name, x)
    if only then only_float(name, x) end
    if options.isoptions(dim) then dim, given = dim.dim, dim end
    given = options.check(name, given, 'dim keepdim')
    if dim == nil then return whole(x) end
    dim = options.dim(name, 2, x, dim)
    return finish(along(x, dim), dim, given)
  end
  define(name, both, both, only and floats)
end

for name, extreme in pairs { argmax = 'max', argmin = 'min' } do
  --- argmax([dim]): the position of the largest element, the first of several: of the tensor read as one row, or along
  -- dim.
  reduction(name, function(x) return select(2, as_row(x)[extreme](as_row(x), 1)):item() end,
    function(x, dim) return (select(2, x[extreme](x, dim))) end)
end
for name, extreme in pairs { amax = 'max', amin = 'min' } do
  reduction(name, function(x) return x[extreme](x) end, function(x, dim) return (x[extreme](x, dim)) end)
end

--- aminmax([dim]): smallest and largest.
define('aminmax', function(x, dim)
  needs_elements('aminmax', x)
  return x:amin(dim), x:amax(dim)
end)

reduction('count_nonzero', function(x) return reduce.whole('count_nonzero', reduce.red.count, x) end,
  function(x, dim) return x:ne(0):long():sum(dim) end)

-- log(sum(exp(x))) without overflow: the maximum is taken out first, unless it is infinite
local function log_sum_exp(x, dim)
  local top = x:max(dim)
  top:maskedFill(top:isfinite():eq(0), 0)
  return (x - top:expandAs(x)):exp():sum(dim):log():add(top)
end
reduction('logsumexp', function(x) return log_sum_exp(as_row(x), 1):item() end, log_sum_exp, true)

-- x with zeros for NaN
local function without_nan(x)
  local y = tensor.clone(x)
  y:maskedFill(x:ne(x), 0)
  return y
end
reduction('nansum', function(x) return without_nan(x):sum() end,
  function(x, dim) return without_nan(x):sum(dim) end, true)
reduction('nanmean', function(x) return without_nan(x):sum() / x:eq(x):sum() end,
  function(x, dim) return without_nan(x):sum(dim):cdiv(x:eq(x):type(x:type()):sum(dim)) end, true)

for name, spread in pairs { std_mean = 'std', var_mean = 'var' } do
  --- std_mean([dim], [biased]): two results.
  define(name, function(x, ...)
    local dim = ...
    only_float(name, x)
    if type(dim) ~= 'number' then return x[spread](x, ...), x:mean() end
    return x[spread](x, ...), x:mean(dim)
  end, nil, floats)
end

--- softmax(dim), log_softmax(dim): along one dimension.
for name, log in pairs { softmax = 0, log_softmax = 1 } do
  define(name, function(x, dim)
    needs_elements(name, x)
    only_float(name, x)
    dim = options.dim(name, 2, x, dim == nil and -1 or dim) - 1
    local out = empty(x.dt)
    local s = C.rk_softmax_forward(out, x, dim, log)
    if s ~= 0 then again(s, name, C.rk_softmax_forward, out, x, dim, log) end
    memory.pressure()
    return out
  end, nil, floats)
end

--- cov(x, [biased = false]): covariance of the rows of a matrix (variables) over its columns; corrcoef scales it to 1.
define('cov', function(x, biased)
  only_float('cov', x)
  if x.rank == 1 then x = tensor.contiguous(x):view(1, -1) end
  if x.rank ~= 2 then argument('cov', 1, 'a vector or a matrix', x) end
  local n = x:size(2)
  local d = x - x:mean(2):expandAs(x)
  return (d * d:t()):div(biased and n or n - 1)
end, nil, floats)
define('corrcoef', function(x)
  if not floats(need('corrcoef', 1, x).dt) then argument('corrcoef', 1, 'a tensor of a floating type', x) end
  local c = x:cov()
  local scale = c:diag():sqrt():cinv()
  return c:cmul(torch.ger(scale, scale)):clamp(-1, 1)
end, nil, floats)

-- -- order ------------------------------------------------------------------------------------------

--- argsort([dim = last], [descending = false]): the positions that sort; stable.
define('argsort', function(x, dim, descending)
  needs_elements('argsort', x)
  if type(dim) == 'boolean' then dim, descending = nil, dim end
  return (select(2, x:sort(dim == nil and x.rank or options.dim('argsort', 2, x, dim), descending)))
end)
--- msort(): sorted along the first dimension.
define('msort', function(x)
  needs_elements('msort', x)
  return (x:sort(1))
end)

-- -- running values ------------------------------------------------------------------------------------

for name, sign in pairs { cummax = 1, cummin = -1 } do
  --- cummax([dim = 1]): largest so far and its position (the first of equals); cummax(values, indices, x, dim).
  define(name, function(x, a, b, c)
    local values, index, dim = nil, nil, a
    if check.istensor(a) then values, index, x, dim = x, a, b, c end
    needs_elements(name, x)
    values, index = values or empty(x.dt), index or empty(LONG)
    if need(name, 1, values).dt ~= x.dt then argument(name, 1, types.class[x.dt] .. 'Tensor', values) end
    if need(name, 2, index).dt ~= LONG then argument(name, 2, 'a LongTensor', index) end
    dim = options.dim(name, 2, x, dim == nil and 1 or dim) - 1
    local s = C.rk_cumextreme(sign, values, index, x, dim)
    if s ~= 0 then again(s, name, C.rk_cumextreme, sign, values, index, x, dim) end
    memory.pressure()
    return values, index
  end)
end

--- logcumsumexp([dim = 1]): log of the running sum of e^x, without overflow.
define('logcumsumexp', function(x, a, b)
  local out, dim = nil, a
  if check.istensor(a) then out, x, dim = x, a, b end
  needs_elements('logcumsumexp', x)
  only_float('logcumsumexp', x)
  out = out or empty(x.dt)
  if need('logcumsumexp', 1, out).dt ~= x.dt then argument('logcumsumexp', 1, types.class[x.dt] .. 'Tensor', out) end
  dim = options.dim('logcumsumexp', 2, x, dim == nil and 1 or dim) - 1
  local s = C.rk_logcumsumexp(out, x, dim)
  if s ~= 0 then again(s, 'logcumsumexp', C.rk_logcumsumexp, out, x, dim) end
  memory.pressure()
  return out
end, nil, floats)

return functions
