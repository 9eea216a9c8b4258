--- torch.File and its kinds: DiskFile, MemoryFile, PipeFile.
--
-- One class does everything; the kinds differ in the stream they open (`torch.stream`). Objects are read and written
-- by `torch.serialize`, which adds `readObject` and `writeObject` to torch.File.
--
-- A fresh file is in ascii mode, as in Torch7. In ascii mode (autoSpacing on) elements are separated by blanks and
-- every write ends with a newline; bytes, chars and strings are raw. Positions count from 1.
--
-- A pedantic file (the default) raises an error that names the file, the byte and the cause; a quiet one keeps a flag
-- (`hasError`) and reads 0. What a file says about sizes is checked against what is left of it before memory is taken.
-- @module torch.file

local ffi = require 'ffi'
local class = require 'torch.class'
local stream = require 'torch.stream'
local ascii = require 'torch.ascii'

local types = ascii.types
local tonumber, type = tonumber, class.luatype

local M = {}

-- ---------------------------------------------------------------------------------------------------------
-- Errors
-- ---------------------------------------------------------------------------------------------------------

local function fail(self, what, fmt, ...)
  local s = self._stream
  local where = s and (': byte %d'):format(s:tell() + 1) or ''
  error(('%s: %s%s: %s'):format(what, self._name, where, fmt:format(...)), 3)
end

-- Stream of a file that is open for "read" or "write".
local function opened(self, what, direction)
  local s = type(self) == 'table' and self._stream
  if not s then
    local name = class.isTypeOf(self, 'torch.File') and self._name
    error(('%s: %s: attempt to use %s'):format(what, name or M.describe(self),
      name and 'a closed file' or 'what is not an open file'), 3)
  elseif direction == 'read' and not self._reads then
    error(('%s: %s: attempt to read in a write-only file'):format(what, self._name), 3)
  elseif direction == 'write' and not self._writes then
    error(('%s: %s: attempt to write in a read-only file'):format(what, self._name), 3)
  end
  return s
end

--- Name of what is not a file, for messages.
function M.describe(obj)
  return ('<%s>'):format(class.type(obj))
end

local function short(self, what, verb, got, wanted)
  self._failed = true
  if not self._quiet then
    local why = verb == 'write' and ': ' .. stream.system_error() or ''
    error(('%s: %s: byte %d: %s error: %s %d blocks instead of %d%s'):format(what, self._name, self._stream:tell() + 1,
      verb, verb == 'read' and 'read' or 'wrote', got, wanted, why), 4)
  end
end

-- ---------------------------------------------------------------------------------------------------------
-- Raw elements
-- ---------------------------------------------------------------------------------------------------------

local function swap_bytes(data, n, size)
  local p = ffi.cast('uint8_t *', data)
  for i = 0, n - 1 do
    for k = 0, size / 2 - 1 do
      local a, b = i * size + k, i * size + size - 1 - k
      p[a], p[b] = p[b], p[a]
    end
  end
end

-- Bytes of one element on disk
local function disk_size(self, kind)
  if kind.name == 'Long' then
    return self._long
  end
  return kind.size
end

-- Longs of 4 bytes on disk go through a buffer.
local function read_short_longs(self, s, data, n)
  local buffer, got = ffi.new('int32_t[1024]'), 0
  while got < n do
    local want = math.min(1024, n - got)
    local count = math.floor(s:read(buffer, want * 4) / 4)
    if self._swap then
      swap_bytes(buffer, count, 4)
    end
    for i = 0, count - 1 do
      data[got + i] = buffer[i]
    end
    got = got + count
    if count < want then
      break
    end
  end
  return got
end

