--- Operators on tensors, and the metatable that ties the ctype to its classes.
--
-- Each class has `__add__`, `__mul__` ... as Torch7's classes do, so that programs may replace them; the
-- metatable itself, which LuaJIT fixes once, only dispatches.
local ffi = require 'ffi'
local check = require 'torch.check'
local types = require 'torch.types'
local tensor = require 'torch.tensor'
local storage = require 'torch.storage'
local index = require 'torch.index'
local pointwise = require 'torch.pointwise'
local linear = require 'torch.linear'

local istype = ffi.istype
local fail, describe, argument = check.fail, check.describe, check.argument
local ctype, classes, result = tensor.ctype, tensor.classes, tensor.result
local map1, map2, op = pointwise.map1, pointwise.map2, pointwise.op

local function new(t) return result(t.dt) end

local operators = {}

function operators.__add__(a, b)
  if istype(ctype, a) then
    if istype(ctype, b) then return map2('add', op.cadd, new(a), a, b, 1) end
    return map1('add', op.add, new(a), a, b, 0)
  end
  return map1('add', op.add, new(b), b, a, 0)
end

function operators.__sub__(a, b)
  if istype(ctype, a) then
    if istype(ctype, b) then return map2('sub', op.csub, new(a), a, b, 1) end
    return map1('sub', op.sub, new(a), a, b, 0)
  end
  return map1('sub', op.rsub, new(b), b, a, 0)
end

function operators.__mul__(a, b)
  if istype(ctype, a) then
    if istype(ctype, b) then return linear.product(a, b) end
    return map1('mul', op.mul, new(a), a, b, 0)
  end
  return map1('mul', op.mul, new(b), b, a, 0)
end

function operators.__div__(a, b)
  if not istype(ctype, a) then fail('div: number / tensor is not defined: use torch.cinv(t):mul(number)') end
  if istype(ctype, b) then fail('div: tensor / tensor is not defined: torch.cdiv(a, b) divides elements') end
  return map1('div', op.div, new(a), a, b, 0)
end

function operators.__mod__(a, b)
  if not istype(ctype, a) or istype(ctype, b) then
    fail('mod: only tensor %% number is defined: use torch.cremainder(a, b) for two tensors')
  end
  return map1('mod', op.remainder, new(a), a, b, 0)
end

function operators.__unm__(a) return map1('neg', op.neg, new(a), a, 0, 0) end

function operators.__pow__(a, b)
  if istype(ctype, b) then return argument('pow', 2, 'no ^ on tensors: use torch.pow(t, n)', b) end
  return fail('pow: tensors have no operator ^: use torch.pow(t, n), got %s ^ %s', describe(a), describe(b))
end

function operators.__concat__(a, b)
  return fail('%s .. %s: tensors have no operator .. : use torch.cat or tostring', describe(a), describe(b))
end

local function no_order(a, b)
  return fail('%s and %s have no order: compare elements with torch.lt, le, gt, ge', describe(a), describe(b))
end
operators.__lt__, operators.__le__ = no_order, no_order

function operators.__call__(t) return fail('%s cannot be called', describe(t)) end

function operators.__len__(t) return storage.longs(t.extent, t.rank) end

function operators.__tostring__(t) return require 'torch.print'.tensor(t) end

-- Identity of the object, never of the elements.
local function same(a, b)
  return istype(ctype, a) and istype(ctype, b) and ffi.cast('void *', a) == ffi.cast('void *', b)
end

for dt = 0, types.count - 1 do
  for name, f in pairs(operators) do rawset(classes[dt], name, f) end
  rawset(classes[dt], '__eq__', same)
end

-- Programs also read and replace Lua's own names in these metatables, `mt.__add` for `__add__`.
local names = { __eq = '__eq__' }
for name in pairs(operators) do names[name:sub(1, -3)] = name end
names.__index, names.__newindex = '__index', '__newindex'

-- A class stands for its own `__index`: it can be asked for fields and, as the function that it was in Torch7, called.
for dt = 0, types.count - 1 do
  local class, given = classes[dt], {}
  local ours = { __index = class, __newindex = index.own_newindex }
  local meta = debug.getmetatable(class)
  local add_field = meta.__newindex
  rawset(class, '__tostring', nil)
  rawset(class, '__index', nil)
  meta.__call = function(_, t, key) return index.own_index(t, key) end
  meta.__index = function(_, key) -- also asked for the number of every element that is read
    local name = names[key]
    if name == nil then return nil end
    return given[name] or ours[name] or rawget(class, name)
  end
  meta.__newindex = function(_, key, value)
    if ours[key] then
      given[key] = value ~= ours[key] and type(value) == 'function' and value or nil
      index.override(dt, key, given[key])
    elseif names[key] then
      rawset(class, names[key], value)
    else
      add_field(class, key, value)
    end
  end
end

local function class_of(a, b) return classes[(istype(ctype, a) and a or b).dt] end

-- Torch7's classes hold Lua's own metamethods too, and overloading programs (autograd) put theirs in their place.
local events = {}
for _, name in ipairs {'add', 'sub', 'mul', 'div', 'mod', 'pow', 'concat', 'lt', 'le', 'unm'} do
  local field = '__' .. name .. '__'
  local function event(a, b) return class_of(a, b)[field](a, b) end
  events['__' .. name] = event
  for dt = 0, types.count - 1 do rawset(classes[dt], '__' .. name, event) end
end

-- What a class says to `a <event> b`. Its `field` is asked directly, unless a program has replaced `event`.
local function chosen(a, b, event, field)
  local class = class_of(a, b)
  local f = class[event]
  if f == events[event] then return class[field] end
  return f
end

ffi.metatype(ctype, {
  __index = index.index,
  __newindex = index.newindex,
  __add = function(a, b) return chosen(a, b, '__add', '__add__')(a, b) end,
  __sub = function(a, b) return chosen(a, b, '__sub', '__sub__')(a, b) end,
  __mul = function(a, b) return chosen(a, b, '__mul', '__mul__')(a, b) end,
  __div = function(a, b) return chosen(a, b, '__div', '__div__')(a, b) end,
  __mod = function(a, b) return chosen(a, b, '__mod', '__mod__')(a, b) end,
  __pow = function(a, b) return chosen(a, b, '__pow', '__pow__')(a, b) end,
  __concat = function(a, b) return chosen(a, b, '__concat', '__concat__')(a, b) end,
  __lt = function(a, b) return chosen(a, b, '__lt', '__lt__')(a, b) end,
  __le = function(a, b) return chosen(a, b, '__le', '__le__')(a, b) end,
  __unm = function(a) return chosen(a, a, '__unm', '__unm__')(a) end,
  __call = function(t, ...) return classes[t.dt].__call__(t, ...) end,
  __len = function(t) return classes[t.dt].__len__(t) end,
  __tostring = function(t) return classes[t.dt].__tostring__(t) end,
  __eq = same,
})

