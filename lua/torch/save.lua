--- torch.save, torch.load and their relatives on strings and CharStorages.
-- @module torch.save

local class = require 'torch.class'
local check = require 'torch.check'
local stream = require 'torch.stream'
local file = require 'torch.file'

local M = {}

-- An error at the program's line, whatever lies between.
local function fail(fmt, ...)
  check.fail('%s', (fmt:format(...):gsub('^torch%.', '')))
end

local modes = {binary = 0, ascii = 0, b32 = 4, b64 = 8}

-- Put a fresh file into a mode: "binary", "ascii", or binary with longs of 4 or 8 bytes.
local function set_mode(f, mode, referenced)
  f._binary = mode ~= 'ascii'
  f:longSize(modes[mode])
  f:referenced(referenced)
  return f
end

local function check_mode(who, n, mode)
  if mode ~= nil and not modes[mode] then
    fail('%s: argument %d: "binary", "b32", "b64" or "ascii" (or nil) expected for mode, got %s', who, n,
      type(mode) == 'string' and mode or class.type(mode))
  end
  return mode or 'binary'
end

local function check_referenced(who, n, referenced)
  if referenced ~= nil and type(referenced) ~= 'boolean' then
    fail('%s: argument %d: referenced (boolean) expected, got %s', who, n, class.type(referenced))
  end
  return referenced ~= false
end

local known = {mode = true, referenced = true, functions = true, unknown = true}

-- (mode, referenced, options), where a table in any place is the options.
local function reading_options(who, mode, referenced, options)
  if type(mode) == 'table' then
    mode, options = nil, mode
  elseif type(referenced) == 'table' then
    referenced, options = nil, referenced
  end
  options = options or {}
  if type(options) ~= 'table' then
    fail('%s: options (table) expected, got %s', who, class.type(options))
  end
  for k in pairs(options) do
    if not known[k] then
      fail('%s: unknown option %s; there are mode, referenced, functions, unknown', who, tostring(k))
    end
  end
  if options.unknown ~= nil and options.unknown ~= 'table' then
    fail("%s: option unknown: 'table' expected, got %s", who, tostring(options.unknown))
  end
  if mode == nil then
    mode = options.mode
  end
  if referenced == nil then
    referenced = options.referenced
  end
  return mode, referenced, options
end

-- Errors from inside carry their file and byte already: name the operation that met them, not a line of this package.
local function pass_on(who, ok, ...)
  if not ok then
    error(('%s: %s'):format(who, (tostring((...)):gsub('^%S*torch/%a+%.lua:%d+: ', ''))), 0)
  end
  return ...
end

--- Write one object to a file. The file is replaced at once when everything is on the disk: until then, and when an
-- error or a crash interrupts the saving, the old one stays.
-- @string path
-- @param object see `writeObject`
-- @string[opt="binary"] mode "binary", "ascii", "b32", "b64"
-- @bool[opt=true] referenced false: shared parts are written again wherever they occur
-- @usage
-- local name = os.tmpname()
-- torch.save(name, {weights = torch.randn(3, 4), epoch = 7})
-- assert(torch.load(name).epoch == 7)
function M.save(path, object, mode, referenced)
  if type(path) ~= 'string' then
    fail('torch.save: argument 1: file name (string) expected, got %s', class.type(path))
  end
  mode = check_mode('torch.save', 3, mode)
  referenced = check_referenced('torch.save', 4, referenced)
  local done, why = pass_on('torch.save', pcall(stream.replace, path, function(s)
    set_mode(file.wrap(s, path, 'w'), mode, referenced):writeObject(object)
  end))
  if not done then
    fail('torch.save: cannot write <%s>: %s', path, why)
  end
end

