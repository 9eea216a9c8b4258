--- Values as bytes and back, for passing them between Lua states of this process.
--
-- Numbers, strings, booleans, int64, tables with all that they share, functions with their upvalues (shared ones stay
-- shared), tensors, storages, generators, objects of classes without a `write` of their own, mutexes, queues and tds
-- containers. What is known by name (`threads.names`) goes by name. `by reference`: tensors and storages share their
-- memory with the sender; otherwise it is copied. What this file cannot do (classes that write themselves, very deep
-- nesting) it refuses, and torch.File does it (`threads.serialize`).
--
-- Objects that may be met again are numbered in the order of first sight, which is the same on both sides.
-- @module threads.pack

local ffi = require 'ffi'
local C = require 'threads.ffi'
local class = require 'torch.class'
local names = require 'threads.names'
local types = require 'torch.types'
local collect = require 'torch.collect'
local sync = require 'threads.sync'

local istype, cast, copy = ffi.istype, ffi.cast, ffi.copy
local type, next, rawget, tonumber = class.luatype, next, rawget, tonumber
local getmeta, getupvalue, upvalueid = debug.getmetatable, debug.getupvalue, debug.upvalueid

local M = {}

local NIL, FALSE, TRUE, NUMBER, STRING, TABLE, AGAIN, FUNCTION, NAMED, OBJECT, INT64, UINT64, TENSOR, SHARED_TENSOR,
  STORAGE, SHARED_STORAGE, GENERATOR, SYNC, TDS, HOOKED =
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19
local MAGIC = 0xF7 -- no file of torch begins with it
local DEEPEST = 800

local tensor_ct, buffer_ct, random_ct = ffi.typeof 'struct rk_tensor', ffi.typeof 'struct rk_buffer',
  ffi.typeof 'struct rk_random'
local int64_ct, uint64_ct = ffi.typeof 'int64_t', ffi.typeof 'uint64_t'
local doubles, ints, longs = ffi.typeof 'double *', ffi.typeof 'int32_t *', ffi.typeof 'int64_t *'
local tds_ct = {ffi.typeof 'struct rk_hash_handle', ffi.typeof 'struct rk_vec_handle',
  ffi.typeof 'struct rk_counter_handle'}
local CHAR = types.of_class.Char

-- ---------------------------------------------------------------------------------------------------------
-- Writing
-- ---------------------------------------------------------------------------------------------------------

local room = 4096
local bytes = ffi.new('uint8_t[?]', room) -- of the parcel being made
local at = 0
local seen, count, upvalues, nupvalues, shared
local holds, nholds, hold_room = ffi.new 'struct rk_hold[16]', 0, 16

local function refuse(why) error({refused = why}, 0) end

local function need(n)
  if at + n <= room then return end
  local bigger = math.max(2 * room, at + n)
  local fresh = ffi.new('uint8_t[?]', bigger)
  copy(fresh, bytes, at)
  bytes, room = fresh, bigger
end

local function hold(kind, object)
  if nholds == hold_room then
    local fresh = ffi.new('struct rk_hold[?]', 2 * hold_room)
    copy(fresh, holds, nholds * ffi.sizeof 'struct rk_hold')
    holds, hold_room = fresh, 2 * hold_room
  end
  holds[nholds].kind, holds[nholds].object = kind, object
  nholds = nholds + 1
end

local function put_code(code)
  need(1)
  bytes[at] = code
  at = at + 1
end
local function put_int(n)
  need(4)
  cast(ints, bytes + at)[0] = n
  at = at + 4
end
local function put_longs(from, n)
  need(8 * n)
  copy(bytes + at, from, 8 * n)
  at = at + 8 * n
end
local function put_pointer(p)
  need(8)
  cast('void **', bytes + at)[0] = p
  at = at + 8
end
local function put_text(text)
  local n = #text
  need(n + 4)
  cast(ints, bytes + at)[0] = n
  copy(bytes + at + 4, text, n)
  at = at + 4 + n
end

-- True when the object was met before, and is written as its number.
local function again(object)
  local index = seen[object]
  if index then
    put_code(AGAIN)
    put_int(index)
    return true
  end
  count = count + 1
  seen[object] = count
end

local function put_storage(b)
  if b.mem == nil then refuse 'a storage that was freed' end
  local key = tonumber(cast('uintptr_t', b.mem)) * 16 + b.dt -- below 2^53: user space ends at 2^47
  if again(key) then return end
  put_code(shared and SHARED_STORAGE or STORAGE)
  put_code(b.dt)
  if shared then
    hold(C.RK_HELD_STORAGE, b.mem)
    return put_pointer(b.mem)
  end
  local n = tonumber(b.mem.bytes)
  need(n + 8)
  cast(doubles, bytes + at)[0] = n
  if n > 0 then copy(bytes + at + 8, b.mem.data, n) end
  at = at + 8 + n
