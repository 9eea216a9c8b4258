--- Reductions: sum, prod, mean, max, min, std, var, norm, dist, all, any, equal.
--
-- Over everything they give a Lua number; over one dimension a tensor in which that
-- dimension stays with size 1. A result tensor may come first.
local ffi = require 'ffi'
local C = require 'torch.ffi'
local check = require 'torch.check'
local types = require 'torch.types'
local memory = require 'torch.memory'
local tensor = require 'torch.tensor'

local istype, pressure = ffi.istype, memory.pressure
local again, fail, argument, need = check.again, check.fail, check.argument, check.tensor
local describe, dimension, number = check.describe, check.dim, check.number
local ctype, empty = tensor.ctype, tensor.empty
local define, floats = tensor.define, tensor.floats
local LONG, BYTE = types.of_class.Long, types.of_class.Byte
local value_of = types.value

local M = { red = {} } -- name -> number in the library
for red = 0, C.RK_NREDS - 1 do M.red[ffi.string(C.rk_red_name(red))] = red end
local red = M.red

local value = ffi.new 'struct rk_value'
local double = ffi.new 'double[1]'

local function not_empty(name, x)
  if x.rank == 0 then fail('%s: argument 1: %s', name, describe(x)) end
end

local function only_float(name, x)
  if not types.float[x.dt] then
    fail('%s: is not defined for %sTensor: convert first, x:double()', name, types.class[x.dt])
  end
end

--- The number that a reduction of everything gives.
local function whole(name, row, x, p)
  need(name, 1, x)
  local s = C.rk_reduce(row, x, p or 0, value)
  if s ~= 0 then again(s, name, C.rk_reduce, row, x, p or 0, value) end
  return value_of(x.dt, value)
end
M.whole = whole

-- res or a fresh tensor of x's type
local function result(name, res, x)
  if res == nil then return empty(x.dt) end
  if need(name, 1, res).dt ~= x.dt then argument(name, 1, types.class[x.dt] .. 'Tensor', res) end
  return res
end

local function along(name, row, res, x, dim, p)
  dim = dimension(name, 2, need(name, 1, x), dim)
  local out = result(name, res, x)
  local s = C.rk_reduce_dim(row, out, x, dim, p or 0)
  if s ~= 0 then again(s, name, C.rk_reduce_dim, row, out, x, dim, p or 0) end
  pressure()
  return out
end
M.along = along

-- f(x), f(x, dim), f(res, x, dim)
local function plain(name, row, only)
  local function both(x, a, b)
    if only then only(name, need(name, 1, istype(ctype, a) and a or x)) end
    if a == nil then return whole(name, row, x) end
    if istype(ctype, a) then
      if b == nil then argument(name, 3, 'a dimension', b) end
      return along(name, row, x, a, b)
    end
    return along(name, row, nil, x, a)
  end
  define(name, both, both, only and floats)
end

plain('sum', red.sum)
plain('prod', red.prod)
plain('mean', red.mean, function(name, x)
  only_float(name, x)
  not_empty(name, x)
end)

-- max(x); max(x, dim) -> values, indices; max(values, indices, x, dim)
local function extreme(name, row, sign)
  local function both(x, a, b, c)
    if a == nil then
      not_empty(name, need(name, 1, x))
      return whole(name, row, x)
    end
    local values, index, dim = nil, nil, a
    if istype(ctype, a) then
      if istype(ctype, b) then
        values, index, x, dim = x, a, b, c
        if index.dt ~= LONG then argument(name, 2, 'a LongTensor for the indices', index) end
      else
        values, x, dim = x, a, b
      end
    end
    dim = dimension(name, 2, need(name, 1, x), dim)
    values, index = result(name, values, x), index or empty(LONG)
    local s = C.rk_extreme_dim(sign, values, index, x, dim)
    if s ~= 0 then again(s, name, C.rk_extreme_dim, sign, values, index, x, dim) end
    pressure()
    return values, index
  end
  define(name, both, both)
end
extreme('max', red.amax, 1)
extreme('min', red.amin, -1)

