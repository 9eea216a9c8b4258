--- The element types, as the library lists them: names, sizes, C pointers, and
-- how an element becomes a Lua value. Everything here is indexed by dtype number.
local ffi = require 'ffi'
local C = require 'torch.ffi'

local M = {
  count = C.RK_NDTYPES, -- number of dtypes
  class = {}, -- "Float"
  name = {}, -- "float32"
  size = {}, -- bytes of an element
  float = {}, -- true for floating types
  pointer = {}, -- ctype `float *`; uint16_t * for the half types
  read = {}, -- read(data, offset) -> Lua number, or int64 where a number would round
  direct = {}, -- true where `pointer[dt]` elements are Lua numbers as they are
  write = {}, -- write(data, offset, number or int64), converting as C does
  anchors = {}, -- what the collector must not take while C points to it
  of_class = {}, -- "Float" -> dtype number
}

local ctypes = {
  uint8 = 'uint8_t *', int8 = 'int8_t *', int16 = 'int16_t *', int32 = 'int32_t *', int64 = 'int64_t *',
  float32 = 'float *', float64 = 'double *',
}

-- Beyond these a double may be a rounded integer.
local EXACT = 2 ^ 53

--- An int64 as a Lua number while that is exact, else as it is.
local function long(v)
  if v <= EXACT and v >= -EXACT then return tonumber(v) end
  return v
end
M.long = long

local function reader(pointer)
  return function(data, offset) return tonumber(ffi.cast(pointer, data)[offset]) end
end

-- LuaJIT keeps types in the bits of NaNs and does not check what it loads: a negative NaN other than the usual one
-- would become a nil, or a string at a wild address. So the upper word is looked at before a float is loaded.
local words = ffi.typeof 'uint32_t *'
local upper = ffi.abi 'le' and 1 or 0
local NAN = 0 / 0

local function float_reader(pointer)
  return function(data, offset)
    if ffi.cast(words, data)[offset] > 0xffc00000 then return NAN end
    return tonumber(ffi.cast(pointer, data)[offset])
  end
end

local function double_reader(pointer)
  return function(data, offset)
    if ffi.cast(words, data)[offset * 2 + upper] >= 0xfff80000 then return NAN end
    return tonumber(ffi.cast(pointer, data)[offset])
  end
end

local readers = { float32 = float_reader, float64 = double_reader }

local function long_reader(pointer)
  return function(data, offset)
    local v = ffi.cast(pointer, data)[offset]
    if v <= EXACT and v >= -EXACT then return tonumber(v) end
    return v + 0LL -- a copy: the element itself may change
  end
end

local function writer(pointer)
  return function(data, offset, v) ffi.cast(pointer, data)[offset] = v end
end

-- Half types go through the library's own conversion, on a header over the one element.
local function half_access(dt)
  local t, storage, value = ffi.new 'struct rk_tensor', ffi.new 'struct rk_storage', ffi.new 'struct rk_value'
  t.dt, t.rank, t.mem = dt, 1, storage
  t.extent[0], t.step[0] = 1, 1
  storage.bytes, storage.refs = 2, 2
  local bytes, shorts = ffi.typeof 'char *', ffi.typeof 'uint16_t *'
  local limit = ffi.string(C.rk_dtype_name(dt)) == 'float16' and 0xfe00 or 0xffc0 -- as for floats
  local function read(data, offset)
    if ffi.cast(shorts, data)[offset] > limit then return NAN end
    storage.data = ffi.cast(bytes, ffi.cast(shorts, data) + offset) -- an offset's fraction is dropped
    C.rk_peek(t, 0, value)
    return value.f
  end
  local function write(data, offset, v)
    storage.data = ffi.cast(bytes, ffi.cast(shorts, data) + offset) -- an offset's fraction is dropped
    C.rk_poke(t, 0, tonumber(v), 0)
  end
  M.anchors[#M.anchors + 1] = storage
  return read, write
end

for dt = 0, M.count - 1 do
  local name = ffi.string(C.rk_dtype_name(dt))
  M.name[dt] = name
  M.class[dt] = ffi.string(C.rk_dtype_class(dt))
  M.of_class[M.class[dt]] = dt
  M.size[dt] = C.rk_dtype_size(dt)
  M.float[dt] = C.rk_dtype_is_float(dt) ~= 0
  M.pointer[dt] = ffi.typeof(ctypes[name] or 'uint16_t *')
  M.direct[dt] = ctypes[name] ~= nil and name ~= 'int64' and not M.float[dt]
  if name == 'int64' then
    M.read[dt], M.write[dt] = long_reader(M.pointer[dt]), writer(M.pointer[dt])
  elseif ctypes[name] then
    M.read[dt], M.write[dt] = (readers[name] or reader)(M.pointer[dt]), writer(M.pointer[dt])
  else
    M.read[dt], M.write[dt] = half_access(dt)
  end
end

--- The double that a function of the library left in a double[1] or at the head of an rk_value.
function M.number(box)
  if ffi.cast(words, box)[upper] >= 0xfff80000 then return NAN end
  return ffi.cast(M.pointer[M.of_class.Double], box)[0]
end

--- Make the NaNs of an array of n doubles fit to be loaded.
function M.clean(values, n)
  local w = ffi.cast(words, values)
  for i = 0, n - 1 do
    if w[2 * i + upper] >= 0xfff80000 then values[i] = NAN end
  end
end

--- An rk_value of a dtype as a Lua number (int64 where a number would round).
function M.value(dt, v)
  if M.float[dt] then return M.number(v) end
  return long(v.i + 0LL)
end

return M
