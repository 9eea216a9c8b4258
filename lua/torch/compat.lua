--- What Torch7's own LuaJIT had and a distribution's lacks, for the whole process: Lua 5.2's library forms, `__pairs`,
-- `__ipairs` and `__len` of tables, a global `type` that calls tensors, storages, generators, files and timers
-- 'userdata', and a global `getmetatable` that gives the class of such an object.
--
-- th loads it before everything else; under plain LuaJIT `require 'torch.compat'` does the same for all code that is
-- loaded afterwards. Torch7's LuaJIT was built with LUAJIT_ENABLE_LUA52COMPAT. Library forms are wrapped such that
-- plain tables stay as quick (all of it compiles); `#x` is a matter of the virtual machine, so programs' code is
-- rewritten when it is loaded (torch.source); what LuaJIT would compile wrongly is kept interpreted (torch.varargs).
-- Files of our own packages are loaded as they are: they need none of it.
-- @module torch.compat

-- luacheck: ignore 121 122 142 143

local M = {}

local rawtype, rawget, getmetatable, select, error = type, rawget, getmetatable, select, error
local getmeta = debug.getmetatable
local load_text, load_file, find_file = load, loadfile, package.searchpath
local old = { pairs = pairs, ipairs = ipairs, execute = os.execute, running = coroutine.running, popen = io.popen }

require 'torch.length'
local class = require 'torch.class' -- keeps Lua's own `type`

-- ---------------------------------------------------------------------------------------------------------
-- Loading code
-- ---------------------------------------------------------------------------------------------------------

local source, varargs -- loaded when the first program with a `#`, with `...` comes

local root = debug.getinfo(1, 'S').source:match '^@(.*)/torch/compat%.lua$'
local ours = {}
for name in ('torch nn optim nngraph graph image autograd vision threads tds xlua sys paths gnuplot trepl env dok '
    .. 'cutorch cunn cudnn'):gmatch '%S+' do
  ours[name] = true
end