local function write_short_longs(self, s, data, n)
  local buffer, done = ffi.new('int32_t[1024]'), 0
  while done < n do
    local count = math.min(1024, n - done)
    for i = 0, count - 1 do
      local v = data[done + i]
      buffer[i] = v
      if buffer[i] ~= v then
        fail(self, 'writeLong', '%s does not fit into the 4 bytes of longSize(4)', tostring(v))
      end
    end
    if self._swap then
      swap_bytes(buffer, count, 4)
    end
    local wrote = math.floor(s:write(buffer, count * 4) / 4)
    done = done + wrote
    if wrote < count then
      break
    end
  end
  return done
end

-- In ascii mode the newline that ended a write belongs to it.
local function end_of_read(self, s, n)
  if self._spacing and n > 0 then
    local c = s:getc()
    if c ~= 10 and c >= 0 then
      s:ungetc(c)
    end
  end
end

-- Read n elements into memory; returns how many there were.
local function read_elements(self, s, kind, data, n)
  if not self._binary then
    local got
    if kind.text then
      got = ascii.read(s, kind, data, n)
    else
      got = s:read(data, n)
    end
    end_of_read(self, s, n)
    return got
  end
  local size = disk_size(self, kind)
  if size ~= kind.size then
    return read_short_longs(self, s, data, n)
  end
  local got = s:read(data, n * size)
  if size > 1 then
    got = (got - got % size) / size
    if self._swap then
      swap_bytes(data, got, size)
    end
  end
  return got
end

local SWAP_CHUNK = 65536

local function write_elements(self, s, kind, data, n)
  if not self._binary then
    local wrote
    if kind.text then
      wrote = ascii.write(s, kind, data, n, self._spacing and ' ' or '')
    else
      wrote = s:write(data, n)
    end
    if self._spacing and n > 0 then
      s:write('\n', 1)
    end
    return wrote
  end
  local size = disk_size(self, kind)
  if size ~= kind.size then
    return write_short_longs(self, s, data, n)
  end
  if not self._swap or size == 1 then
    return math.floor(s:write(data, n * size) / size)
  end
  local buffer, done = ffi.new('uint8_t[?]', SWAP_CHUNK), 0
  local room = SWAP_CHUNK / size
  while done < n do
    local count = math.min(room, n - done)
    ffi.copy(buffer, ffi.cast('uint8_t *', data) + done * size, count * size)
    swap_bytes(buffer, count, size)
    local wrote = math.floor(s:write(buffer, count * size) / size)
    done = done + wrote
    if wrote < count then
      break
    end
  end
  return done
end

--- Least number of bytes that n elements can take in this file.
local function least_bytes(self, kind, n)
  if self._binary then
    return n * disk_size(self, kind)
  elseif kind.text then
    return math.max(0, 2 * n - 1)
  end
  return n
end

-- Would n elements fit into what is left? nil when they would (or nobody knows), else the bytes left.
local function too_many(self, s, kind, n)
  local left = s:remaining()
  if left and least_bytes(self, kind, n) > left and not (kind.text and not self._binary and n <= left) then
    return left
  end
end

-- ---------------------------------------------------------------------------------------------------------
-- Reading and writing typed values
-- ---------------------------------------------------------------------------------------------------------

local function new_storage(kind, n)
  return class.getconstructortable(kind.storage)(n)
end

local function storage_data(s)
  return s:data()
end

-- A pipe does not say how long it is: the storage grows with what arrives.
local function read_unbounded(self, s, kind, n)
  local room = math.min(n, 65536)
  local out, got = new_storage(kind, room), 0
  while true do
    local count = read_elements(self, s, kind, ffi.cast(kind.pointer, storage_data(out)) + got, room - got)
    got = got + count
    if got < room or got == n then
      break
    end
    room = math.min(n, 2 * room)
    out:resize(room)
  end
  return out, got
end

