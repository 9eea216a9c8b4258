--- Storages: one count on a block of memory and the element type it is read as.
-- Classes torch.ByteStorage ... torch.DoubleStorage. Two handles of one block are equal.
local ffi = require 'ffi'
local C = require 'torch.ffi'
local class = require 'torch.class'
local check = require 'torch.check'
local types = require 'torch.types'
local memory = require 'torch.memory'

local istype, pressure = ffi.istype, memory.pressure
local again, fail = check.again, check.fail

local M = { classes = {} }
local classes = M.classes
local ctype = ffi.typeof 'struct rk_buffer'
M.ctype = ctype

local read, write, pointers, size_of = types.read, types.write, types.pointer, types.size
local int64 = ffi.typeof 'int64_t'

local function who(dt, method)
  return types.class[dt] .. 'Storage' .. (method and '.' .. method or '')
end

local function fresh(dt, count, name)
  local b = ctype()
  local s = C.rk_buffer_init(b, dt, count)
  if s ~= 0 then again(s, name or who(dt), C.rk_buffer_init, b, dt, count) end
  pressure()
  return b
end
M.fresh = fresh

--- A LongStorage with the first n of an int64 array.
local LONG = types.of_class.Long
function M.longs(from, n)
  local b = fresh(LONG, n)
  if n > 0 then ffi.copy(b.mem.data, from, n * 8) end
  return b
end

-- A tensor header over the whole storage, for the conversions that work on tensors.
local header = require('torch.collect').header
local view = header()
local one = ffi.new('int64_t[1]')
local function as_tensor(b, t)
  t.dt = b.dt
  one[0] = C.rk_buffer_count(b)
  C.rk_tensor_set(t, b, 0, one[0] > 0 and 1 or 0, one, nil)
  return t
end

local function from_table(dt, from)
  local n = #from
  local b = fresh(dt, n)
  if n == 0 then return b end
  local values = ffi.new('double[?]', n)
  local longs
  for i = 1, n do
    local v = from[i]
    if type(v) ~= 'number' then
      if not check.isnumber(v) then
        fail('%s: argument 1: element %d: expected a number, got %s', who(dt), i, check.describe(v))
      end
      if istype(int64, v) then longs = true end
      v = tonumber(v)
    end
    values[i - 1] = v
  end
  as_tensor(b, view)
  C.rk_write_doubles(view, values, n)
  C.rk_tensor_drop(view)
  if longs then
    for i = 1, n do
      if istype(int64, from[i]) then write[dt](b.mem.data, i - 1, from[i]) end
    end
  end
  return b
end

-- A file as a storage: (path, [shared], [count = all], [offset in bytes]). With true in the last place, as in Torch7,
-- the name is one of shared memory: visible to other processes, on no disk. The name goes when the storage does.
local function mapped(dt, path, shared, count, offset)
  if shared ~= nil and type(shared) ~= 'boolean' and type(shared) ~= 'number' then
    check.argument(who(dt), 2, 'shared (true or false)', shared)
  end
  shared = shared == true or shared == 1
  count = count == nil and 0 or check.integer(who(dt), 3, count)
  local flag = shared and 1 or 0
  if offset == true then
    local name = path:match '^/?([^/]+)$'
    if not name then fail("%s: argument 1: '%s' is no name of shared memory (no /)", who(dt), path) end
    path, flag, offset = '/dev/shm/' .. name, 2, 0
  end
  offset = (offset == nil or offset == false) and 0 or check.integer(who(dt), 4, offset)
  local s = ctype()
  local status = C.rk_buffer_map(s, dt, path, flag, count, offset)
  if status ~= 0 then again(status, who(dt), C.rk_buffer_map, s, dt, path, flag, count, offset) end
  return s
end

ffi.cdef 'int rk_c_mincore(void *page, size_t bytes, unsigned char *pages) __asm__("mincore");'
local PAGE = 4096 -- of the least pages there are; a multiple of it begins any

-- Is there memory of this process at an address? mincore fails for what is not mapped.
local function is_mapped(address, bytes)
  local first = address - address % PAGE
  bytes = address + bytes - first
  if address < PAGE or address > 2 ^ 47 or bytes > 2 ^ 40 then return false end
  local pages = ffi.new('unsigned char[?]', math.ceil(bytes / PAGE) + 1)
  return ffi.C.rk_c_mincore(ffi.cast('void *', ffi.cast('intptr_t', first)), bytes, pages) == 0
