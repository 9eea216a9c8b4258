--- paths: names of files and folders, and what lies there. Pure Lua and FFI.
--
-- Names are texts; `concat` makes them absolute and clean (no `.`, `..` or double slashes). Functions that make or
-- remove things return true, or nil and the reason.
-- @module paths

local ffi = require 'ffi'
local stream = require 'torch.stream'

ffi.cdef [[
typedef struct rk_DIR rk_DIR;
rk_DIR *rk_c_opendir(const char *path) __asm__("opendir");
int rk_c_closedir(rk_DIR *dir) __asm__("closedir");
struct rk_dirent { uint64_t ino; int64_t off; uint16_t length; uint8_t type; char name[256]; };
struct rk_dirent *rk_c_readdir(rk_DIR *dir) __asm__("readdir");
char *rk_c_getcwd(char *buffer, size_t size) __asm__("getcwd");
int rk_c_mkdir(const char *path, unsigned mode) __asm__("mkdir");
int rk_c_rmdir(const char *path) __asm__("rmdir");
struct rk_utsname { char sysname[65], nodename[65], release[65], version[65], machine[65], domain[65]; };
int rk_c_uname(struct rk_utsname *out) __asm__("uname");
ptrdiff_t rk_c_readlink(const char *path, char *buffer, size_t size) __asm__("readlink");
void *rk_c_dlopen(const char *path, int flags) __asm__("dlopen");
char *rk_c_dlerror(void) __asm__("dlerror");
int rk_c_access(const char *path, int mode) __asm__("access");
]]

local C = ffi.C
local M = {}

local function check(who, n, value)
  if type(value) ~= 'string' then
    error(('paths.%s: argument %d: string expected, got %s'):format(who, n, type(value)), 3)
  end
end

local function result(code)
  if code == 0 then
    return true
  end
  return nil, stream.system_error()
end

-- ---------------------------------------------------------------------------------------------------------
-- Names
-- ---------------------------------------------------------------------------------------------------------

--- Current directory.
function M.cwd()
  local buffer = ffi.new('char[?]', 4096)
  local path = C.rk_c_getcwd(buffer, 4096)
  return path ~= nil and ffi.string(path) or nil
end