-- A file of our own packages?
local function is_ours(path)
  return root and path:sub(1, #root) == root and ours[path:match('^/([^/]+)/', #root + 1)] or false
end

-- A loaded chunk, kept from LuaJIT's mistake with `...`.
local function protect(f)
  varargs = varargs or require 'torch.varargs'
  return varargs.protect(f)
end

-- load of a whole text; `...` are mode and environment, if given.
local function load_program(text, name, ...)
  if text:byte() == 27 then
    local f, why = load_text(text, name, ...)
    return f and protect(f), why
  end
  if text:find '^%s*local%s+goto%f[^%w_]' then -- a keyword in 5.2: libraries ask in this way
    return nil, ("%s:1: '<name>' expected near 'goto'"):format(name:sub(1, 40))
  end
  local changed = text
  if text:find('#', 1, true) then
    source = source or require 'torch.source'
    changed = source.length(text)
  end
  local f, why = load_text(changed, name, ...)
  if not f and (text:find('break', 1, true) or text:find ';%s*;') then
    source = source or require 'torch.source'
    local again = load_text(source.statements(changed), name, ...)
    f = again or f
  end
  if f and text:find('...', 1, true) then
    protect(f)
  end
  return f, why
end

--- As Lua's, for programs.
function M.loadstring(text, name)
  if rawtype(text) == 'number' then
    text = tostring(text)
  end
  if rawtype(text) ~= 'string' then
    error(("bad argument #1 to 'loadstring' (string expected, got %s)"):format(
      text == nil and 'no value' or rawtype(text)), 2)
  end
  return load_program(text, name or text)
end

local function gather(reader)
  local parts = {}
  while true do
    local part = reader()
    if part == nil or part == '' then
      return table.concat(parts)
    elseif rawtype(part) ~= 'string' and rawtype(part) ~= 'number' then
      error('reader function must return a string', 0)
    end
    parts[#parts + 1] = part
  end
end

--- As Lua's, for programs: a string, or a function that hands out its parts.
function M.load(text, name, ...)
  local kind = rawtype(text)
  if kind == 'string' then
    return load_program(text, name or text, ...)
  elseif kind ~= 'function' then
    return load_text(text, name, ...)
  end
  local ok, whole = pcall(gather, text)
  if not ok then
    return nil, whole
  end
  return load_program(whole, name or '=(load)', ...)
end

--- As Lua's, for programs; without a name the standard input.
function M.loadfile(name, ...)
  if name ~= nil and (rawtype(name) ~= 'string' or is_ours(name)) then
    return load_file(name, ...)
  end
  local file = name == nil and io.stdin or io.open(name, 'rb')
  local text = file and file:read '*a'
  if file and name ~= nil then
    file:close()
  end
  if not text then
    return load_file(name, ...) -- it knows why
  end
  return load_program(text, name and '@' .. name or '=stdin', ...)
end

local function results(...)
  return ...
end

--- As Lua's, for programs.
function M.dofile(name)
  local f, why = M.loadfile(name)
  if not f then
    error(why, 0)
  end
  return results(f()) -- no tail call: who looks for the running file sees it called from here
end

local function search(name)
  local path, tried = find_file(name, package.path)
  if not path then
    return tried
  end
  local f, why = M.loadfile(path)
  if not f then
    error(("error loading module '%s' from file '%s':\n\t%s"):format(name, path, tostring(why)), 0)
  end
  if name:find '^jit%.' then -- these work inside of the compiler, where compiled code must not run: Lua's own `type`
    return function(...)
      local ours_type = type
      _G.type = rawtype
      local result = f(...)
      _G.type = ours_type
      return result
    end
  end
  return f
end

-- ---------------------------------------------------------------------------------------------------------
-- Library forms
-- ---------------------------------------------------------------------------------------------------------

-- The metamethod of a value, nil when it has none; cdata know their own.
local function metamethod(x, event)
  local mt = getmetatable(x)
  if mt == nil then
    return nil
  elseif rawtype(mt) ~= 'table' then
    mt = getmeta(x)
  end
  return rawget(mt, event)
end

local function three(a, b, c)
  return a, b, c
end

--- Lua 5.2's pairs: a metatable's `__pairs` counts, of values of any type.
function M.pairs(t)
  if rawtype(t) == 'table' then
    if getmetatable(t) ~= nil then
      local f = metamethod(t, '__pairs')
      if f ~= nil then
        return three(f(t))
      end
    end
    return next, t, nil
  end
  local f = rawtype(t) ~= 'cdata' and metamethod(t, '__pairs')
  if f then
    return three(f(t))
  elseif rawtype(t) ~= 'cdata' then
    error(("bad argument #1 to 'pairs' (table expected, got %s)"):format(t == nil and 'nil' or rawtype(t)), 2)
  end
  return old.pairs(t)
end

--- Lua 5.2's ipairs: a metatable's `__ipairs` counts.
function M.ipairs(t)
  if rawtype(t) == 'table' then
    if getmetatable(t) ~= nil then
      local f = metamethod(t, '__ipairs')
      if f ~= nil then
        return three(f(t))
      end
    end
    return old.ipairs(t)
  end
  local f = rawtype(t) ~= 'cdata' and metamethod(t, '__ipairs')
  if f then
    return three(f(t))
  elseif rawtype(t) ~= 'cdata' then
    error(("bad argument #1 to 'ipairs' (table expected, got %s)"):format(t == nil and 'nil' or rawtype(t)), 2)
  end
  return old.ipairs(t)
end

--- table.pack: the arguments, and their number as `n`.
function M.pack(...)
  return { n = select('#', ...), ... }
end

--- The length of a table or string, without `__len`.
function M.rawlen(x)
  local kind = rawtype(x)
  if kind ~= 'table' and kind ~= 'string' then
    error('table or string expected', 2)
  end
  return #x
end

-- The status that system() gives as Lua 5.2 tells it: true or nil, how the command ended, its code.
local function ended(status)
  local signal = bit.band(status, 127)
  if signal ~= 0 then
    return nil, 'signal', signal
  end
  local code = bit.rshift(status, 8)
  if code ~= 0 then
    return nil, 'exit', code
  end
  return true, 'exit', 0
end

--- os.execute that gives true or nil, "exit" or "signal", and the code; without a command, whether there is a shell.
function M.execute(command)
  if command == nil then
    return old.execute() ~= 0
  end
  local status = old.execute(command)
  if status == -1 then
    return nil, 'exit', -1
  end
  return ended(status)
end

local file_methods = getmeta(io.stdout).__index
old.close, old.write = file_methods.close, file_methods.write
local pipes = setmetatable({}, { __mode = 'k' })

--- io.popen whose close gives what os.execute gives.
function M.popen(...)
  local file, why, code = old.popen(...)
  if file then
    pipes[file] = true
  end
  return file, why, code
end

-- pclose's status is nowhere to be had from Lua's own close: call it here and leave the handle marked as closed, which
-- is a NULL in the first field of the userdata.
local function close_pipe(file)
  local ffi = require 'ffi'
  pcall(ffi.cdef, 'int compat_pclose(void *) __asm__("pclose");')
  local handle = ffi.cast('void **', tonumber(('%p'):format(file)))
  local stream = handle[0]
  handle[0], pipes[file] = nil, nil
  return ended(ffi.C.compat_pclose(stream))
end

--- file:close() of those pipes and of all other files.
function M.close(file)
  if pipes[file] and io.type(file) == 'file' then
    return close_pipe(file)
  end
  return old.close(file)
end

--- io.close: without a file, the standard output.
function M.close_file(file)
  return M.close(file == nil and io.output() or file)
end

--- file:write that gives the file, so that calls can be chained.
function M.write(file, ...)
  local ok, why, code = old.write(file, ...)
  if ok then
    return file
  end
  return ok, why, code
end

--- io.write: gives the file.
function M.write_output(...)
  return M.write(io.output(), ...)
end

--- coroutine.running: the coroutine, and whether it is the main one.
function M.running()
  local thread = old.running()
  if thread == nil then
    return debug.getregistry()['th.main'], true -- under th
  end
  return thread, false
end

-- ---------------------------------------------------------------------------------------------------------
-- type
-- ---------------------------------------------------------------------------------------------------------

local istype, typeof = require 'ffi'.istype, require 'ffi'.typeof

-- The `type` that programs see, once the types of tensors and storages are declared.
local function type_of_programs()
  local tensor_ct, buffer_ct = require 'torch.tensor'.ctype, require 'torch.storage'.ctype
  local random_ct = typeof 'struct rk_random'
  local tensor_pointer, buffer_pointer = typeof('$ *', tensor_ct), typeof('$ *', buffer_ct)
  local random_pointer = typeof('$ *', random_ct)
  local opaque = class.opaque
  return function(x)
    local kind = rawtype(x)
    if kind == 'table' then
      local mt = getmeta(x)
      return mt ~= nil and opaque[mt] and 'userdata' or kind
    elseif kind == 'cdata' then -- istype takes pointers for structs
      if istype(tensor_ct, x) then
        return istype(tensor_pointer, x) and kind or 'userdata'
      elseif istype(buffer_ct, x) then
        return istype(buffer_pointer, x) and kind or 'userdata'
      elseif istype(random_ct, x) then
        return istype(random_pointer, x) and kind or 'userdata'
      end
    end
    return kind
  end
end

-- The metatable that programs see: objects of torch that are cdata, for which Lua's own gives the text 'ffi', answer
-- with their class, as userdata did.
local function class_or_metatable(x)
  local mt = getmetatable(x)
  if mt ~= nil and rawtype(x) == 'cdata' then
    return class.classof(x) or mt
  end
  return mt
end

-- ---------------------------------------------------------------------------------------------------------

local function install()
  local globals = _G
  globals.pairs, globals.ipairs, globals.rawlen = M.pairs, M.ipairs, M.rawlen
  globals.load, globals.loadstring, globals.loadfile, globals.dofile = M.load, M.loadstring, M.loadfile, M.dofile
  package.loaders[2] = search
  package.searchers = package.loaders
  table.pack, table.unpack = M.pack, unpack
  os.execute, coroutine.running = M.execute, M.running
  io.popen, io.close, io.write = M.popen, M.close_file, M.write_output
  file_methods.close, file_methods.write = M.close, M.write
  require 'torch'
  globals.type, globals.getmetatable = type_of_programs(), class_or_metatable
end

install()
M.is_ours = is_ours
M.luatype = class.luatype
return M
