--- Element-wise operations and comparisons: one method and one function for
-- every row of core/ops.h, in the argument forms of Torch7.
--
-- All forms come down to `res, inputs ...`: a method works on itself unless a
-- result comes before its inputs (`x:exp()`, `res:exp(x)`); a function makes a new tensor
-- unless given one (`torch.exp(x)`, `torch.exp(res, x)`).
local ffi = require 'ffi'
local C = require 'torch.ffi'
local check = require 'torch.check'
local types = require 'torch.types'
local memory = require 'torch.memory'
local tensor = require 'torch.tensor'

local istype, pressure = ffi.istype, memory.pressure
local too_many = check.too_many
local again, argument, need, number, isnumber = check.again, check.argument, check.tensor, check.number, check.isnumber
local fail = check.fail
local ctype, result = tensor.ctype, tensor.result
local gc, drop = ffi.gc, require('torch.collect').tensor
local int64 = ffi.typeof 'int64_t'
local BYTE, TAKEN = types.of_class.Byte, C.RK_TAKEN

local M = { op = {} } -- op: name -> number in the library
for op = 0, C.RK_NOPS - 1 do M.op[ffi.string(C.rk_op_name(op))] = op end

local function istensor(v) return istype(ctype, v) end

-- -- the calls -------------------------------------------------------------------------

-- Scalars that are not Lua numbers: int64 stays exact on integer tensors, strings are read as numbers.
local function map1_other(name, op, out, x, a, b)
  if not isnumber(a) then argument(name, 2, 'a number', a) end
  if not isnumber(b) then argument(name, 3, 'a number', b) end
  if not types.float[x.dt] and (istype(int64, a) or istype(int64, b)) then
    a, b = istype(int64, a) and a or number(name, 2, a), istype(int64, b) and b or number(name, 3, b)
    a, b = ffi.cast(int64, a), ffi.cast(int64, b)
    local s = C.rk_map1_long(op, out, x, a, b)
    if s ~= 0 then again(s, name, C.rk_map1_long, op, out, x, a, b) end
    pressure()
    return out
  end
  return M.map1(name, op, out, x, number(name, 2, a), number(name, 3, b))
end

--- out = op(x; a, b)
function M.map1(name, op, out, x, a, b)
  if type(a) ~= 'number' or type(b) ~= 'number' then return map1_other(name, op, out, x, a, b) end
  local s = C.rk_map1(op, out, x, a, b)
  if s ~= 0 then
    if s == TAKEN then gc(out, drop) else again(s, name, C.rk_map1, op, out, x, a, b) end
  end
  pressure()
  return out
end
local map1 = M.map1

local function need_like(name, n, x, y)
  if not istype(ctype, y) then argument(name, n, types.class[x.dt] .. 'Tensor', y) end
end

-- The library's message about operands that do not fit, with their argument numbers as the caller counts them.
local function fit(name, x, y, n)
  if y.dt ~= x.dt or C.rk_tensor_count(x) ~= C.rk_tensor_count(y) then
    argument(name, n, ('%sTensor of %d elements %s'):format(types.class[x.dt], tonumber(C.rk_tensor_count(x)),
      check.shape(x.rank, x.extent)), y)
  end
end

local function map2_failed(s, name, op, out, x, y, a)
  if s == C.RK_ESHAPE or s == C.RK_EDTYPE then fit(name, x, y, 2) end
  again(s, name, C.rk_map2, op, out, x, y, a)
end

--- out = op(x, y; a)
function M.map2(name, op, out, x, y, a)
  if not istype(ctype, x) then need_like(name, 1, out, x) end
  if not istype(ctype, y) then need_like(name, 2, x, y) end
  local s
  if type(a) == 'number' then
    s = C.rk_map2(op, out, x, y, a)
    if s ~= 0 then
      if s == TAKEN then gc(out, drop) else map2_failed(s, name, op, out, x, y, a) end
    end
  elseif istype(int64, a) and not types.float[x.dt] then
    s = C.rk_map2_long(op, out, x, y, a)
    if s ~= 0 then again(s, name, C.rk_map2_long, op, out, x, y, a) end
  else
    return M.map2(name, op, out, x, y, number(name, 2, a))
  end
  pressure()
  return out
end
local map2 = M.map2

local function map3(name, op, out, x, y, z, a)
  need_like(name, 1, out, x)
  need_like(name, 2, x, y)
  need_like(name, 3, x, z)
  local s
  if istype(int64, a) and not types.float[x.dt] then
    s = C.rk_map3_long(op, out, x, y, z, a)
    if s ~= 0 then again(s, name, C.rk_map3_long, op, out, x, y, z, a) end
  else
    a = number(name, 2, a)
    s = C.rk_map3(op, out, x, y, z, a)
    if s ~= 0 and s == TAKEN then
      gc(out, drop)
    elseif s ~= 0 then
      again(s, name, C.rk_map3, op, out, x, y, z, a)
    end
  end
  pressure()
  return out
