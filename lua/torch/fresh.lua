--- Tensors made in PyTorch's manner and questions in its words: tensor, full, empty, arange, the _like and new_
-- families, dtype, device, to, item. Torch7 had none of these names.
--
-- Numbers without a type become the default tensor type, booleans a ByteTensor, int64 numbers a LongTensor.
local ffi = require 'ffi'
local C = require 'torch.ffi'
local check = require 'torch.check'
local types = require 'torch.types'
local tensor = require 'torch.tensor'
local storage = require 'torch.storage'
local options = require 'torch.options'

local istype = ffi.istype
local fail, argument, need = check.fail, check.argument, check.tensor
local ctype, define, method = tensor.ctype, tensor.define, tensor.method
local functions = tensor.functions
local int64 = ffi.typeof 'int64_t'
local BYTE, LONG = types.of_class.Byte, types.of_class.Long

-- -- torch.tensor -----------------------------------------------------------------------------

-- A nested table with booleans as 1 and 0 (itself when it has none), and the kinds of leaf seen.
local function scan(v, seen, depth)
  if depth > C.RK_MAX_DIMS then fail('tensor: tables nested deeper than %d', C.RK_MAX_DIMS) end
  if type(v) == 'boolean' then
    seen.boolean = true
    return v and 1 or 0
  elseif type(v) == 'table' and getmetatable(v) == nil then
    local copy
    for i = 1, #v do
      local each = scan(v[i], seen, depth + 1)
      if each ~= v[i] and not copy then
        copy = {}
        for k = 1, i - 1 do copy[k] = v[k] end
      end
      if copy then copy[i] = each end
    end
    return copy or v
  elseif istype(int64, v) then
    seen.long = true
  else
    seen.number = true
  end
  return v
end

local function from(name, data, dt)
  if istype(ctype, data) then
    local out = tensor.to(data, dt or data.dt)
    return out == data and tensor.clone(data) or out
  elseif istype(storage.ctype, data) then
    return tensor.to(tensor.set_storage(name, tensor.empty(data.dt), 1, data), dt or data.dt):clone()
  end
  local seen = {}
  local values = scan(data, seen, 0)
  if not dt then
    dt = seen.number and tensor.default or seen.long and LONG or seen.boolean and BYTE or tensor.default
  end
  if type(values) == 'table' then return tensor.from_table(name, dt, values) end
  if not check.isnumber(values) then argument(name, 1, 'a table, a number or a tensor', values) end
  return tensor.construct(dt, 1):fill(values)
end

--- A tensor with the values of a nested table, a number, a storage or another tensor (copied).
-- @param data the values
-- @tab[opt] given {dtype = 'float32' ...}; without: see the head of this file
-- @usage torch.tensor({{1, 2}, {3, 4}}, {dtype = 'int64'})
function functions.tensor(data, given)
  given = options.check('tensor', given, 'dtype device')
  options.device('tensor', 2, given.device)
  if data == nil then argument('tensor', 1, 'a table, a number or a tensor', data) end
  return from('tensor', data, given.dtype ~= nil and options.dtype('tensor', 2, given.dtype) or nil)
end

--- A tensor of t's type with the values of a table, number or tensor. new_tensor(data)
method('new_tensor', function(t, data, given)
  given = options.check('new_tensor', given, 'dtype device')
  options.device('new_tensor', 2, given.device)
  return from('new_tensor', data, given.dtype ~= nil and options.dtype('new_tensor', 2, given.dtype) or t.dt)
end)

-- -- sizes -------------------------------------------------------------------------------------

-- (sizes..., [options]) -> a fresh tensor
local function sized(name, dt, ...)
  local given, list = options.split(name, 'dtype device', ...)
  options.device(name, list.n + 1, given.device)
  if given.dtype ~= nil then dt = options.dtype(name, list.n + 1, given.dtype) end
  if list.n == 0 then argument(name, 1, 'sizes', nil) end
  return tensor.sized(name, dt, unpack(list, 1, list.n))
end

-- What each family fills its tensors with.
local fills = {
  empty = function(t) return t end,
  zeros = function(t) return t:zero() end,
  ones = function(t) return t:fill(1) end,
  rand = function(t) return t:uniform() end,
  randn = function(t) return t:normal() end,
}

for kind, fill in pairs(fills) do
  --- zeros_like(x, [{dtype =}]) and so on: a packed tensor with x's sizes.
  local name = kind .. '_like'
  define(name, function(x, given)
    need(name, 1, x)
    given = options.check(name, given, 'dtype device')
    options.device(name, 2, given.device)
    local dt = given.dtype ~= nil and options.dtype(name, 2, given.dtype) or x.dt
    if x.rank == 0 then return tensor.empty(dt) end
    if (kind == 'rand' or kind == 'randn') and not types.float[dt] then
      fail("%s: is not defined for %sTensor: name a float type, {dtype = 'float32'}", name, types.class[dt])
    end
    return fill(options.sized(name, dt, options.sizes(x)))
  end)
  if kind ~= 'rand' and kind ~= 'randn' then
    --- t:new_zeros(sizes, [{dtype =}]) and so on: of t's type unless told otherwise.
    local new = 'new_' .. kind
    method(new, function(t, ...) return fill(sized(new, t.dt, ...)) end)
  end