local function read_storage(self, s, kind, n, what)
  if n < 0 or n ~= math.floor(n) then
    fail(self, what, 'argument 1: a number of elements expected, got %s', tostring(n))
  end
  local left = too_many(self, s, kind, n)
  if left then
    self._failed = true
    if not self._quiet then
      fail(self, what, 'read error: %d elements asked for, but only %d bytes are left', n, left)
    end
    return new_storage(kind, 0)
  end
  local out, got
  if s:remaining() == nil and n > 65536 then
    out, got = read_unbounded(self, s, kind, n)
  else
    out = new_storage(kind, n)
    got = n > 0 and read_elements(self, s, kind, ffi.cast(kind.pointer, storage_data(out)), n) or 0
  end
  if got < n then
    short(self, what, 'read', got, n)
    out:resize(got)
  end
  return out
end

local function check_storage(self, what, kind, obj)
  local name = class.typename(obj)
  if name ~= kind.storage then
    fail(self, what, 'argument 1: number or %s expected, got %s', kind.storage, name or type(obj))
  end
  return tonumber(obj:size())
end

-- n elements behind a pointer; fewer are an error, or in quiet mode the number of them.
local function read_all(self, s, kind, data, n, what)
  local got = read_elements(self, s, kind, data, n)
  if got < n then
    short(self, what, 'read', got, n)
  end
  return got
end

local function write_all(self, s, kind, data, n, what)
  local wrote = write_elements(self, s, kind, data, n)
  if wrote < n then
    short(self, what, 'write', wrote, n)
  end
  return wrote
end

local function reader(kind)
  local what = 'read' .. kind.name
  local box, from, hidden = kind.box, kind.from, kind.hidden
  return function(self, into)
    local s = opened(self, what, 'read')
    if into == nil then
      local got = read_elements(self, s, kind, box, 1)
      if got < 1 then
        short(self, what, 'read', 0, 1)
        return 0
      end
      if hidden and hidden(box, 0) then
        return 0 / 0
      elseif from then
        return from(box[0])
      end
      return box[0]
    elseif type(into) == 'number' then
      return read_storage(self, s, kind, into, what)
    end
    local n = check_storage(self, what, kind, into)
    return n > 0 and read_all(self, s, kind, ffi.cast(kind.pointer, storage_data(into)), n, what) or 0
  end
end

local int64 = ffi.typeof 'int64_t'

local function writer(kind)
  local what = 'write' .. kind.name
  local box, to = kind.box, kind.to
  return function(self, value)
    local s = opened(self, what, 'write')
    local data, n = box, 1
    if type(value) == 'number' or ffi.istype(int64, value) then
      box[0] = to and to(value) or value
    elseif class.typename(value) == kind.storage then
      n = tonumber(value:size())
      data = n > 0 and ffi.cast(kind.pointer, storage_data(value)) or box
    else
      fail(self, what, 'argument 1: number or %s expected, got %s', kind.storage, class.type(value))
    end
    return write_all(self, s, kind, data, n, what)
  end
end

local File = class.class('torch.File', M)
class.opaque[File] = true

for _, kind in pairs(types) do
  File['read' .. kind.name] = reader(kind)
  File['write' .. kind.name] = writer(kind)
end

--- Write or read n elements behind a pointer: what tensors and storages use.
-- @string name element type: "Float" ...
function File:_writeMemory(name, data, n)
  local what, kind = 'write' .. name, types[name]
  return write_all(self, opened(self, what, 'write'), kind, ffi.cast(kind.pointer, data), n, what)
end

function File:_readMemory(name, data, n)
  local what, kind = 'read' .. name, types[name]
  return read_all(self, opened(self, what, 'read'), kind, ffi.cast(kind.pointer, data), n, what)
end

--- Bytes left when n elements of a type cannot fit into them, else nil.
function File:_lacks(name, n)
  return too_many(self, self._stream, types[name], n)
end

function File:readBool()
  return self:readInt() ~= 0
end

function File:writeBool(value)
  if type(value) ~= 'boolean' then
    fail(self, 'writeBool', 'argument 1: boolean expected, got %s', class.type(value))
  end
  return self:writeInt(value and 1 or 0)