end

-- Storages go by their addresses. In a `write` they may be made for the occasion: an entry keeps each alive until the
-- parcel holds it, and nothing else comes to its address.
local depth_of_hook = 0
local a_buffer = ffi.new 'struct rk_buffer'
local function put_tensor(t)
  if again(t) then return end
  collect.own(t)
  put_code(shared and SHARED_TENSOR or TENSOR)
  put_code(t.dt)
  put_code(t.rank)
  local rank = t.rank
  need(8)
  cast(longs, bytes + at)[0] = t.start
  at = at + 8
  put_longs(t.extent, rank)
  put_longs(t.step, rank)
  if t.mem == nil then return put_code(NIL) end
  if depth_of_hook > 0 then seen[t:storage()] = true end
  a_buffer.mem, a_buffer.dt = t.mem, t.dt
  put_storage(a_buffer)
  a_buffer.mem = nil -- borrowed
end

local function put_cdata(v)
  if istype(tensor_ct, v) then
    return put_tensor(v)
  elseif istype(buffer_ct, v) then
    seen[v] = true
    return put_storage(v)
  elseif istype(int64_ct, v) or istype(uint64_ct, v) then
    put_code(istype(int64_ct, v) and INT64 or UINT64)
    need(8)
    cast(longs, bytes + at)[0] = cast(int64_ct, v)
    at = at + 8
    return
  elseif istype(random_ct, v) then
    if again(v) then return end
    put_code(GENERATOR)
    need(ffi.sizeof(random_ct))
    copy(bytes + at, v, ffi.sizeof(random_ct))
    at = at + ffi.sizeof(random_ct)
    return
  elseif istype(sync.ctype, v) then
    if v.object == nil then refuse(tostring(v)) end
    if again(v) then return end
    put_code(SYNC)
    put_code(v.kind)
    hold(C.RK_HELD_SYNC, v.object)
    return put_pointer(v.object)
  end
  for kind = 1, 3 do
    if istype(tds_ct[kind], v) then
      if v.object == nil or not shared then refuse 'a tds container' end
      if again(v) then return end
      put_code(TDS)
      put_code(kind)
      hold(C.RK_HELD_TDS, v.object)
      return put_pointer(v.object)
    end
  end
  refuse 'cdata'
end

local put

-- What the `write` of a class gets in place of a file: objects and single numbers go into the parcel; a class that
-- wants more of a file is left to torch.File.
local writer, reader = {}, {}
for _, name in ipairs {'Byte', 'Char', 'Short', 'Int', 'Long', 'Float', 'Double', 'Bool'} do
  writer['write' .. name] = function(_, v)
    if type(v) ~= 'number' and type(v) ~= 'boolean' then refuse('a ' .. class.type(v)) end
    put(v, 1)
    return 1
  end
end
function writer.writeObject(_, v) put(v, depth_of_hook + 1) end
setmetatable(writer, {__index = function(_, name) refuse('file:' .. tostring(name)) end})

-- As torch.File chooses: `__write` before `write`.
local function hook_of(mt, name)
  local f = mt['__' .. name]
  if type(f) ~= 'function' then f = mt[name] end
  return type(f) == 'function' and f or nil
end

local function put_hooked(t, mt, write, depth)
  if not hook_of(mt, 'read') then refuse(mt.__typename) end
  put_code(HOOKED)
  put_text(mt.__typename)
  local outer = depth_of_hook
  depth_of_hook = depth
  local ok, why = pcall(write, t, writer)
  depth_of_hook = outer
  if not ok then error(why, 0) end
end

local function put_entries(t, depth)
  local place, n = at, 0
  put_int(0)
  for k, v in next, t do
    put(k, depth)
    put(v, depth)
    n = n + 1
  end
  cast(ints, bytes + place)[0] = n
end

local function put_table(t, depth)
  local mt = getmeta(t)
  local name = names.of(t)
  if name then
    put_code(NAMED)
    return put_text(name)
  end
  name = type(mt) == 'table' and rawget(mt, '__typename')
  if name and class.typename(t) then
    if again(t) then return end
    local write = hook_of(mt, 'write')
    if write then return put_hooked(t, mt, write, depth + 1) end
    if hook_of(mt, 'read') then refuse(name) end
    put_code(OBJECT)
    put_text(name)
  else
    if again(t) then return end
    put_code(TABLE)
  end
  put_entries(t, depth + 1)
end

