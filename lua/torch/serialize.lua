--- Objects in files: `readObject` and `writeObject` of torch.File, byte-compatible with Torch7.
--
-- An object is an int type code and its body:
--
--   0 nil       1 number (double)       2 string (int length, chars)       5 boolean (int)
--   3 table     int index; at first sight int count, then key and value objects
--   4 torch     int index; at first sight "V n", class name (both as strings), then what the class writes: its
--               own `write(file)`/`read(file, version)`, else the table of its fields as an object. Without "V n"
--               the version is 0
--   6, 7, 8     functions: (7, 8: int index; at first sight) string of bytecode, then the table of upvalues
--
-- Both directions run over an explicit stack, so that tables may be nested as deep as memory allows; only classes with
-- their own read and write nest Lua calls, and those are bounded by MAX_DEPTH.
--
-- Loading a function would run whatever the author of the file wrote, and LuaJIT does not verify bytecode: a damaged
-- one can crash the process. So a function is accepted only if this very process dumped the same bytecode before (a
-- module cloned through a MemoryFile), if the caller asks for it, `torch.load(f, {functions = true})`, or if whoever
-- runs the program does, by RK_LOAD_FUNCTIONS=1 in the environment. Bytecode of another LuaJIT (mostly Torch7's) gives
-- a function that raises an error when it is called, so that what lies around it can be used.
-- @module torch.serialize

local ffi = require 'ffi'
local class = require 'torch.class'
local leaves = require 'torch.leaves'

local typename, pointer, classof = class.typename, class.pointer, class.classof
local type, next, pairs, tonumber = class.luatype, next, pairs, tonumber

local NIL, NUMBER, STRING, TABLE, TORCH, BOOLEAN = 0, 1, 2, 3, 4, 5
local FUNCTION, RECUR_FUNCTION = 6, 8 -- 7: an older form of 8
local MAX_DEPTH = 500
local EXACT = 9007199254740992LL -- 2^53

-- Bytecode dumped by this process
local own_bytecode = {}

-- CUDA tensors become tensors of the same element type where cutorch is not loaded.
local stand_ins = {}
local cpu_types = {[''] = 'Float', Double = 'Double', Half = 'Half', Byte = 'Byte', Char = 'Char', Short = 'Short',
  Int = 'Int', Long = 'Long'}
for cuda, cpu in pairs(cpu_types) do
  for _, kind in ipairs {'Tensor', 'Storage'} do
    stand_ins['torch.Cuda' .. cuda .. kind] = 'torch.' .. cpu .. kind
  end
end

-- Frames of the stacks: one table each, of kind
local ENTRIES, FIELDS, UPVALUES = 1, 2, 3

-- Hook of a class: `__write` or `write`, `__read` or `read`
local function hook_of(mt, name)
  local f = mt['__' .. name]
  if type(f) ~= 'function' then
    f = mt[name]
  end
  return type(f) == 'function' and f or nil
end

local function enter(file)
  local depth = (file._depth or 0) + 1
  if depth > MAX_DEPTH then
    file._depth = 0
    error(('readObject or writeObject: %s: objects of classes with their own read and write are nested more than %d '
      .. 'deep'):format(file._name, MAX_DEPTH), 0)
  end
  file._depth = depth
  return depth
end

-- ---------------------------------------------------------------------------------------------------------
-- Writing
-- ---------------------------------------------------------------------------------------------------------

-- Int64 and uint64 elements arrive from LongTensors; they are numbers here while exact.
local function number_of(object)
  if type(object) == 'cdata' and (ffi.istype('int64_t', object) or ffi.istype('uint64_t', object)) then
    return object <= EXACT and (object >= -EXACT or object >= 0) and tonumber(object) or nil
  end
end

local function is_lua_function(f)
  local ok = pcall(string.dump, f)
  return ok
end

--- Type code of an object that can be written, else nil.
local function code_of(object)
  local kind = type(object)
  if kind == 'number' then
    return NUMBER
  elseif kind == 'string' then
    return STRING
  elseif kind == 'table' then
    return typename(object) and TORCH or TABLE
  elseif kind == 'boolean' then
    return BOOLEAN
  elseif kind == 'cdata' then
    return typename(object) and TORCH or number_of(object) and NUMBER or nil
  elseif kind == 'function' then
    return is_lua_function(object) and RECUR_FUNCTION or nil
  elseif kind == 'nil' then
    return NIL
  end
end

-- Where in the object we are, for messages: "<?>.field.field", upvalues by their names
local function path_of(stack, depth, name)
  local parts = {'<?>'}
  for i = 1, depth do
    parts[#parts + 1] = stack[i].name
    parts[#parts + 1] = stack[i].class
  end
  parts[#parts + 1] = name
  return table.concat(parts, '.')
end

local function unwritable(stack, depth, name, object)
  local note = ''
  if type(object) == 'function' then
    note = ' (a C function)'
  elseif ffi.istype('int64_t', object) or ffi.istype('uint64_t', object) then
    note = (' (%s is no double; as an element of a LongStorage it would be exact)'):format(tostring(object))
  end
  error(('writeObject: Unwritable object <%s> at %s%s'):format(type(object), path_of(stack, depth, name), note), 0)
end

-- The memory of a file: objects written so far. Tables and functions are their own keys; cdata handles are known by
-- class and address, and kept alive so that no address is used twice.
local function written(file)
  local w = file._written
  if not w then
    w = {count = 0, index = {}, byclass = {}, kept = {}, upvalues = {}, nupvalues = 0}
    file._written = w
  end
  return w
end

local function memo_of(w, object)
  if type(object) ~= 'cdata' then
    return w.index, object
  end
  local name = typename(object)
  local memo = w.byclass[name]
  if not memo then
    memo = {}
    w.byclass[name] = memo
  end
  return memo, pointer(object)
end

-- Write the index of an object; true when the body must follow.
local function write_index(file, w, object)
  local memo, key
  if not file._loose then
    memo, key = memo_of(w, object)
    local index = memo[key]
    if index then
      file:writeInt(index)
      return false
    end
  end
  w.count = w.count + 1
  if memo then
    memo[key] = w.count
    w.kept[w.count] = object
  end
  file:writeInt(w.count)
  return true
end

local function write_text(file, text)
  file:writeInt(#text)
  file:_writeChars(text)
end

-- Upvalues that several functions share carry the same id.
local function upvalues_of(w, f)
  local list, i = {}, 1
  while true do
    local name, value = debug.getupvalue(f, i)
    if not name then
      return list
    end
    local ref = tostring(debug.upvalueid(f, i))
    local id = w.upvalues[ref]
    if not id then
      id = w.nupvalues + 1
      w.nupvalues, w.upvalues[ref] = id, id
    end
    list[i] = {name = name, id = id, value = value}
    i = i + 1
  end
end

-- Fields of an object without a write of its own, less what cannot be written
local function fields_of(object, mt, stack, depth, name)
  local fields = {}
  for k, v in pairs(object) do
    if code_of(v) then
      fields[k] = v
    else
      io.stderr:write(('$ Warning: cannot write object field <%s> of <%s> %s: it is a %s\n')
        :format(tostring(k), mt.__typename, path_of(stack, depth, name), type(v)))
    end
  end
  return fields
end

local function count_entries(t)
  local n = 0
  for _ in pairs(t) do
    n = n + 1
  end
  return n
end

local function write_torch(file, object, stack, depth, name, hook)
  local mt = classof(object)
  write_text(file, 'V ' .. tostring(mt.__version))
  write_text(file, mt.__typename)
  local write = hook_of(mt, 'write')
  if write then
    local level = enter(file)
    write(object, file)
    file._depth = level - 1
  elseif type(object) == 'table' then
    local fields = fields_of(object, mt, stack, depth, name)
    return {kind = FIELDS, name = name, class = mt.__typename, object = fields, hook = hook}
  else
    error(('writeObject: %s cannot be written: it has no write method (at %s)')
      :format(mt.__typename, path_of(stack, depth, name)), 0)
  end
end

-- Write one object up to where other objects follow; returns a frame when they do.
local function write_head(file, object, stack, depth, name, hook)
  if hook then
    object = hook(object)
  end
  local code = code_of(object)
  if code == NUMBER then
    file:writeInt(NUMBER)
    file:writeDouble(number_of(object) or object)
  elseif code == STRING then
    file:writeInt(STRING)
    write_text(file, object)
  elseif code == BOOLEAN then
    file:writeInt(BOOLEAN)
    file:writeBool(object)
  elseif code == NIL then
    file:writeInt(NIL)
  elseif not code then
    unwritable(stack, depth, name, object)
  else
    file:writeInt(code)
    local w = written(file)
    if not write_index(file, w, object) then
      return nil
    elseif code == TORCH then
      return write_torch(file, object, stack, depth, name, hook)
    elseif code == RECUR_FUNCTION then
      local dumped = string.dump(object)
      own_bytecode[dumped] = true
      write_text(file, dumped)
      return {kind = UPVALUES, name = name, object = upvalues_of(w, object)}
    end
    file:writeInt(count_entries(object))
    return {kind = ENTRIES, name = name, object = object}
  end
end

-- What stands for a key in a path: the list of upvalues is skipped, and the value of one has its name.
local function name_in(frame, key)
  if frame.of_upvalues then
    return nil
  end
  return tostring(frame.upvalue and key == 'value' and frame.object.name or key)
end

local function write_object(file, object, name, hook)
  local stack, depth = {}, 0
  local frame = write_head(file, object, stack, depth, name, hook)
  while true do
    if frame then
      depth = depth + 1
      stack[depth] = frame
    end
    frame = nil
    if depth == 0 then
      return
    end
    local top = stack[depth]
    if top.kind ~= ENTRIES then
      -- one table follows, and the object is complete
      if top.done then
        stack[depth] = nil
        depth = depth - 1
      else
        top.done = true
        frame = write_head(file, top.object, stack, depth, nil, hook)
        if frame then
          frame.of_upvalues = top.kind == UPVALUES
        end
      end
    elseif top.key_written then
      top.key_written = false
      local k = top.key
      frame = write_head(file, top.object[k], stack, depth, name_in(top, k), hook)
      if frame then
        frame.upvalue = top.of_upvalues
      end
    else
      if not hook and file._binary and not file._swap then
        top.key = leaves.write(file, top.object, top.key)
      end
      local k = next(top.object, top.key)
      if k == nil then
        stack[depth] = nil
        depth = depth - 1
      else
        top.key, top.key_written = k, true
        frame = write_head(file, k, stack, depth, nil, hook)
      end
    end
  end
end

-- ---------------------------------------------------------------------------------------------------------
-- Reading
-- ---------------------------------------------------------------------------------------------------------

local function damaged(file, at, fmt, ...)
  file._depth = 0
  error(('readObject: %s: byte %d: %s'):format(file._name, at, fmt:format(...)), 0)
end

local function read_text(file, what)
  local at = file:position()
  local n = file:readInt()
  if n < 0 then
    damaged(file, at, 'damaged: a %s of %d bytes', what, n)
  end
  return file:_readChars(n)
end

local function shown(name)
  return (#name > 100 and name:sub(1, 100) .. '...' or name):gsub('[^%w%p ]', '?')
end

-- In place of a function whose bytecode is another LuaJIT's.
local function foreign_function(file, at, key)
  local name = type(key) == 'string' and (" '%s'"):format(shown(key)) or ''
  local text = ("the function%s that was stored at byte %d of %s cannot be called: its bytecode is another LuaJIT's, "
    .. 'which this one does not load; put a new function in its place'):format(name, at, file._name)
  return function() error(text, 2) end
end

-- The function, and whether its upvalues, which follow in the file, go into it.
-- @param key under which it is stored
local function read_function(file, at, code, key)
  local dumped = read_text(file, 'function')
  if not own_bytecode[dumped] and not file._functions and os.getenv 'RK_LOAD_FUNCTIONS' ~= '1' then
    damaged(file, at, 'a function is stored here, and loading it would run its author\'s code; if you trust the file: '
      .. "torch.load(file, {functions = true}), or RK_LOAD_FUNCTIONS=1 in a program's environment (functions that "
      .. "another LuaJIT compiled then are errors only when they are called)")
  end
  require 'torch.length' -- which its code may call
  local f, why = loadstring(dumped)
  if f then
    return f, true
  elseif not why:find('incompatible', 1, true) then
    damaged(file, at, 'function of type %d: %s', code, why)
  end
  return foreign_function(file, at, key), false
end

-- Put upvalues back; those with one id are joined again.
local function set_upvalues(file, f, list, code, at)
  if type(list) ~= 'table' then
    damaged(file, at, 'damaged: the upvalues of a function are a %s', type(list))
  end
  local joined = file._joined
  if not joined then
    joined = {}
    file._joined = joined
  end
  for i, u in ipairs(list) do
    if code == RECUR_FUNCTION then
      if type(u) ~= 'table' or not debug.getupvalue(f, i) then
        damaged(file, at, 'damaged: upvalue %d of a function', i)
      end
      debug.setupvalue(f, i, u.name == '_ENV' and _G or u.value)
      local first = u.id and joined[u.id]
      if first then
        debug.upvaluejoin(f, i, first.f, first.i)
      elseif u.id then
        joined[u.id] = {f = f, i = i}
      end
    else
      debug.setupvalue(f, i, u)
    end
  end
end

local function read_unknown(file, at, name)
  if file._unknown ~= 'table' then
    damaged(file, at, 'unknown Torch class <%s>: require the package that defines it, or read its fields with '
      .. "torch.load(file, {unknown = 'table'})", shown(name))
  end
  return {__typename = name}
end

-- Code of classes meets whatever a damaged file holds: its errors are given the class and the place.
local function guarded(file, at, name, f, ...)
  local ok, result = pcall(f, ...)
  if ok then
    return result
  elseif type(result) ~= 'string' or result:find ': byte %d+: ' then
    error(result, 0)
  end
  damaged(file, at, 'objects of class %s cannot be read from this: %s', shown(name), result)
end

-- Empty object of a class, its read method, and the version in the file.
local function read_class(file, at)
  local name = read_text(file, 'class name')
  local version = tonumber(name:match '^V (.*)$')
  if version then
    name = read_text(file, 'class name')
  end
  local mt = class.getmetatable(name)
  local complete
  if not mt and stand_ins[name] then
    mt = class.getmetatable(stand_ins[name])
  elseif not mt and package.loaded.nn then
    local stand_in, finish = require('nn.from_cudnn').stand_in(name)
    mt, complete = stand_in and class.getmetatable(stand_in), finish
  end
  local factory = mt and rawget(mt, '__factory')
  if not factory then
    return read_unknown(file, at, name), nil, version or 0, name
  end
  local read = hook_of(mt, 'read')
  if complete then
    local fields = read
    read = function(object, ...)
      fields(object, ...)
      complete(object)
    end
  end
  return guarded(file, at, name, factory, file), read, version or 0, name
end

local function read_torch(file, at, objects, index)
  local object, read, version, name = read_class(file, at)
  if not file._loose then
    objects[index] = object
  end
  if read then
    local level = enter(file)
    guarded(file, at, name, read, object, file, version)
    file._depth = level - 1
    return object
  elseif type(object) ~= 'table' then
    damaged(file, at, 'objects of class %s cannot be read: the class has no read method', name)
  end
  return object, {kind = FIELDS, object = object, name = name, at = at}
end

-- Read one object up to where other objects follow: the object, and a frame when they do.
-- @param key under which the object is stored, as far as it is known
local function read_head(file, objects, key)
  local at = file:position()
  local code = file:readInt()
  if code == NUMBER then
    return file:readDouble()
  elseif code == STRING then
    return read_text(file, 'string')
  elseif code == BOOLEAN then
    return file:readBool()
  elseif code == NIL then
    return nil
  elseif code == FUNCTION then
    local f, whole = read_function(file, at, code, key)
    return f, {kind = UPVALUES, object = f, code = code, at = at, whole = whole}
  elseif code < 0 or code > RECUR_FUNCTION then
    damaged(file, at, 'no object starts here (type code %d): the file is damaged, or not in %s mode', code,
      file._binary and 'binary' or 'ascii')
  end
  local index = file:readInt()
  local object = not file._loose and objects[index]
  if object then
    return object
  elseif code == TORCH then
    return read_torch(file, at, objects, index)
  elseif code == TABLE then
    local count = file:readInt()
    -- an entry takes at least two ints in binary, "0\n0\n" in ascii
    if count < 0 or file:_lacks('Byte', count * (file._binary and 8 or 4)) then
      damaged(file, at, 'damaged: a table of %d entries does not fit into the rest of the file', count)
    end
    object = {}
    if not file._loose then
      objects[index] = object
    end
    return object, count > 0 and {kind = ENTRIES, object = object, left = count, at = at} or nil
  end
  local whole
  object, whole = read_function(file, at, code, key)
  if not file._loose then
    objects[index] = object
  end
  return object, {kind = UPVALUES, object = object, code = code, at = at, whole = whole}
end

local function assign_fields(object, fields)
  for k, v in pairs(fields) do
    object[k] = v
  end
end

-- An object inside `frame` is complete: true when that completes the frame's object, too.
local function deliver(file, frame, value)
  if frame.kind == ENTRIES then
    local key = frame.key
    if key == nil then
      if value == nil or value ~= value then
        damaged(file, frame.at, 'damaged: %s as a key of a table', tostring(value))
      end
      frame.key = value
      return false
    end
    frame.object[key] = value
    frame.key = nil
    frame.left = frame.left - 1
    return frame.left == 0
  elseif frame.kind == UPVALUES then
    if not frame.whole then
      return true
    end
    set_upvalues(file, frame.object, value, frame.code, frame.at)
    return true
  end
  if type(value) ~= 'table' then
    damaged(file, frame.at, 'the fields of <%s> are a %s: the file is damaged, or the class writes itself in its own '
      .. 'way', shown(frame.name), type(value))
  end
  guarded(file, frame.at, frame.name, assign_fields, frame.object, value)
  return true
end

-- Many entries at once, where there are many of the simple kind.
local MANY = 32
local function read_leaves(file, frame)
  local stream = file._stream
  if not file._binary or file._swap or not stream.window then
    return
  end
  local count = leaves.read(stream, frame.object, frame.left)
  frame.left, frame.mixed = frame.left - count, count < MANY
end

local function read_object(file)
  local objects = file._objects
  if not objects then
    objects = {}
    file._objects = objects
  end
  local value, frame = read_head(file, objects)
  if not frame then
    return value
  end
  local stack, depth = {frame}, 1
  while true do
    local top = stack[depth]
    if top.kind == ENTRIES and top.left >= MANY and top.key == nil and not top.mixed then
      read_leaves(file, top)
    end
    value, frame = read_head(file, objects, top.key)
    if frame then
      depth = depth + 1
      stack[depth] = frame
    else
      while deliver(file, stack[depth], value) do
        value = stack[depth].object
        stack[depth] = nil
        depth = depth - 1
        if depth == 0 then
          return value
        end
      end
    end
  end
end

-- ---------------------------------------------------------------------------------------------------------

-- While objects are read or written, errors are raised even by a quiet file: there is no sensible value to go on with.
local function aloud(file, what, f, ...)
  if not file._stream then
    error(('%s: %s: attempt to use a closed file'):format(what, file._name), 3)
  end
  local quiet = file._quiet
  if not quiet then
    return f(file, ...)
  end
  file._quiet = false
  local ok, value = pcall(f, file, ...)
  file._quiet = quiet
  if not ok then
    file._failed = true
    error(value, 0)
  end
  return value
end

return function(File)
  --- Read the next object.
  function File:readObject()
    return aloud(self, 'readObject', read_object)
  end

  --- Write an object.
  -- @param object nil, number, string, boolean, table, Lua function or Torch object
  -- @string[opt] debugname what to call it in messages
  -- @func[opt] hook `hook(object)` gives what is written in place of each object
  function File:writeObject(object, debugname, hook)
    if hook ~= nil and type(hook) ~= 'function' then
      error(('writeObject: argument 3: hook (function) expected, got %s'):format(class.type(hook)), 2)
    end
    aloud(self, 'writeObject', write_object, object, debugname and tostring(debugname), hook)
  end

  --- Raise the error for a damaged file, from the `read` of a class.
  function File:_damaged(fmt, ...)
    damaged(self, self:position(), 'damaged: ' .. fmt, ...)
  end

  --- Type code under which an object can be written, nil when it cannot.
  function File.isWritableObject(_, object)
    return code_of(object)
  end

  --- Let `readObject` load functions, whose code then may do anything, and objects of unknown classes as tables.
  -- @tab options `{functions = true, unknown = 'table'}`
  function File:trust(options)
    if type(options) ~= 'table' then
      error(('trust: argument 1: options (table) expected, got %s'):format(class.type(options)), 2)
    end
    self._functions, self._unknown = options.functions and true or false, options.unknown
    return self
  end
end