end

--- Read a line without its newline ("*l"), or the rest ("*a").
function File:readString(format)
  local s = opened(self, 'readString', 'read')
  local what = type(format) == 'string' and format:match '^%*([al])'
  if not what then
    fail(self, 'readString', 'argument 1: format must be "*a" or "*l", got %s', tostring(format))
  end
  local text
  if what == 'a' then
    text = s:read_all()
  else
    text = s:read_line()
  end
  if not text then
    short(self, 'readString', 'read', 0, 1)
  end
  return text or ''
end

--- Write the characters of a string, in both modes nothing else; returns how many.
function File:writeString(text)
  local s = opened(self, 'writeString', 'write')
  if type(text) ~= 'string' then
    fail(self, 'writeString', 'argument 1: string expected, got %s', class.type(text))
  end
  local wrote = s:write(text, #text)
  if wrote < #text then
    short(self, 'writeString', 'write', wrote, #text)
  end
  return wrote
end

-- n characters as the serializer writes them: like a CharStorage.
function File:_readChars(n)
  local s = opened(self, 'readChar', 'read')
  if n == 0 then
    return ''
  end
  local left = n < 0 and 0 or too_many(self, s, types.Char, n)
  if left then
    fail(self, 'readObject', 'a string of %d bytes, but only %d are left', n, s:remaining() or 0)
  end
  local parts, got = {}, 0
  while got < n do
    local count = math.min(n - got, 2 ^ 20)
    local buffer = ffi.new('uint8_t[?]', count)
    local have = s:read(buffer, count)
    if have < count then
      fail(self, 'readObject', 'a string of %d bytes ends after %d', n, got + have)
    end
    parts[#parts + 1] = ffi.string(buffer, count)
    got = got + count
  end
  if not self._binary then
    end_of_read(self, s, n)
  end
  return #parts == 1 and parts[1] or table.concat(parts)
end

function File:_writeChars(text)
  return self:_writeMemory('Char', ffi.cast('const char *', text), #text)
end

-- ---------------------------------------------------------------------------------------------------------
-- Modes
-- ---------------------------------------------------------------------------------------------------------

-- name of the method that sets, field, value
local setters = {
  {'ascii', '_binary', false}, {'binary', '_binary', true},
  {'autoSpacing', '_spacing', true}, {'noAutoSpacing', '_spacing', false},
  {'quiet', '_quiet', true}, {'pedantic', '_quiet', false},
  {'clearError', '_failed', false},
}
for _, row in ipairs(setters) do
  local name, field, value = row[1], row[2], row[3]
  File[name] = function(self)
    opened(self, name)
    self[field] = value
    return self
  end
end

local getters = {isBinary = '_binary', isAutoSpacing = '_spacing', isQuiet = '_quiet', hasError = '_failed',
  isReadable = '_reads', isWritable = '_writes'}
for name, field in pairs(getters) do
  File[name] = function(self)
    opened(self, name)
    return self[field]
  end
end

function File:isOpened()
  return self._stream ~= nil
end

--- Keep track of objects, so that each is written and read once (the default)?
function File:referenced(on)
  if type(on) ~= 'boolean' then
    fail(self, 'referenced', 'argument 1: boolean expected, got %s', class.type(on))
  end
  self._loose = not on
  return self
end

function File:isReferenced()
  return not self._loose
end

--- Go to byte `position`, counted from 1.
function File:seek(position)
  local s = opened(self, 'seek')
  if type(position) ~= 'number' or position ~= math.floor(position) then
    fail(self, 'seek', 'argument 1: position (integer from 1) expected, got %s', tostring(position))
  elseif position < 1 or not s:seek(position - 1) then
    self._failed = true
    if not self._quiet then
      fail(self, 'seek', 'unable to seek at position %.0f', position)
    end
  end
  return self
end

function File:seekEnd()
  local s = opened(self, 'seekEnd')
  if not s:seek_end() then
    self._failed = true
    if not self._quiet then
      fail(self, 'seekEnd', 'unable to seek at end of file')
    end
  end
  return self
end

--- Where the next byte is read or written, from 1.
function File:position()
  return opened(self, 'position'):tell() + 1
end

function File:synchronize()
  opened(self, 'synchronize'):flush()
  return self
end

--- Close the file; using it afterwards is an error.
function File:close()
  local s = opened(self, 'close')
  local ok = s:close()
  self._stream = nil
  if not ok and self._writes and not s.pipe then
    self._failed = true
    if not self._quiet then
      fail(self, 'close', 'write error: %s', stream.system_error())
    end
  end
end

-- As in Torch7: a letter or a space each for reading and writing, and a colon for memory only
function File:__tostring__()
  local name, memory = class.typename(self), class.isTypeOf(self, 'torch.MemoryFile')
  return ('%s [status: %s -- mode%s %s%s]'):format(memory and name or ('%s on <%s>'):format(name, self._name),
    self._stream and 'open' or 'closed', memory and ':' or '', self._reads and 'r' or ' ', self._writes and 'w' or ' ')
end

-- Fill in the fields that every file has.
local function setup(self, s, name, mode)
  self._stream, self._name, self._mode = s, name, mode
  self._reads, self._writes = mode:find('r', 1, true) ~= nil, mode:find('w', 1, true) ~= nil
  self._binary, self._spacing, self._quiet, self._failed = false, true, false, false
  self._swap, self._long, self._loose = false, 8, false
  return self
end

local function check_mode(who, mode, ...)
  for i = 1, select('#', ...) do
    if mode == select(i, ...) then
      return
    end
  end
  local known = table.concat({...}, "', '")
  error(("%s: argument 2: file mode should be '%s', got %s"):format(who, known, tostring(mode)), 4)
end

-- ---------------------------------------------------------------------------------------------------------
-- DiskFile
-- ---------------------------------------------------------------------------------------------------------

local function define(name, parent, open)
  local mt
  mt = class.newmetatable(name, parent, function(...)
    return open(setmetatable({}, mt), ...)
  end, nil, function()
    return setmetatable({}, mt)
  end, M)
  class.opaque[mt] = true
  return mt
end

local function check_path(who, path)
  if type(path) ~= 'string' then
    error(('%s: argument 1: file name (string) expected, got %s'):format(who, class.type(path)), 4)
  end
end

local function open_disk(path, mode)
  if stream.stat(path) == 'directory' then
    return nil, 'it is a directory'
  elseif mode == 'r' then
    return stream.open(path, 'rb')
  elseif mode == 'w' then
    return stream.open(path, 'wb')
  elseif stream.stat(path) then
    return stream.open(path, 'r+b')
  end
  return stream.open(path, 'w+b')
end

--- `torch.DiskFile(path, [mode="r"], [quiet=false])`: mode "r", "w" or "rw" (an existing file, or a new one).
-- A quiet open that fails gives nil.
local DiskFile = define('torch.DiskFile', 'torch.File', function(self, path, mode, quiet)
  check_path('torch.DiskFile', path)
  mode = mode or 'r'
  check_mode('torch.DiskFile', mode, 'r', 'w', 'rw')
  local s, why = open_disk(path, mode)
  if not s then
    if quiet then
      return nil
    end
    error(('torch.DiskFile: cannot open <%s> in mode %s: %s'):format(path, mode, why), 3)
  end
  setup(self, s, path, mode)
  self._quiet = quiet and true or false
  return self
end)

local little = ffi.abi 'le'

function DiskFile.isLittleEndianCPU()
  return little
end

function DiskFile.isBigEndianCPU()
  return not little
end

for name, swap in pairs {nativeEndianEncoding = false, littleEndianEncoding = not little, bigEndianEncoding = little} do
  DiskFile[name] = function(self)
    opened(self, name)
    self._swap = swap
    return self
  end
end

--- Bytes of a long in binary mode: 4, 8, or 0 for this machine's own.
function File:longSize(size)
  opened(self, 'longSize')
  if size ~= 0 and size ~= 4 and size ~= 8 then
    fail(self, 'longSize', 'argument 1: 0, 4 or 8 expected, got %s', tostring(size))
  end
  self._long = size == 0 and 8 or size
  return self
end

--- Have every write reach the system at once.
function DiskFile:noBuffer()
  opened(self, 'noBuffer'):unbuffer()
  return self
end

-- ---------------------------------------------------------------------------------------------------------
-- PipeFile
-- ---------------------------------------------------------------------------------------------------------

--- `torch.PipeFile(command, [mode="r"], [quiet=false])`: what a shell command prints ("r") or reads ("w").
define('torch.PipeFile', 'torch.DiskFile', function(self, command, mode, quiet)
  check_path('torch.PipeFile', command)
  mode = mode or 'r'
  check_mode('torch.PipeFile', mode, 'r', 'w')
  local s, why = stream.pipe(command, mode)
  if not s then
    if quiet then
      return nil
    end
    error(('torch.PipeFile: cannot open <%s> in mode %s: %s'):format(command, mode, why), 3)
  end
  setup(self, s, command, mode)
  self._quiet = quiet and true or false
  return self
end)

-- ---------------------------------------------------------------------------------------------------------
-- MemoryFile
-- ---------------------------------------------------------------------------------------------------------

-- The content of a CharStorage that ends with NUL
local function content(storage, mode)
  local n = tonumber(storage:size())
  if mode == 'w' or n == 0 then
    return stream.memory()
  end
  local data = ffi.cast('const char *', storage_data(storage))
  if data[n - 1] ~= 0 then
    error('torch.MemoryFile: argument 1: the CharStorage must be terminated by 0', 4)
  end
  return stream.memory(data, n - 1)
end

--- `torch.MemoryFile([mode="rw"])` or `torch.MemoryFile(CharStorage, [mode="rw"])`: a file in memory. What was
-- written reaches a given storage at `storage()`, `synchronize()` and `close()`.
local MemoryFile = define('torch.MemoryFile', 'torch.File', function(self, storage, mode)
  if storage == nil or type(storage) == 'string' then
    storage, mode = nil, storage or mode
  elseif class.typename(storage) ~= 'torch.CharStorage' then
    error(('torch.MemoryFile: argument 1: CharStorage or mode expected, got %s'):format(class.type(storage)), 3)
  end
  mode = mode or 'rw'
  check_mode('torch.MemoryFile', mode, 'r', 'w', 'rw')
  local s
  if storage then
    s = content(storage, mode)
  else
    s = stream.memory()
  end
  setup(self, s, 'memory', mode)
  self._given = storage
  return self
end)

-- Bring a storage up to date: the content and a NUL.
local function export(self, storage)
  local s = self._stream
  storage:resize(s.size + 1)
  local data = ffi.cast('char *', storage_data(storage))
  ffi.copy(data, s.data, s.size)
  data[s.size] = 0
  return storage
end

--- The content and a trailing NUL as a CharStorage: the one given at opening, else a new one.
function MemoryFile:storage()
  opened(self, 'storage')
  return export(self, self._given or new_storage(types.Char, 0))
end

function MemoryFile:synchronize()
  opened(self, 'synchronize')
  if self._given and self._writes then
    export(self, self._given)
  end
  return self
end

function MemoryFile:close()
  opened(self, 'close')
  if self._given and self._writes then
    export(self, self._given)
  end
  File.close(self)
end

--- File on a stream that is open already; for torch.save and torch.serialize.
function M.wrap(s, name, mode)
  return setup(setmetatable({}, s.handle == true and MemoryFile or DiskFile), s, name, mode)
end

require 'torch.serialize'(File)

return M