-- std(x, [biased]); std(x, dim, [biased]); std(res, x, dim, [biased])
local function variance(name, root)
  local function both(x, a, b, c)
    local res, dim, biased = nil, a, b
    if istype(ctype, a) then
      res, x, dim, biased = x, a, b, c
      if dim == nil then argument(name, 3, 'a dimension', dim) end
    elseif type(a) == 'boolean' then
      dim, biased = nil, a
    end
    only_float(name, need(name, 1, x))
    local unscaled = biased and 1 or 0
    if dim == nil then
      not_empty(name, x)
      local s = C.rk_variance(x, unscaled, root, double)
      if s ~= 0 then again(s, name, C.rk_variance, x, unscaled, root, double) end
      return types.number(double)
    end
    dim = dimension(name, 3, x, dim)
    local out = result(name, res, x)
    local s = C.rk_variance_dim(out, x, dim, unscaled, root)
    if s ~= 0 then again(s, name, C.rk_variance_dim, out, x, dim, unscaled, root) end
    pressure()
    return out
  end
  define(name, both, both, floats)
end
variance('std', 1)
variance('var', 0)

-- norm(x, [p=2]); norm(x, p, dim); norm(res, x, p, dim)
local function norm(x, a, b, c)
  local res, p, dim = nil, a, b
  if istype(ctype, a) then
    res, x, p, dim = x, a, b, c
    if dim == nil then argument('norm', 4, 'a dimension', dim) end
  end
  only_float('norm', need('norm', 1, x))
  p = p == nil and 2 or number('norm', 2, p)
  if dim == nil then
    not_empty('norm', x)
    local s = C.rk_norm(x, p, double)
    if s ~= 0 then again(s, 'norm', C.rk_norm, x, p, double) end
    return types.number(double)
  end
  dim = dimension('norm', 3, x, dim)
  local out = result('norm', res, x)
  local s = C.rk_norm_dim(out, x, p, dim)
  if s ~= 0 then again(s, 'norm', C.rk_norm_dim, out, x, p, dim) end
  pressure()
  return out
end
define('norm', norm, norm, floats)

-- dist(x, y, [p=2]): the norm of x - y
local function dist(x, y, p)
  only_float('dist', need('dist', 1, x))
  if not istype(ctype, y) or y.dt ~= x.dt then argument('dist', 2, types.class[x.dt] .. 'Tensor', y) end
  p = p == nil and 2 or number('dist', 3, p)
  local s = C.rk_dist(x, y, p, double)
  if s ~= 0 then again(s, 'dist', C.rk_dist, x, y, p, double) end
  return types.number(double)
end
define('dist', dist, dist, floats)

local int = ffi.new 'int[1]'
local function equal(x, y, extra)
  need('equal', 1, x)
  if extra ~= nil then check.too_many('equal', 2) end
  if not istype(ctype, y) or y.dt ~= x.dt then argument('equal', 2, types.class[x.dt] .. 'Tensor', y) end
  local s = C.rk_equal(x, y, int)
  if s ~= 0 then again(s, 'equal', C.rk_equal, x, y, int) end
  return int[0] ~= 0
end
define('equal', equal)

-- all(x), any(x): torch.all takes a ByteTensor, as in Torch7; the method takes any type. all(x, dim): a ByteTensor.
local function truth(name, row)
  local function method(x, dim)
    need(name, 1, x)
    if dim == nil then return whole(name, row, x) ~= 0 end
    if x.rank == 0 then dimension(name, 2, x, dim) end
    return along(name, row, nil, x.dt == BYTE and x or x:ne(0), dim)
  end
  define(name, method, function(x, dim)
    if dim == nil and (not istype(ctype, x) or x.dt ~= BYTE) then
      argument(name, 1, ('a ByteTensor (compare first, x:ne(0), or use the method x:%s())'):format(name), x)
    end
    return method(x, dim)
  end)
end
truth('all', red.all)
truth('any', red.any)

--- trace(m): sum of the main diagonal.
define('trace', function(x, extra)
  need('trace', 1, x)
  if extra ~= nil then check.too_many('trace', 1) end
  if x.rank ~= 2 then argument('trace', 1, 'a matrix', x) end
  local d = empty(x.dt)
  local s = C.rk_diagonal(d, x, 0)
  if s ~= 0 then again(s, 'trace', C.rk_diagonal, d, x, 0) end
  return whole('trace', red.sum, d)
end)

return M