--- Read the object in a file.
-- `torch.load(path, [mode="binary"], [referenced=true], [options])`; the options may stand in place of mode, too.
-- @string path
-- @string[opt="binary"] mode "binary", "ascii", or "b32", "b64": binary with longs of 4 or 8 bytes
-- @bool[opt=true] referenced as it was saved
-- @tab[opt] options `functions = true`: load functions, which lets the author of the file run any code (so does
-- RK_LOAD_FUNCTIONS=1 in the environment, for programs as they are); those that another LuaJIT compiled raise an
-- error when they are called;
-- `unknown = 'table'`: objects of classes that are not there become tables of their fields, with `__typename`
-- @usage
-- local name = os.tmpname()
-- torch.save(name, {1, 'two'}, 'ascii')
-- assert(torch.load(name, 'ascii')[2] == 'two')
function M.load(path, mode, referenced, options)
  if type(path) ~= 'string' then
    fail('torch.load: argument 1: file name (string) expected, got %s', class.type(path))
  end
  mode, referenced, options = reading_options('torch.load', mode, referenced, options)
  mode = check_mode('torch.load', 2, mode)
  referenced = check_referenced('torch.load', 3, referenced)
  if stream.stat(path) == 'directory' then
    fail('torch.load: cannot open <%s> in mode r: it is a directory', path)
  end
  local s, why = stream.open(path, 'rb')
  if not s then
    fail('torch.load: cannot open <%s> in mode r: %s', path, why)
  end
  local f = set_mode(file.wrap(s, path, 'r'), mode, referenced):trust(options)
  local ok, object = pcall(f.readObject, f)
  if f:isOpened() then
    s:close()
  end
  return (pass_on('torch.load', ok, object))
end

M.saveobj, M.loadobj = M.save, M.load

local function written(who, object, mode)
  mode = check_mode(who, 2, mode)
  local s = assert(stream.memory())
  local f = set_mode(file.wrap(s, 'memory', 'rw'), mode, true)
  pass_on(who, pcall(f.writeObject, f, object))
  return f, s
end

--- An object as a string.
-- @usage assert(torch.serialize({}, 'ascii') == '3\n1\n0\n')
function M.serialize(object, mode)
  local _, s = written('torch.serialize', object, mode)
  local text = s:text()
  s:close()
  return text
end

--- An object as a CharStorage.
function M.serializeToStorage(object, mode)
  local f, s = written('torch.serializeToStorage', object, mode)
  local storage = f:storage()
  storage:resize(s.size) -- without the NUL that a MemoryFile's storage ends with
  s:close()
  return storage
end

local function read_memory(who, s, mode, options)
  local f = set_mode(file.wrap(s, 'memory', 'r'), mode, true):trust(options)
  local ok, object = pcall(f.readObject, f)
  if f:isOpened() then
    s:close()
  end
  return (pass_on(who, ok, object))
end

--- Inverse of `serialize`; options as for `load`.
-- @usage assert(torch.deserialize(torch.serialize {x = 5}).x == 5)
function M.deserialize(text, mode, options)
  if type(text) ~= 'string' then
    fail('torch.deserialize: argument 1: string expected, got %s', class.type(text))
  elseif text == '' then
    fail 'torch.deserialize: argument 1: the string is empty'
  end
  local _
  mode, _, options = reading_options('torch.deserialize', mode, nil, options)
  mode = check_mode('torch.deserialize', 2, mode)
  return read_memory('torch.deserialize', assert(stream.memory(text)), mode, options)
end

--- Inverse of `serializeToStorage`; options as for `load`.
function M.deserializeFromStorage(storage, mode, options)
  if class.typename(storage) ~= 'torch.CharStorage' then
    fail('torch.deserializeFromStorage: argument 1: CharStorage expected, got %s', class.type(storage))
  end
  local _
  mode, _, options = reading_options('torch.deserializeFromStorage', mode, nil, options)
  mode = check_mode('torch.deserializeFromStorage', 2, mode)
  local s = assert(stream.memory(storage:data(), tonumber(storage:size())))
  return read_memory('torch.deserializeFromStorage', s, mode, options)
end

return M
