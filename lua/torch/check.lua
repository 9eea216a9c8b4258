--- Errors of the torch package: one form for all of them,
-- `torch.cmul: argument 2: expected FloatTensor [3x4], got LongTensor [2x5]`,
-- raised at the line of the program that made the call.
local ffi = require 'ffi'
local C = require 'torch.ffi'

local M = {}
local tensor_ct = ffi.typeof 'struct rk_tensor'
local buffer_ct = ffi.typeof 'struct rk_buffer'
local random_ct = ffi.typeof 'struct rk_random'
local int64_ct, uint64_ct = ffi.typeof 'int64_t', ffi.typeof 'uint64_t'
local istype = ffi.istype
local position = require 'torch.position'
local settle = require('torch.collect').settle

local here = debug.getinfo(1, 'S').source:match '^(.*)check%.lua$'

local layers = here:match '^(.*)torch/$' .. 'nn/' -- where nn's classes are

-- The stack level of the first function outside this package (for the error of our caller), and the name by which it
-- called us: a field or method, as far as the bytecode tells. Levels as `error` counts them in `raise`, which a
-- function of this file calls.
local function user_level()
  local level, entry = 4, nil
  while true do
    local info = debug.getinfo(level, 'Sn')
    if not info then return 4 end
    if info.what ~= 'C' and info.source:sub(1, #here) ~= here then
      local named = entry and (entry.namewhat == 'method' or entry.namewhat == 'field')
      return level - 1, named and entry.name or nil
    end
    entry, level = info, level + 1
  end
end

-- One of the first locals of a function that is running; nil where it is not nn's.
local function local_of(level, wanted, is_guard)
  local info = debug.getinfo(level + 1, 'S')
  if not info or info.source:sub(1, #layers) ~= layers then return nil, nil, true end
  wanted = info.source == layers .. 'guard.lua' and is_guard or wanted
  for i = 1, 4 do
    local name, value = debug.getlocal(level + 1, i)
    if name == wanted then return value, true end
  end
end

-- The layer or criterion of nn in whose code we are, by the local `self` of a function of its files (where a container
-- calls a child that called us last, `module`), and where that is; nil elsewhere.
local function layer_at(level)
  while true do
    level = level + 1 -- of the caller's
    local value, _, ended = local_of(level, 'self', 'module')
    if ended then return nil end
    local mt = type(value) == 'table' and getmetatable(value)
    if mt and rawget(mt, '__typename') and (value.updateOutput or value.criterions) then return value, level - 1 end
  end
end

-- What a layer would rather say, when it was given a gradOutput that is not like its output; else nil.
local function about_gradient(layer, level)
  local out = layer.output
  if not istype(tensor_ct, out) then return nil end
  for above = level + 1, level + 4 do
    local g, found, ended = local_of(above, 'gradOutput', 'gradOutput')
    if ended then return nil end
    if found and (not istype(tensor_ct, g) or C.rk_tensor_count(g) ~= C.rk_tensor_count(out)) then
      local shape = require('nn.common').shape
      return ('expected gradOutput %s, as the output, got %s'):format(shape(out), shape(g))
    end
  end
end

-- The public function or method of a name.
local function public(name)
  local tensor, types = package.loaded['torch.tensor'], package.loaded['torch.types']
  local class = type(tensor) == 'table' and tensor.classes[types.of_class.Double]
  return rawget(package.loaded['torch'], name) or (class and rawget(class, name)) or nil
end

-- Name the function that the user called: another name of the same function takes its place; what failed inside of
-- another function stands behind that one's name.
local function name_call(text, called)
  local name, rest = text:match '^([%w_]+)(.*)$'
  if not called or not name or called == name then return text end
  local outer = public(called)
  if type(outer) ~= 'function' then return text end
  return public(name) == outer and called .. rest or called .. ': ' .. text
end

-- Raise `torch.<text>` at the caller of the torch function; inside of a layer the error is the layer's, and begins with
-- its name, as its own do.
local function raise(text)
  local level, called = user_level()
  text = 'torch.' .. name_call(text, called)
  local layer, at = layer_at(level)
  if layer then
    local ok, name = pcall(require('nn.common').name, layer) -- it may be half made
    error((ok and name or getmetatable(layer).__typename) .. ': ' .. (about_gradient(layer, at) or text), 0)
  end
  position.fail(text) -- nn and the like may stand between
end

--- Raise `torch.<text>` at the caller of the torch function.
function M.fail(text, ...)
  if select('#', ...) > 0 then text = text:format(...) end
  raise(text)
end

--- Raise the error for a call with more arguments than the function takes.
function M.too_many(name, at_most)
  raise(('%s: too many arguments: at most %d expected'):format(name, at_most))
end

--- "3x4" for a rank and an int64 array.
function M.shape(rank, shape)
  local s = {}
  for i = 1, rank do s[i] = tostring(tonumber(shape[i - 1])) end
  return '[' .. table.concat(s, 'x') .. ']'
end

--- The numbers of a LongStorage side by side: also those beyond 2^53, which are no Lua numbers.
function M.joined(storage, separator)
  local words = {}
  for i = 1, storage:size() do words[i] = tostring(storage[i]):match '^-?[%d.e+]+' end
  return table.concat(words, separator)
end

--- "FloatTensor", for a tensor.
function M.class(t) return ffi.string(C.rk_dtype_class(t.dt)) .. 'Tensor' end

--- A value in words: "FloatTensor [3x4]", "LongStorage of 3", "the number 5", "nil".
function M.describe(v)
  if istype(tensor_ct, v) then
    local name = ffi.string(C.rk_dtype_class(v.dt)) .. 'Tensor '
    return name .. (v.rank == 0 and 'without elements' or M.shape(v.rank, v.extent))
  elseif istype(buffer_ct, v) then
    return ('%sStorage of %d'):format(ffi.string(C.rk_dtype_class(v.dt)), tonumber(C.rk_buffer_count(v)))
  elseif istype(random_ct, v) then
    return 'Generator'
  elseif type(v) == 'number' then
    return ('the number %.14g'):format(v)
  elseif type(v) == 'string' then
    return ('the string %q'):format(#v > 40 and v:sub(1, 37) .. '...' or v)
  elseif type(v) == 'boolean' then
    return tostring(v)
  elseif v == nil then
    return 'nothing'
  elseif type(v) == 'table' and getmetatable(v) and rawget(getmetatable(v), '__typename') then
    return getmetatable(v).__typename
  elseif type(v) == 'cdata' then
    return package.loaded['torch.class'].typename(v) or tostring(ffi.typeof(v))
  end
  return 'a ' .. type(v)
end

--- Raise "name: argument n: expected ..., got ...".
function M.argument(name, n, expected, got)
  raise(('%s: argument %d: expected %s, got %s'):format(name, n, expected, M.describe(got)))
end

--- A C call returned status ~= 0. A bare tensor: own it and call again. Out of memory: collect what Lua no longer needs
-- and call once more. Anything else, or a second failure: raise the library's text under the name that the user called.
function M.again(status, name, f, ...)
  status = settle(status, f, ...)
  if status == C.RK_ENOMEM then
    collectgarbage()
    collectgarbage()
    C.rk_trim()
    status = settle(f(...), f, ...)
  end
  if status == 0 then return end
  raise(name .. ffi.string(C.rk_error()):gsub('^[%w_.]+: ', ': ', 1))
end

--- The number that a scalar argument stands for: Lua number, numeric string ("0x10" as in C), int64 (rounded to
-- double: exact callers test for int64 first).
function M.number(name, n, v)
  if type(v) == 'number' then return v end
  if type(v) == 'string' then
    local x = tonumber(v)
    if x then return x end
  elseif istype(int64_ct, v) or istype(uint64_ct, v) then
    return tonumber(v)
  end
  return M.argument(name, n, 'a number', v)
end

--- Is it an int64 that a double would round?
function M.wide(v)
  return istype(int64_ct, v) and (v > 9007199254740992LL or v < -9007199254740992LL)
end

--- True for a Lua number, a 64-bit integer or a numeric string.
function M.isnumber(v)
  return type(v) == 'number' or istype(int64_ct, v) or istype(uint64_ct, v)
    or (type(v) == 'string' and tonumber(v) ~= nil)
end

--- An integer argument (dimension, count, index): fractions are dropped as Torch7 does.
function M.integer(name, n, v)
  local x = M.number(name, n, v)
  if x ~= x or x == math.huge or x == -math.huge then M.argument(name, n, 'an integer', v) end
  return x < 0 and math.ceil(x) or math.floor(x)
end

--- Metamethods by which objects without operators say so: to be merged into what ffi.metatype is given.
function M.without_operators()
  local events = {}
  local signs = { add = '+', sub = '-', mul = '*', div = '/', mod = '%', pow = '^', concat = '..', lt = '<', le = '<=' }
  for event, sign in pairs(signs) do
    events['__' .. event] = function(a, b)
      return M.fail('%s %s %s: there is no such operator', M.describe(a), sign, M.describe(b))
    end
  end
  function events.__len(a) return M.fail('#%s: there is no such operator', M.describe(a)) end
  function events.__unm(a) return M.fail('-%s: there is no such operator', M.describe(a)) end
  function events.__call(a) return M.fail('%s cannot be called', M.describe(a)) end
  return events
end

--- Is it a tensor on the CPU?
function M.istensor(v) return istype(tensor_ct, v) end

--- Require a tensor.
function M.tensor(name, n, v)
  if not istype(tensor_ct, v) then M.argument(name, n, 'a tensor', v) end
  return v
end

--- A dimension argument as a C dimension (from 0).
function M.dim(name, n, t, d)
  if type(d) ~= 'number' then d = M.integer(name, n, d) end
  if not (d >= 1 and d <= t.rank) then
    M.fail('%s: argument %d: dimension %s out of range for %s', name, n, ('%.14g'):format(d), M.describe(t))
  end
  return d - 1
end

return M
