--- The two ways of passing values: `threads.serialize` copies, `threads.sharedserialize` shares memory.
--
-- `save(v)` gives a CharStorage, `load(storage)` the value. What `threads.pack` cannot do goes through torch.File; then
-- the classes of storages and tds containers write addresses while sharing.
-- @module threads.scheme

local ffi = require 'ffi'
local C = require 'threads.ffi'
local class = require 'torch.class'
local pack = require 'threads.pack'
local save = require 'torch.save'
local types = require 'torch.types'

local M = {}

local address = ffi.typeof 'uintptr_t'
local noted -- what the parcel being written mentions

local function note(kind, object, handle)
  noted[#noted + 1] = {kind = kind, object = object, handle = handle}
end

-- -- storages and containers by address ------------------------------------------------------------------

local function write_storage(b, file)
  note(C.RK_HELD_STORAGE, b.mem, b)
  file:writeDouble(tonumber(ffi.cast(address, b.mem)))
end

local from = ffi.new 'struct rk_buffer'
local function read_storage(b, file)
  from.mem, from.dt = ffi.cast('struct rk_storage *', ffi.cast(address, file:readDouble())), b.dt
  C.rk_buffer_drop(b)
  C.rk_buffer_share(b, from)
  from.mem = nil
end

local function write_tds(v, file)
  note(C.RK_HELD_TDS, v.object, v)
  file:writeDouble(tonumber(ffi.cast(address, v.object)))
end

local function read_tds(v, file)
  C.rk_tds_drop(v.object)
  v.object = ffi.cast('struct rk_tds *', ffi.cast(address, file:readDouble()))
  C.rk_tds_hold(v.object)
end

local function each_class(f)
  for dt = 0, types.count - 1 do
    f(class.getmetatable('torch.' .. types.class[dt] .. 'Storage'), write_storage, read_storage)
  end
  if package.loaded['tds'] then
    for _, name in ipairs {'tds.Hash', 'tds.Vec', 'tds.AtomicCounter'} do
      f(class.getmetatable(name), write_tds, read_tds)
    end
  end
end

-- Run f while those classes write and read addresses.
local function by_address(f, ...)
  local before = {}
  each_class(function(mt, write, read)
    before[mt] = {rawget(mt, '__write'), rawget(mt, '__read')}
    rawset(mt, '__write', write)
    rawset(mt, '__read', read)
  end)
  local ok, result = pcall(f, ...)
  for mt, hooks in pairs(before) do
    rawset(mt, '__write', hooks[1])
    rawset(mt, '__read', hooks[2])
  end
  if not ok then error(result, 0) end
  return result
end

-- ---------------------------------------------------------------------------------------------------------

local function check(name, storage)
  if class.typename(storage) ~= 'torch.CharStorage' then
    error(('%s.load: argument 1: the CharStorage that save returned expected, got %s'):format(name,
      class.type(storage)), 3)
  end
end

local function read_file(storage)
  if package.loaded['tds'] == nil then pcall(require, 'tds') end
  return save.deserializeFromStorage(storage, 'binary', {functions = true})
end

--- A scheme under a name.
local function make(name, shared)
  local scheme = {}

  --- Bytes for a function or any other value.
  function scheme.save(v)
    local storage, why = pack.save(v, shared)
    if storage then return storage end
    local outer = noted
    noted = {}
    local ok, text
    if shared then
      ok, text = pcall(by_address, save.serialize, v, 'binary')
    else
      ok, text = pcall(save.serialize, v, 'binary')
    end
    local mine = noted
    noted = outer
    if not ok then
      error(('%s: this cannot be passed to another thread: %s (%s)'):format(name, tostring(text), why), 0)
    end
    return pack.enclose(text, mine)
  end

  --- The value.
  function scheme.load(storage)
    check(name, storage)
    if pack.is_packed(storage) then return pack.load(storage) end
    if shared then return by_address(read_file, storage) end
    return read_file(storage)
  end

  return scheme
end

M.copying = make('threads.serialize', false)
M.sharing = make('threads.sharedserialize', true)

return M