end

--- empty(sizes, [{dtype =}]): contents undefined.
-- @usage torch.empty(2, 3, {dtype = 'float32'})
function functions.empty(...) return sized('empty', tensor.default, ...) end

-- The type of a tensor filled with v when none is named
local function dtype_of_value(v) return istype(int64, v) and LONG or type(v) == 'boolean' and BYTE or tensor.default end
local function value(name, n, v)
  if type(v) == 'boolean' then return v and 1 or 0 end
  if not check.isnumber(v) then argument(name, n, 'a number', v) end
  return v
end

--- full(sizes, value, [{dtype =}]): sizes as a table or LongStorage, one number for a vector.
-- @usage torch.full({2, 3}, 7)
function functions.full(sizes, v, given)
  return sized('full', dtype_of_value(v), sizes, given):fill(value('full', 2, v))
end
method('new_full', function(t, sizes, v, given)
  return sized('new_full', t.dt, sizes, given):fill(value('new_full', 3, v))
end)
define('full_like', function(x, v, given)
  need('full_like', 1, x)
  given = options.check('full_like', given, 'dtype device')
  options.device('full_like', 3, given.device)
  local dt = given.dtype ~= nil and options.dtype('full_like', 3, given.dtype) or x.dt
  v = value('full_like', 2, v)
  if x.rank == 0 then return tensor.empty(dt) end
  return options.sized('full_like', dt, options.sizes(x)):fill(v)
end)

--- arange([first = 0,] last, [step = 1], [{dtype =}]): `last` excluded, as in PyTorch; torch.range includes it.
-- @usage torch.arange(3) -- 0 1 2
function functions.arange(...)
  local given, list = options.split('arange', 'dtype device', ...)
  options.device('arange', list.n + 1, given.device)
  if list.n < 1 or list.n > 3 then
    fail('arange: expected last, or first and last and a step, got %d numbers', list.n)
  end
  local first, last, step = list[1], list[2], list[3]
  if list.n == 1 then first, last = 0, first end
  first, last = check.number('arange', 1, first), check.number('arange', 2, last)
  step = step == nil and 1 or check.number('arange', 3, step)
  if step == 0 or step ~= step then fail('arange: argument 3: the step must not be 0') end
  local n = math.ceil((last - first) / step)
  if n ~= n or n >= 2 ^ 53 or n < 0 then
    fail('arange: from %.14g to %.14g by steps of %.14g never arrives', first, last, step)
  end
  local dt = given.dtype ~= nil and options.dtype('arange', list.n + 1, given.dtype) or tensor.default
  local t = tensor.empty(dt)
  if n == 0 then return t end
  tensor.resize1('arange', t, n)
  local s = C.rk_range(t, first, step)
  if s ~= 0 then check.again(s, 'arange', C.rk_range, t, first, step) end
  return t
end

-- -- questions -------------------------------------------------------------------------------------

--- 'float32': the element type's long name.
method('dtype', function(t) return types.name[t.dt] end)
method('device', function() return 'cpu' end)
method('cpu', function(t) return t end)
method('ndim', function(t) return t.rank end)
method('ndimension', function(t) return t.rank end)
method('nbytes', function(t) return tonumber(C.rk_tensor_count(t)) * types.size[t.dt] end)
method('data_ptr', function(t) return t:data(true) end)
define('is_floating_point', function(t) return types.float[need('is_floating_point', 1, t).dt] end)
define('is_nonzero', function(t) return need('is_nonzero', 1, t):item() ~= 0 end)

--- The one element as a Lua number.
method('item', function(t)
  if C.rk_tensor_count(t) ~= 1 then fail('item: expected one element, got %s', check.describe(t)) end
  return types.read[t.dt](t.mem.data, t.start)
end)
method('tolist', function(t) return t:totable() end)

--- to(dtype), to('cpu'), to(tensor), to(device, dtype) or to{dtype =, device =, copy =}: the tensor itself when nothing
-- changes.
-- @usage torch.ones(2):to 'float32'
method('to', function(t, a, b)
  local given = {}
  if options.isoptions(a) then
    given = options.check('to', a, 'dtype device copy')
  elseif a == nil then
    argument('to', 2, "an element type, a tensor or 'cpu'", a)
  elseif options.find_dtype(a) then
    given.dtype = a
  else
    given.device, given.dtype = a, b
  end
  options.device('to', 2, given.device)
  local out = given.dtype == nil and t or tensor.to(t, options.dtype('to', 2, given.dtype))
  if given.copy and out == t then return tensor.clone(t) end
  return out
end)

--- Names of element types, so that {dtype = torch.float32} reads as in PyTorch.
for dt = 0, types.count - 1 do functions[types.name[dt]] = types.name[dt] end

return functions