end

local function define_for(op, name, method, func)
  tensor.define(name, method, func, function(dt) return C.rk_op_defined(op, dt) ~= 0 end)
end

-- -- one tensor --------------------------------------------------------------------------

local number_out = ffi.new 'double[1]'
local function on_number(name, op, x, a, b)
  x = number(name, 1, x)
  local s = C.rk_map1_number(op, x, a or 0, b or 0, number_out)
  if s ~= 0 then again(s, name, C.rk_map1_number, op, x, a or 0, b or 0, number_out) end
  return types.number(number_out)
end

-- `not x and x == nil`: comparing a tensor with nil is a call of its __eq where code is interpreted, 80 ns.
local function unary(name, op)
  local function method(t, x, extra)
    if extra ~= nil then too_many(name, 2) end
    if not x and x == nil then return map1(name, op, t, t, 0, 0) end
    return map1(name, op, t, need(name, 1, x), 0, 0)
  end
  define_for(op, name, method, function(x, y, extra)
    if extra ~= nil then too_many(name, 2) end
    if not istensor(x) then
      if not isnumber(x) then argument(name, 1, 'a tensor or a number', x) end
      if y ~= nil then too_many(name, 1) end
      return on_number(name, op, x)
    end
    if y ~= nil then return map1(name, op, x, need(name, 1, y), 0, 0) end
    return map1(name, op, result(x.dt), x, 0, 0)
  end)
end

-- one tensor and one number
local function with_number(name, op)
  local function method(t, x, a, extra)
    if extra ~= nil or (a ~= nil and not istensor(x)) then too_many(name, extra ~= nil and 3 or 2) end
    if a == nil and not istensor(x) then return map1(name, op, t, t, x, 0) end
    return map1(name, op, t, need(name, 1, x), a, 0)
  end
  define_for(op, name, method, function(x, y, a, extra)
    need(name, 1, x)
    if extra ~= nil or (a ~= nil and not istensor(y)) then too_many(name, extra ~= nil and 3 or 2) end
    if istensor(y) then return map1(name, op, x, y, a, 0) end
    return map1(name, op, result(x.dt), x, y, 0)
  end)
end

-- one tensor and two numbers
local function with_numbers(name, op)
  local function method(t, x, a, b, extra)
    if extra ~= nil or (b ~= nil and not istensor(x)) then too_many(name, extra ~= nil and 4 or 3) end
    if istensor(x) then return map1(name, op, t, x, number(name, 2, a), number(name, 3, b)) end
    if a == nil then argument(name, 3, 'a number', a) end
    return map1(name, op, t, t, x, a)
  end
  define_for(op, name, method, function(x, y, a, b, extra)
    need(name, 1, x)
    if extra ~= nil or (b ~= nil and not istensor(y)) then too_many(name, extra ~= nil and 4 or 3) end
    if istensor(y) then return method(x, y, a, b) end
    if a == nil then argument(name, 3, 'a number', a) end
    return map1(name, op, result(x.dt), x, y, a)
  end)
end

-- -- two tensors ---------------------------------------------------------------------------

local function binary(name, op)
  define_for(op, name, function(t, x, y, extra)
    if extra ~= nil then too_many(name, 3) end
    if not y and y == nil then return map2(name, op, t, t, x, 0) end
    return map2(name, op, t, x, y, 0)
  end, function(x, y, z, extra)
    need(name, 1, x)
    if extra ~= nil then too_many(name, 3) end
    if not z and z == nil then return map2(name, op, result(x.dt), x, y, 0) end
    return map2(name, op, x, y, z, 0)
  end)
end

-- two tensors and a number after them (lerp)
local function binary_number(name, op)
  define_for(op, name, function(t, x, y, a, extra)
    if extra ~= nil then too_many(name, 4) end
    if istensor(y) then return map2(name, op, t, x, y, a) end
    return map2(name, op, t, t, x, y)
  end, function(x, y, z, a, extra)
    if extra ~= nil then too_many(name, 4) end
    if isnumber(x) and isnumber(y) then
      local u, v = number(name, 1, x), number(name, 2, y)
      return u + number(name, 3, z) * (v - u)
    end
    need(name, 1, x)
    if istensor(z) then return map2(name, op, x, y, z, a) end
    return map2(name, op, result(x.dt), x, y, z)
  end)
end

-- a tensor and a tensor or a number (cmax, cmin): the number goes to the op `bound`
local function binary_or_number(name, op, bound)
  local function run(out, x, y)
    if istensor(y) then return map2(name, op, out, x, y, 0) end
    return map1(name, bound, out, need(name, 1, x), y, 0)
  end
  define_for(op, name, function(t, x, y, extra)
    if extra ~= nil then too_many(name, 3) end
    if y == nil then return run(t, t, x) end
    return run(t, x, y)
  end, function(x, y, z, extra)
    need(name, 1, x)
    if extra ~= nil then too_many(name, 3) end
    if z == nil then return run(result(x.dt), x, y) end
    return run(x, y, z)
  end)