local function put_function(f, depth)
  local name = names.of(f)
  if name then
    put_code(NAMED)
    return put_text(name)
  end
  if again(f) then return end
  local ok, dumped = pcall(string.dump, f)
  if not ok then refuse 'a function in C' end
  put_code(FUNCTION)
  put_text(dumped)
  local i, place = 0, at
  put_int(0)
  while true do
    local upvalue, value = getupvalue(f, i + 1)
    if not upvalue then break end
    i = i + 1
    local id = upvalueid(f, i)
    local number = upvalues[id]
    if number then
      put_int(number)
    else
      nupvalues = nupvalues + 1
      upvalues[id] = nupvalues
      put_int(nupvalues)
      put(value, depth + 1)
    end
  end
  cast(ints, bytes + place)[0] = i
end

function put(v, depth)
  local kind = type(v)
  if kind == 'number' then
    need(9)
    bytes[at] = NUMBER
    cast(doubles, bytes + at + 1)[0] = v
    at = at + 9
  elseif kind == 'string' then
    put_code(STRING)
    put_text(v)
  elseif kind == 'boolean' then
    put_code(v and TRUE or FALSE)
  elseif kind == 'nil' then
    put_code(NIL)
  elseif depth > DEEPEST then
    refuse 'deep nesting'
  elseif kind == 'table' then
    put_table(v, depth)
  elseif kind == 'function' then
    put_function(v, depth)
  elseif kind == 'cdata' then
    put_cdata(v)
  else
    refuse('a ' .. kind)
  end
end

local function begin(by_reference)
  names.refresh()
  seen, count, upvalues, nupvalues, shared = {}, 0, {}, 0, by_reference
  nholds, at = 0, 0
end

--- A CharStorage of n bytes that keeps what was noted alive.
local function parcel(from, n)
  local b = buffer_ct()
  if C.rk_parcel_new(b, CHAR, from, n, holds, nholds) ~= 0 then error(ffi.string(C.rk_error()), 0) end
  return b
end

local function attempt(v, by_reference)
  for try = 1, 2 do
    begin(by_reference)
    put_code(MAGIC)
    local ok, why = pcall(put, v, 1)
    if ok then
      return parcel(bytes, at)
    elseif type(why) ~= 'table' or not why.refused then
      error(why, 0)
    elseif try == 2 then
      return nil, why.refused
    end
    names.renew() -- a function loaded on first mention may have a name by now
  end
end

local busy = false

--- Pack a value; nil and the reason when this packer cannot.
-- @param v the value
-- @bool by_reference share the memory of tensors, storages and tds containers
-- @return CharStorage
function M.save(v, by_reference)
  -- a finalizer may run in the middle of another parcel, and make one
  local outer = busy
  local o_bytes, o_room, o_at, o_seen, o_count, o_upvalues, o_nupvalues, o_shared, o_holds, o_nholds, o_hold_room =
    bytes, room, at, seen, count, upvalues, nupvalues, shared, holds, nholds, hold_room
  if outer or room > 2 ^ 20 then
    bytes, room, holds, hold_room = ffi.new('uint8_t[?]', 4096), 4096, ffi.new 'struct rk_hold[16]', 16
  end
  busy = true
  local ok, b, why = pcall(attempt, v, by_reference)
  busy = outer
  if outer then
    bytes, room, at, seen, count, upvalues, nupvalues, shared, holds, nholds, hold_room =
      o_bytes, o_room, o_at, o_seen, o_count, o_upvalues, o_nupvalues, o_shared, o_holds, o_nholds, o_hold_room
  else
    seen, upvalues = nil, nil
  end
  if not ok then error(b, 0) end
  return b, why
end