end

-- Memory of others' as a storage: (count, pointer), or the pointer as a number, which `t:data(true)` gives.
local function wrapped(dt, n, pointer)
  n = check.integer(who(dt), 1, n)
  if check.isnumber(pointer) then
    local address = check.integer(who(dt), 2, pointer)
    if not is_mapped(address, n * size_of[dt]) then
      fail('%s: argument 2: expected an address of memory, such as t:data(true), got %.0f', who(dt), address)
    end
    pointer = ffi.cast('intptr_t', address)
  elseif class.typename(pointer) then -- a tensor, storage or generator here would hand out its header as memory
    check.argument(who(dt), 2, 'a pointer such as t:data()', pointer)
  end
  pointer = ffi.cast('void *', pointer)
  local s = ctype()
  local status = C.rk_buffer_wrap(s, dt, pointer, n, nil, nil)
  if status ~= 0 then again(status, who(dt), C.rk_buffer_wrap, s, dt, pointer, n, nil, nil) end
  return s
end

local function construct(dt, a, b, c, d)
  if class.isTypeOf(a, 'torch.Allocator') then a, b, c, d = b, c, d, nil end
  if a == nil then
    return fresh(dt, 0)
  elseif type(a) == 'number' then
    if b ~= nil and b ~= 0 and (check.isnumber(b) or class.luatype(b) == 'cdata') then return wrapped(dt, a, b) end
    return fresh(dt, check.integer(who(dt), 1, a))
  elseif type(a) == 'table' and not getmetatable(a) then
    return from_table(dt, a)
  elseif type(a) == 'string' then
    return mapped(dt, a, b, c, d)
  elseif istype(ctype, a) then
    if a.dt ~= dt then check.argument(who(dt), 1, who(dt), a) end
    local count = tonumber(C.rk_buffer_count(a))
    local first = b == nil and 1 or check.integer(who(dt), 2, b)
    local length = c == nil and count - first + 1 or check.integer(who(dt), 3, c)
    local s = ctype()
    s.dt = dt
    local status = C.rk_buffer_part(s, a, first - 1, length)
    if status ~= 0 then again(status, who(dt), C.rk_buffer_part, s, a, first - 1, length) end
    return s
  end
  return check.argument(who(dt), 1, 'a size, a table, a file name or a ' .. who(dt), a)
end
M.construct = construct

-- -- methods -------------------------------------------------------------------------

local methods = {}

local function count(b) return tonumber(C.rk_buffer_count(b)) end

--- Number of elements; also `#s`.
methods.size = count

--- Bytes of one element.
function methods.elementSize(b) return size_of[b.dt] end

--- Name of the class; with a name: the elements converted to another type (the same object when equal).
function methods.type(b, name)
  if name == nil then return classes[b.dt].__typename end
  local dt = type(name) == 'string' and types.of_class[name:match '^torch%.(%w+)Storage$' or '']
  if not dt then check.argument('Storage.type', 2, 'the name of a storage class', name) end
  if dt == b.dt then return b end
  return methods.copy(fresh(dt, count(b)), b)
end

--- Copy from a storage of the same size and any type.
function methods.copy(b, from)
  if not istype(ctype, from) then check.argument(who(b.dt, 'copy'), 2, 'a storage', from) end
  if count(b) ~= count(from) then
    fail('%s: argument 2: expected a storage of %d, got %s', who(b.dt, 'copy'), count(b), check.describe(from))
  end
  if count(b) == 0 then return b end
  local to, source = as_tensor(b, header()), as_tensor(from, header())
  local s = C.rk_copy(to, source)
  if s ~= 0 then again(s, who(b.dt, 'copy'), C.rk_copy, to, source) end
  return b
end

--- Set all elements to a number.
function methods.fill(b, v)
  if count(b) == 0 then return b end
  local t = as_tensor(b, header())
  if istype(int64, v) then
    C.rk_fill_long(t, v)
  else
    C.rk_fill(t, check.number(who(b.dt, 'fill'), 2, v))
  end
  return b
end

--- Change the number of elements; the leading ones stay.
function methods.resize(b, n)
  n = check.integer(who(b.dt, 'resize'), 2, n)
  local s = C.rk_buffer_resize(b, n)
  if s ~= 0 then again(s, who(b.dt, 'resize'), C.rk_buffer_resize, b, n) end
  pressure()
  return b