end

-- t + value or t1 + [value,] t2 (add, csub)
local function sum_like(name, with_scalar, with_tensor, into)
  local function run(out, x, a, y)
    if y or y ~= nil then return map2(name, with_tensor, out, x, y, a) end
    if istensor(a) then return map2(name, with_tensor, out, x, a, 1) end
    return map1(name, with_scalar, out, x, a, 0)
  end
  local function method(t, a, b, c, extra)
    if not b and b == nil then
      if type(a) == 'number' then return map1(name, with_scalar, t, t, a, 0) end
      if istype(ctype, a) then
        if into then
          local s = C.rk_add_to(t, a)
          if s ~= 0 then map2_failed(s, name, with_tensor, t, t, a, 1) end
          return t
        end
        return map2(name, with_tensor, t, t, a, 1)
      end
      return run(t, t, a)
    elseif extra ~= nil then
      too_many(name, 4)
    elseif c or c ~= nil or istensor(a) then
      return run(t, need(name, 1, a), b, c)
    end
    return run(t, t, a, b)
  end
  define_for(with_tensor, name, method, function(x, a, b, c, extra)
    need(name, 1, x)
    if extra ~= nil then too_many(name, 4) end
    if istensor(a) and b ~= nil then return run(x, a, b, c) end
    return run(result(x.dt), x, a, b)
  end)
end

-- -- three tensors ---------------------------------------------------------------------------

-- t + [value,] a, b
local function ternary(name, op)
  -- (x, [value,] y, z) after the result
  local function run(out, x, a, b, c)
    if c ~= nil then return map3(name, op, out, x, b, c, a) end
    return map3(name, op, out, x, a, b, 1)
  end
  define_for(op, name, function(t, a, b, c, d, extra)
    if extra ~= nil then too_many(name, 5) end
    -- in place: (y, z), (value, y, z); with a result: (x, y, z), (x, value, y, z)
    if d ~= nil or (c ~= nil and istensor(a)) then return run(t, a, b, c, d) end
    return run(t, t, a, b, c)
  end, function(x, a, b, c, d, extra)
    need(name, 1, x)
    if extra ~= nil then too_many(name, 5) end
    if d ~= nil or (c ~= nil and istensor(a)) then return run(x, a, b, c, d) end
    return run(result(x.dt), x, a, b, c)
  end)
end

-- -- comparisons ---------------------------------------------------------------------------

local function compare(name, op, out, x, y)
  local s
  if istype(ctype, y) then
    s = C.rk_compare(op, out, x, y, 0)
    if s ~= 0 then
      if s == C.RK_ESHAPE or s == C.RK_EDTYPE then fit(name, x, y, 2) end
      again(s, name, C.rk_compare, op, out, x, y, 0)
    end
  elseif istype(int64, y) then
    s = C.rk_compare_long(op, out, x, y)
    if s ~= 0 then again(s, name, C.rk_compare_long, op, out, x, y) end
  else
    if not isnumber(y) then argument(name, 2, 'a tensor or a number', y) end
    y = number(name, 2, y)
    s = C.rk_compare(op, out, x, nil, y)
    if s ~= 0 then again(s, name, C.rk_compare, op, out, x, nil, y) end
  end
  pressure()
  return out
end

local function comparison(name, op)
  local function both(t, x, y, extra)
    need(name, 1, t)
    if extra ~= nil then too_many(name, 3) end
    if y == nil then return compare(name, op, result(BYTE), t, x) end
    return compare(name, op, t, need(name, 2, x), y)
  end
  define_for(op, name, both, both)
end

-- x -> 0 or 1 (isnan ...). Integers are all finite, which comparing them with themselves says.
local function test(name, op)
  local function both(t, x, extra)
    need(name, 1, t)
    if extra ~= nil then too_many(name, 2) end
    local out, from = result(BYTE), t
    if x ~= nil then out, from = t, need(name, 2, x) end
    if types.float[from.dt] then return compare(name, op, out, from, 0) end
    return compare(name, name == 'isfinite' and M.op.eq or M.op.ne, out, from, from)
  end
  tensor.define(name, both)
end

-- -- the rows ----------------------------------------------------------------------------------

-- Rows with forms of their own, defined below, or that a method of another meaning hides (`sub` is a view).
local special = {
  add = true, sub = true, cadd = true, csub = true, rsub = true, rdiv = true, affine = true, pow = true, tpow = true,
  cmax = true, cmin = true, atan2 = true, clamp = true, where = true,
}