--- Bytes of another form, with the list of what they mention by address: {kind, object}.
function M.enclose(text, noted)
  local list, b = ffi.new('struct rk_hold[?]', math.max(1, #noted)), buffer_ct()
  for i, each in ipairs(noted) do list[i - 1].kind, list[i - 1].object = each.kind, each.object end
  if C.rk_parcel_new(b, CHAR, text, #text, list, #noted) ~= 0 then error(ffi.string(C.rk_error()), 0) end
  return b
end

-- ---------------------------------------------------------------------------------------------------------
-- Reading
-- ---------------------------------------------------------------------------------------------------------

local p, objects, nobjects, joined, njoined

local function get_int()
  local n = cast(ints, p)[0]
  p = p + 4
  return n
end
local function get_text()
  local n = get_int()
  local text = ffi.string(p, n)
  p = p + n
  return text
end
local function get_pointer()
  local v = cast('void **', p)[0]
  p = p + 8
  return v
end
local function keep(object)
  nobjects = nobjects + 1
  objects[nobjects] = object
  return object
end
local function get_code()
  local code = p[0]
  p = p + 1
  return code
end

local get
local readers = {}

local function check(status)
  if status ~= 0 then error(ffi.string(C.rk_error()), 0) end
end

readers[NIL] = function() end
readers[FALSE] = function() return false end
readers[TRUE] = function() return true end
readers[STRING] = get_text
readers[AGAIN] = function() return objects[get_int()] end
readers[NAMED] = function() return names.find(get_text()) end

readers[NUMBER] = function()
  local v = cast(doubles, p)[0]
  p = p + 8
  return v == v and v or 0 / 0
end

local function get_entries(t)
  for _ = 1, get_int() do
    local k = get()
    t[k] = get()
  end
  return t
end

readers[TABLE] = function() return get_entries(keep {}) end

local function make_object(name)
  local package_ = name:match '^([^.]+)%.'
  local mt = class.getmetatable(name)
  if not mt and package_ and package.loaded[package_] == nil and names.is_ours(package_) then
    require(package_)
    mt = class.getmetatable(name)
  end
  local make = mt and rawget(mt, '__factory')
  if not make then
    error(('unknown Torch class <%s>: require the package that defines it in this thread, such as in an init '
      .. 'function of the pool'):format(name), 0)
  end
  return keep(make()), mt
end

readers[OBJECT] = function() return get_entries((make_object(get_text()))) end

for _, name in ipairs {'Byte', 'Char', 'Short', 'Int', 'Long', 'Float', 'Double', 'Bool', 'Object'} do
  reader['read' .. name] = function() return (get()) end
end
readers[HOOKED] = function()
  local object, mt = make_object(get_text())
  hook_of(mt, 'read')(object, reader, mt.__version)
  return object
end

readers[FUNCTION] = function()
  local f, why = loadstring(get_text())
  if not f then error(why, 0) end
  keep(f)
  for i = 1, get_int() do
    local id = get_int()
    local first = joined[id]
    if first then
      debug.upvaluejoin(f, i, first[1], first[2])
    else
      if id ~= njoined + 1 then error('damaged: upvalue out of order', 0) end
      njoined = id
      joined[id] = {f, i}
      debug.setupvalue(f, i, (get()))
    end
  end
  return f
end

local function integer_reader(ctype)
  return function()
    local v = cast(ctype, cast(longs, p)[0])
    p = p + 8
    return v
  end
end
readers[INT64], readers[UINT64] = integer_reader(int64_ct), integer_reader(uint64_ct)

readers[GENERATOR] = function()
  local g = random_ct()
  copy(g, p, ffi.sizeof(random_ct))
  p = p + ffi.sizeof(random_ct)
  return keep(g)
end

readers[SHARED_STORAGE] = function()
  local dt = get_code()
  a_buffer.mem, a_buffer.dt = get_pointer(), dt
  local b = keep(buffer_ct())
  local status = C.rk_buffer_share(b, a_buffer)
  a_buffer.mem = nil
  check(status)
  return b
end

readers[STORAGE] = function()
  local dt = get_code()
  local n = cast(doubles, p)[0]
  p = p + 8
  local b = keep(buffer_ct())
  check(C.rk_buffer_init(b, dt, n / types.size[dt]))
  if n > 0 then copy(b.mem.data, p, n) end
  p = p + n
  return b
end

local dims = ffi.typeof('int64_t[' .. C.RK_MAX_DIMS .. ']')
local function get_tensor()
  local t = keep(collect.header())
  t.dt = get_code()
  local rank = get_code()
  local start = cast(longs, p)[0]
  local shape, step = dims(), dims()
  copy(shape, p + 8, 8 * rank)
  copy(step, p + 8 + 8 * rank, 8 * rank)
  p = p + 8 + 16 * rank
  local storage = get()
  if storage ~= nil then check(C.rk_tensor_set(t, storage, start, rank, shape, step)) end
  return t
end
readers[TENSOR], readers[SHARED_TENSOR] = get_tensor, get_tensor

readers[SYNC] = function()
  local kind = get_code()
  return keep(sync.adopt(kind, get_pointer()))
end

readers[TDS] = function()
  local kind = get_code()
  require 'tds'
  local v = keep(tds_ct[kind]())
  v.object = cast('struct rk_tds *', get_pointer())
  C.rk_tds_hold(v.object)
  return v
end

function get()
  local code = p[0]
  p = p + 1
  return readers[code]()
end

--- Was this storage made by `save`?
function M.is_packed(storage)
  return storage.mem ~= nil and storage.mem.bytes > 1 and cast('uint8_t *', storage.mem.data)[0] == MAGIC
end

--- Unpack what `save` packed.
function M.load(storage)
  if C.rk_parcel_holds(storage) < 0 then
    error('threads: these bytes were copied out of the storage that came from save; pass on that storage itself', 0)
  end
  local o_p, o_objects, o_nobjects, o_joined, o_njoined = p, objects, nobjects, joined, njoined
  p, objects, nobjects, joined, njoined = cast('uint8_t *', storage.mem.data) + 1, {}, 0, {}, 0
  local ok, v = pcall(get)
  p, objects, nobjects, joined, njoined = o_p, o_objects, o_nobjects, o_joined, o_njoined
  if not ok then error(v, 0) end
  return v
end

return M