-- Absolute name without "." and ".." parts
local function clean(path)
  local parts = {}
  for part in path:gmatch '[^/]+' do
    if part == '..' then
      parts[#parts] = nil
    elseif part ~= '.' then
      parts[#parts + 1] = part
    end
  end
  return '/' .. table.concat(parts, '/')
end

--- Absolute, clean name made of parts; an absolute part makes those before it void. Without parts: the current
-- directory.
-- @usage assert(paths.concat('/a', 'b', '../c') == '/a/c')
function M.concat(...)
  local path = M.cwd() or '/'
  for i = 1, select('#', ...) do
    local part = select(i, ...)
    check('concat', i, part)
    path = part:sub(1, 1) == '/' and part or path .. '/' .. part
  end
  return clean(path)
end

--- Last component of a name, without a suffix if one is given (with or without its dot).
-- @usage assert(paths.basename('/a/b.lua', 'lua') == 'b')
function M.basename(path, suffix)
  check('basename', 1, path)
  local name = path:gsub('/+$', ''):match '[^/]*$'
  if name == '' and path ~= '' then
    return '/'
  end
  if suffix ~= nil then
    check('basename', 2, suffix)
    suffix = suffix:gsub('^%.?', '.')
    if #name > #suffix and name:sub(-#suffix) == suffix then
      name = name:sub(1, -#suffix - 1)
    end
  end
  return name
end

--- The folder of what a name names.
-- @usage assert(paths.dirname '/a/b.lua' == '/a')
function M.dirname(path)
  check('dirname', 1, path)
  local trimmed = path:gsub('/+$', '')
  if trimmed == '' then
    return path ~= '' and '/' or '.'
  end
  local folder = trimmed:match '^(.*)/[^/]*$'
  if not folder then
    return '.'
  end
  folder = folder:gsub('/+$', '')
  return folder == '' and '/' or folder
end

--- What follows the last dot of the last component, nil without one.
-- @usage assert(paths.extname 'a.b/c.lua' == 'lua')
function M.extname(path)
  check('extname', 1, path)
  return path:match '[^/]%.([^./]*)$'
end

-- ---------------------------------------------------------------------------------------------------------
-- What is there
-- ---------------------------------------------------------------------------------------------------------

--- Is there something of any kind?
function M.exists(path)
  return type(path) == 'string' and stream.stat(path) ~= nil
end

--- Is there a file?
function M.filep(path)
  check('filep', 1, path)
  local kind = stream.stat(path)
  return kind ~= nil and kind ~= 'directory'
end

--- Is there a folder?
function M.dirp(path)
  check('dirp', 1, path)
  return stream.stat(path) == 'directory'
end

--- Names of all entries of a folder, with . and ..; nil when there is no such folder.
function M.dir(path)
  check('dir', 1, path)
  local handle = C.rk_c_opendir(path)
  if handle == nil then
    return nil, stream.system_error()
  end
  local names = {}
  while true do
    local entry = C.rk_c_readdir(handle)
    if entry == nil then
      break
    end
    names[#names + 1] = ffi.string(entry.name)
  end
  C.rk_c_closedir(handle)
  return names
end

-- Iterator over the entries of a folder for which accept(name) holds
local function each(who, path, accept)
  local names, why = M.dir(path)
  if not names then
    error(('paths.%s: cannot read <%s>: %s'):format(who, path, why), 3)
  end
  local i = 0
  return function()
    repeat
      i = i + 1
    until names[i] == nil or accept(names[i])
    return names[i]
  end
end

--- Iterator over the entries of a folder, with . and ..; or over those that match a Lua pattern or a predicate.
-- @string path
-- @param[opt] filter pattern, or function of the name
function M.files(path, filter)
  check('files', 1, path)
  local kind = type(filter)
  if kind == 'string' then
    return each('files', path, function(name) return name:find(filter) ~= nil end)
  elseif kind == 'function' then
    return each('files', path, filter)
  elseif kind ~= 'nil' then
    error(('paths.files: argument 2: pattern or function expected, got %s'):format(kind), 2)
  end
  return each('files', path, function() return true end)
end

--- Iterator over the sub-folders of a folder, without . and ..
function M.iterdirs(path)
  check('iterdirs', 1, path)
  return each('iterdirs', path, function(name)
    return name ~= '.' and name ~= '..' and M.dirp(path .. '/' .. name)
  end)
end

--- Iterator over the files of a folder.
function M.iterfiles(path)
  check('iterfiles', 1, path)
  return each('iterfiles', path, function(name) return M.filep(path .. '/' .. name) end)
end

-- ---------------------------------------------------------------------------------------------------------
-- Making and removing
-- ---------------------------------------------------------------------------------------------------------

--- Make a folder, of one level. True when it is there afterwards.
function M.mkdir(path)
  check('mkdir', 1, path)
  if C.rk_c_mkdir(path, 511) == 0 or M.dirp(path) then
    return true
  end
  return nil, stream.system_error()
end

--- Remove an empty folder.
function M.rmdir(path)
  check('rmdir', 1, path)
  return result(C.rk_c_rmdir(path))
end

local function remove_all(path)
  if stream.stat(path, true) ~= 'directory' then
    return result(C.rk_c_unlink(path))
  end
  local names, why = M.dir(path)
  if not names then
    return nil, why
  end
  for _, name in ipairs(names) do
    if name ~= '.' and name ~= '..' then
      local ok, reason = remove_all(path .. '/' .. name)
      if not ok then
        return nil, reason
      end
    end
  end
  return result(C.rk_c_rmdir(path))
end

--- Remove a file, or a folder and all below it. Links are removed, not followed.
-- @string path
-- @string yes must be "yes"
function M.rmall(path, yes)
  check('rmall', 1, path)
  if yes ~= 'yes' then
    error('paths.rmall: argument 2: it must be "yes", so that nothing is removed by mistake', 2)
  end
  return remove_all(path)
end

local temporary

--- Name of a new temporary file, which is removed when the program ends.
function M.tmpname()
  local name = os.tmpname()
  if not temporary then
    temporary = newproxy(true)
    local names = {}
    local mt = getmetatable(temporary)
    mt.names = names
    mt.__gc = function()
      for _, each_name in ipairs(names) do
        os.remove(each_name)
      end
    end
  end
  table.insert(getmetatable(temporary).names, name)
  return name
end

-- ---------------------------------------------------------------------------------------------------------
-- The system
-- ---------------------------------------------------------------------------------------------------------

--- Name of the operating system, of this machine, and of its processor.
function M.uname()
  local u = ffi.new 'struct rk_utsname'
  C.rk_c_uname(u)
  return ffi.string(u.sysname), ffi.string(u.nodename), ffi.string(u.machine)
end

--- Is this Windows?
function M.is_win()
  return ffi.os == 'Windows'
end

--- Is this macOS?
function M.is_mac()
  return ffi.os == 'OSX'
end

--- Path of the first of some programs that is found in PATH.
function M.findprogram(...)
  local found
  for i = 1, select('#', ...) do
    local name = select(i, ...)
    check('findprogram', i, name)
    if name:find('/', 1, true) then
      found = M.filep(name) and C.rk_c_access(name, 1) == 0 and name
    else
      for folder in (os.getenv 'PATH' or ''):gmatch '[^:]+' do
        local path = folder .. '/' .. name
        if M.filep(path) and C.rk_c_access(path, 1) == 0 then
          found = path
          break
        end
      end
    end
    if found then
      return found
    end
  end
end

--- Folder of the running interpreter.
function M.execdir()
  local buffer = ffi.new('char[?]', 4096)
  local n = tonumber(C.rk_c_readlink('/proc/self/exe', buffer, 4096))
  return n > 0 and M.dirname(ffi.string(buffer, n)) or nil
end

--- On Windows, a value of the registry; there is none elsewhere.
function M.getregistryvalue()
  error(('paths.getregistryvalue: %s has no registry'):format(ffi.os), 2)
end

-- ---------------------------------------------------------------------------------------------------------
-- Files of programs
-- ---------------------------------------------------------------------------------------------------------

-- Absolute path of the file in which the function `level` frames above our caller was written; nil for typed-in code
local function file_of(level)
  local info = debug.getinfo(level + 1, 'S')
  local source = info and info.source
  if source and source:sub(1, 1) == '@' then
    return M.concat(source:sub(2))
  end
end

--- Path of the calling file, or of a file named relative to it.
-- @usage local here = paths.thisfile()
function M.thisfile(relative, depth)
  if depth ~= nil and type(depth) ~= 'number' then
    error(('paths.thisfile: argument 2: number expected, got %s'):format(type(depth)), 2)
  end
  local path = file_of((depth or 1) + 1)
  if relative == nil then
    return path
  end
  check('thisfile', 1, relative)
  return M.concat(path and M.dirname(path) or M.cwd(), relative)
end

--- Run a file named relative to the calling one, and return what it returns.
-- @string name
-- @number[opt=1] depth calls to go up for "the calling one"
function M.dofile(name, depth)
  check('dofile', 1, name)
  local path = file_of((depth or 1) + 1)
  return dofile(M.concat(path and M.dirname(path) or M.cwd(), name))
end

local RTLD_NOW_GLOBAL = 0x102

--- Load a C module so that the libraries loaded later see its symbols.
function M.require(name)
  check('require', 1, name)
  if package.loaded[name] ~= nil then
    return package.loaded[name]
  end
  local path = package.searchpath(name, package.cpath)
  if path and C.rk_c_dlopen(path, RTLD_NOW_GLOBAL) == nil then
    error(('paths.require: %s: %s'):format(name, ffi.string(C.rk_c_dlerror())), 2)
  end
  return require(name)
end

M.home = os.getenv 'HOME' or '/'

-- In an installation th lies in <prefix>/bin; in a build tree there are no such folders.
local execdir = M.execdir()
if execdir and M.basename(execdir) == 'bin' then
  local prefix = M.dirname(execdir)
  M.install_prefix, M.install_bin = prefix, execdir
  local parts = {man = 'share/man', lib = 'lib', share = 'share', include = 'include', hlp = 'share/torch/hlp',
    html = 'share/torch/html', cmake = 'share/cmake/torch', lua_path = 'share/lua/5.1', lua_cpath = 'lib/lua/5.1'}
  for name, part in pairs(parts) do
    M['install_' .. name] = prefix .. '/' .. part
  end
end

rawset(_G, 'paths', M)
return M