end

--- The elements as a Lua table.
function methods.totable(b)
  local t, dt = {}, b.dt
  for i = 1, count(b) do t[i] = read[dt](b.mem.data, i - 1) end
  return t
end

--- Byte and Char storages: the content as a Lua string; with a string: set content and size.
local function text(b, s)
  if s == nil then
    local n = count(b)
    return n == 0 and '' or ffi.string(ffi.cast('const char *', b.mem.data), n)
  end
  if type(s) ~= 'string' then check.argument(who(b.dt, 'string'), 2, 'a string', s) end
  methods.resize(b, #s)
  if #s > 0 then ffi.copy(b.mem.data, s, #s) end
  return b
end

--- Pointer to the first element; `true` gives the address as a number.
function methods.data(b, asnumber)
  local p = ffi.cast(pointers[b.dt], b.mem ~= nil and b.mem.data or nil)
  if asnumber then return tonumber(ffi.cast('uintptr_t', p)) end
  return p
end

--- Pointer to the library's own structure.
function methods.cdata(b, asnumber)
  local p = ffi.cast('struct rk_buffer *', b)
  if asnumber then return tonumber(ffi.cast('uintptr_t', p)) end
  return p
end

--- A count more; kept for programs that pass storages through C. Counts are otherwise the library's own affair.
function methods.retain() end

--- Give the memory back at once instead of when the collector finds it; the storage is empty afterwards.
function methods.free(b) C.rk_buffer_drop(b) end

for dt = 0, types.count - 1 do
  local name = types.class[dt]
  local mt = class.newmetatable('torch.' .. name .. 'Storage', nil, function(...) return construct(dt, ...) end, nil,
    function() return fresh(dt, 0) end)
  for k, f in pairs(methods) do mt[k] = f end
  if name == 'Byte' or name == 'Char' then mt.string = text end
  for to = 0, types.count - 1 do
    local other = types.class[to]
    mt[other:lower()] = function(b) return methods.type(b, 'torch.' .. other .. 'Storage') end
  end
  mt.real = function(b)
    return methods.type(b, 'torch.' .. types.class[require 'torch.tensor'.default] .. 'Storage')
  end
  mt.new = function(...) return construct(dt, ...) end
  mt.__tostring__ = function(b) return require 'torch.print'.storage(b) end
  classes[dt] = mt
end

-- -- the ctype ------------------------------------------------------------------------

local function out_of_range(b, k)
  if type(k) == 'number' then fail('%s: index %.14g out of range 1..%d', who(b.dt), k, count(b)) end
end

local function index(b, k)
  if type(k) == 'number' then
    local n = b.mem == nil and 0 or tonumber(b.mem.bytes) / size_of[b.dt] -- in doubles: k may be anything
    if not (k >= 1 and k < n + 1) then out_of_range(b, k) end
    return read[b.dt](b.mem.data, k - 1)
  end
  local m = classes[b.dt][k]
  if m == nil then return require 'torch.missing'(b, k, who(b.dt), classes[b.dt]) end
  return m
end

local function newindex(b, k, v)
  if type(k) ~= 'number' then fail('%s: cannot set field %s: a storage has only elements', who(b.dt), tostring(k)) end
  local n = b.mem == nil and 0 or tonumber(b.mem.bytes) / size_of[b.dt] -- in doubles: k may be anything
  if not (k >= 1 and k < n + 1) then out_of_range(b, k) end
  if type(v) ~= 'number' and not istype(int64, v) then v = check.number(who(b.dt), 2, v) end
  write[b.dt](b.mem.data, k - 1, v)
end

local events = check.without_operators()
events.__gc = require('torch.collect').buffer
events.__index = index
events.__newindex = newindex
events.__len = count
function events.__tostring(b) return classes[b.dt].__tostring__(b) end
function events.__eq(a, b) return istype(ctype, a) and istype(ctype, b) and a.mem == b.mem and a.dt == b.dt end
ffi.metatype(ctype, events)

class.register_ctype(ctype, function(b)
  local mt = classes[b.dt]
  return mt.__typename, mt
end, function(b)
  return tonumber(ffi.cast('uintptr_t', b.mem))
end)

return M