local makers = {
  [C.RK_MAP1] = { [0] = unary, with_number, with_numbers },
  [C.RK_MAP2] = { [0] = binary, binary_number },
  [C.RK_MAP3] = { [0] = ternary, ternary },
  [C.RK_COMPARE] = { [0] = test, comparison },
}
for op = 0, C.RK_NOPS - 1 do
  local name = ffi.string(C.rk_op_name(op))
  if not special[name] then makers[C.rk_op_kind(op)][C.rk_op_scalars(op)](name, op) end
end

local op = M.op
sum_like('add', op.add, op.cadd, true)
sum_like('csub', op.sub, op.csub)
binary_or_number('cmax', op.cmax, op.clamp_min)
binary_or_number('cmin', op.cmin, op.clamp_max)
with_number('mod', op.fmod)

-- clamp with one bound: clamp(nil, high), clamp{min = low, max = high}; as a method also clamp(low). The function with
-- one number is an error, as in Torch7.
local function clamp(out, x, low, high)
  if type(low) == 'table' then
    for key in pairs(low) do
      if key ~= 'min' and key ~= 'max' then fail('clamp: no option %s; there are: min max', tostring(key)) end
    end
    low, high = low.min, low.max
  end
  if low == nil and high == nil then argument('clamp', 2, 'a number', nil) end
  if high == nil then return map1('clamp', op.clamp_min, out, x, low, 0) end
  if low == nil then return map1('clamp', op.clamp_max, out, x, high, 0) end
  if type(low) ~= 'number' then low = isnumber(low) and low or argument('clamp', 2, 'a number', low) end
  return map1('clamp', op.clamp, out, x, low, high)
end
define_for(op.clamp, 'clamp', function(t, x, a, b, extra)
  if extra ~= nil or (b ~= nil and not istensor(x)) then too_many('clamp', extra ~= nil and 4 or 3) end
  if istensor(x) then return clamp(t, x, a, b) end
  return clamp(t, t, x, a)
end, function(x, y, a, b, extra)
  need('clamp', 1, x)
  if extra ~= nil or (b ~= nil and not istensor(y)) then too_many('clamp', extra ~= nil and 4 or 3) end
  if istensor(y) then return clamp(x, y, a, b) end
  if a == nil and isnumber(y) then
    fail('clamp: argument 3: expected a number, got nothing; '
      .. 'for one bound torch.clamp(t, {min = low}) or t:clamp(low)')
  end
  return clamp(result(x.dt), x, y, a)
end)
binary('cmod', op.cfmod)

-- Exponents that have a row of their own are exact there.
local powers = { [2] = op.square, [3] = op.cube, [0.5] = op.sqrt, [-0.5] = op.rsqrt, [-1] = op.cinv, [-2] = op.rsquare }

local function power(out, x, n)
  if istensor(x) then
    if istensor(n) then argument('pow', 2, 'a number (cpow raises to the elements of a tensor)', n) end
    n = number('pow', 2, n)
    if n == 1 then return map1('pow', op.mul, out, x, 1, 0) end
    local row = powers[n]
    if row then return map1('pow', row, out, x, 0, 0) end
    return map1('pow', op.pow, out, x, n, 0)
  end
  return map1('pow', op.tpow, out, need('pow', 2, n), number('pow', 1, x), 0)
end

define_for(op.pow, 'pow', function(t, x, n, extra)
  if extra ~= nil then too_many('pow', 3) end
  if n == nil then return power(t, t, x) end
  return power(t, x, n)
end, function(x, y, z, extra)
  if extra ~= nil then too_many('pow', 3) end
  if z ~= nil then return power(need('pow', 1, x), y, z) end
  if istensor(x) then return power(result(x.dt), x, y) end
  if istensor(y) then return power(result(y.dt), x, y) end
  return number('pow', 1, x) ^ number('pow', 2, y)
end)

define_for(op.atan2, 'atan2', function(t, x, y)
  if y == nil then return map2('atan2', op.atan2, t, t, x, 0) end
  return map2('atan2', op.atan2, t, x, y, 0)
end, function(x, y, z)
  if isnumber(x) then return math.atan2(number('atan2', 1, x), number('atan2', 2, y)) end
  need('atan2', 1, x)
  if z == nil then return map2('atan2', op.atan2, result(x.dt), x, y, 0) end
  return map2('atan2', op.atan2, x, y, z, 0)
end)

--- dx = g * f'(x) for a row with a gradient, y = f(x); for layers. Shapes as x.
function M.gradient(name, dx, x, y, g, a, b)
  local row = op[name]
  local s = C.rk_map_grad(row, dx, x, y, g, a or 0, b or 0)
  if s ~= 0 then again(s, name, C.rk_map_grad, row, dx, x, y, g, a or 0, b or 0) end
  pressure()
  return dx
end

return M
