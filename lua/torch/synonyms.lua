--- Other spellings of methods, made when first mentioned: `t:add_(1)`, `t:index_add_(...)`, `t:repeat_tensor(2)`.
--
-- A name with an underscore at the end is the in-place method of Torch7 or, where that gives a new tensor (`tril`,
-- `cumsum`, comparisons), the same written back into the tensor; it returns the tensor, whatever Torch7's own returns.
-- `snake_case` is Torch7's `camelCase`. Nothing here is written name by name where the registries know it.
local C = require 'torch.ffi'
local ffi = require 'ffi'
local check = require 'torch.check'
local tensor = require 'torch.tensor'

local M = {}

-- Methods that change their tensor, besides the rows of core/ops.h
local changing = {}
for name in ([[fill zero copy clamp cmax cmin add csub pow mod cmod atan2 nan_to_num
  addmm addmv addr addbmm baddbmm renorm scatter scatterAdd indexAdd indexCopy indexFill maskedFill maskedCopy
  floor_divide heaviside sinc deg2rad rad2deg gcd lcm
  apply map map2 random uniform normal cauchy logNormal exponential geometric bernoulli
  resize resizeAs set]]):gmatch '%S+' do
  changing[name] = true
end
-- Methods that give another tensor or view, which the underscore form puts in place
local giving = {}
for name in ([[tril triu cumsum cumprod transpose t squeeze unsqueeze swapdims swapaxes
  flatten permute logcumsumexp logical_and logical_or logical_xor logical_not]]):gmatch '%S+' do
  giving[name] = true
end
-- Names of PyTorch for methods of Torch7
local others = { reciprocal = 'cinv', negative = 'neg', masked_scatter = 'maskedCopy', absolute = 'abs', clip = 'clamp',
  index_select = 'index', arccos = 'acos', arcsin = 'asin', arctan = 'atan', arctan2 = 'atan2', arccosh = 'acosh',
  arcsinh = 'asinh', arctanh = 'atanh', fix = 'trunc', greater = 'gt', greater_equal = 'ge', less = 'lt',
  less_equal = 'le', not_equal = 'ne', concat = 'cat', concatenate = 'cat', bitwise_not = 'bitnot' }

for op = 0, C.RK_NOPS - 1 do
  local name = ffi.string(C.rk_op_name(op))
  if C.rk_op_kind(op) == C.RK_COMPARE then
    giving[name] = true
  elseif name ~= 'where' and name ~= 'sub' then
    changing[name] = true
  end
end

--- 'index_add' -> 'indexAdd'
local function camel(name) return (name:gsub('_(%l)', function(c) return c:upper() end)) end

-- Two operands that PyTorch multiplies and divides by either, Torch7 by a number or (c...) a tensor
local by_operand = { mul = { 'mul', 'cmul' }, div = { 'div', 'cdiv' }, fmod = { 'fmod', 'cfmod' },
  remainder = { 'remainder', 'cremainder' }, pow = { 'pow', 'cpow' } }
-- The same under names that Torch7 has not, which as methods give a new tensor, too
local operations = { multiply = by_operand.mul, divide = by_operand.div, true_divide = by_operand.div,
  subtract = { 'csub', 'csub' }, bitwise_and = { 'bitand', 'cbitand' }, bitwise_or = { 'bitor', 'cbitor' },
  bitwise_xor = { 'bitxor', 'cbitxor' }, bitwise_left_shift = { 'lshift', 'clshift' },
  bitwise_right_shift = { 'rshift', 'crshift' }, float_power = by_operand.pow }

-- Methods of Torch7 that PyTorch has as functions, too
local functions_too = { clone = true, narrow = true, select = true, t = true, transpose = true }

--- May `torch.<key>` be another spelling? (Other names are looked up nowhere: programs ask for them.)
function M.known(key)
  return key:find '_' or others[key] or operations[key] or functions_too[key]
end

-- torch.divide(x, y): the function of Torch7 for a number or a tensor; as a method the same, a new tensor.
local function operation(key)
  local either = operations[key]
  return function(x, y, ...)
    local name = either[check.istensor(y) and 2 or 1]
    check.tensor(key, 1, x)
    if x[name] == nil then check.fail('%s: is not defined for %s', key, check.describe(x)) end
    return _G.torch[name](x, y, ...)
  end
end

-- sub_(x, [alpha]) and add_(x, [alpha]): PyTorch's order, Torch7's being (alpha, x)
local function scaled(method)
  return function(t, a, b, ...)
    if check.istensor(a) and type(b) == 'number' then a, b = b, a end
    t[method](t, a, b, ...)
    return t
  end
end

-- The method that `base .. '_'` stands for
local function in_place(methods, base)
  if base == 'add' or base == 'sub' then return scaled(base == 'add' and 'add' or 'csub') end
  local either = by_operand[base] or operations[base]
  if either then
    return function(t, x, ...)
      local name = either[check.istensor(x) and 2 or 1]
      local f = t[name]
      if not f then check.fail('%s: is not defined for %s', name, check.describe(t)) end
      f(t, x, ...)
      return t
    end
  end
  local name = others[base] or base
  if not changing[name] and not giving[name] then name = camel(name) end
  local module = require 'torch.lazy'.where[name]
  if module then require(module) end
  if not methods[name] then return nil end
  if changing[name] then
    return function(t, ...)
      t[name](t, ...)
      return t
    end
  elseif giving[name] then
    return function(t, ...)
      local out = t[name](t, ...)
      if not check.istensor(out) then return t end
      if out.dt == t.dt then return tensor.shares(out, t) and t:set(out) or t:resizeAs(out):copy(out) end
      return t:copy(out)
    end
  end
end

--- The method that another spelling means for a class; nil for a name that is none.
-- @param methods the table of methods of the class
-- @param key the name
function M.method(methods, key)
  if key:sub(1, 1) == '_' then return nil end
  if key:sub(-1) == '_' then return in_place(methods, key:sub(1, -2)) end
  if operations[key] then return operation(key) end
  local name = others[key] or camel(key)
  if name ~= key then return rawget(methods, name) end
end

--- The function `torch.<key>` for another spelling: that of Torch7's name, or the method where Torch7 had only that.
function M.func(torch, key)
  if operations[key] then return operation(key) end
  local methods = tensor.classes[tensor.default]
  local name = key:sub(-1) ~= '_' and (others[key] or camel(key)) or nil
  if name and rawget(torch, name) ~= nil then return torch[name] end
  if name and changing[name] then return nil end -- a function would leave its argument as it is
  local f = require 'torch.lazy'.method(methods, key)
  if type(f) ~= 'function' then return nil end
  return function(t, ...)
    local method = check.tensor(key, 1, t)[key]
    if method == nil then check.fail('%s: is not defined for %s', key, check.describe(t)) end
    return method(t, ...)
  end
end

return M
