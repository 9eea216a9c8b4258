--- What `torch` knows of packages, terminals and the process; and switches of Torch7 that have nothing left to switch.
-- @module torch.system

local ffi = require 'ffi'
local class = require 'torch.class'

ffi.cdef [[
int rk_c_fileno(struct rk_FILE *f) __asm__("fileno");
int rk_c_isatty(int fd) __asm__("isatty");
]]

local M = {}

--- Folder of an installed package's Lua files, nil when there is none; without a name, the folder that holds `torch`.
-- @string[opt] name package
-- @usage assert(torch.packageLuaPath 'torch')
function M.packageLuaPath(name)
  if name == nil then
    return (M.packageLuaPath 'torch' or ''):match '^(.*)/'
  elseif type(name) ~= 'string' then
    error(('torch.packageLuaPath: argument 1: package name (string) expected, got %s'):format(class.type(name)), 2)
  end
  local path = name:gsub('%.', '/')
  for template in package.path:gmatch '[^;]+' do
    local candidate = template:gsub('%?', (path:gsub('%%', '%%%%')))
    local f = io.open(candidate, 'r')
    if f then
      f:close()
      return candidate:match '^(.*)/' or '.'
    end
  end
end

local run_file, run_module = dofile, class.luarequire -- a program may replace them

-- Folder of the file in which the function `level` frames up was written. `return include 'x.lua'` at the end of a file
-- is a tail call, which leaves no trace of the file: below it stands what runs it, whose argument names it.
local function folder_of_caller(level)
  local info = debug.getinfo(level + 1, 'Sf')
  local source = info and info.source or '=[C]'
  local runs_file = info and (info.func == run_file or info.func == dofile)
  if not info or info.what == 'C' or runs_file then
    local path = arg and arg[0] -- the program itself
    local _, name
    if runs_file or info and info.func == run_module then
      _, name = debug.getlocal(level + 1, 1)
      path = runs_file and name or package.searchpath(name, package.path) or path
    end
    source = '@' .. tostring(path)
  end
  return source:match '^@(.*)/[^/]*$' or '.'
end

--- Run a file of an installed package; with nil in place of its name, a file beside the calling one.
-- @string package its name
-- @string file such as `'util/Meter.lua'`
function M.include(package, file)
  if type(file) ~= 'string' then
    error(('torch.include: argument 2: file name (string) expected, got %s'):format(class.type(file)), 2)
  end
  local folder
  if package == nil then
    folder = folder_of_caller(2)
  else
    folder = M.packageLuaPath(package)
    if not folder then
      error(('torch.include: there is no package %s in package.path'):format(tostring(package)), 2)
    end
  end
  return dofile(folder .. '/' .. file)
end

--- The global `include`: run a file beside the calling one.
-- @string file
-- @number[opt=1] depth calls to go up for "the calling one", as in paths.dofile
function M.include_beside(file, depth)
  if type(file) ~= 'string' then
    error(('include: argument 1: file name (string) expected, got %s'):format(class.type(file)), 2)
  end
  if file:sub(1, 1) ~= '/' then
    file = folder_of_caller(1 + (depth or 1)) .. '/' .. file
  end
  return dofile(file)
end

--- Is a file a terminal?
-- @param file of `io`, or a torch.DiskFile
function M.isatty(file)
  local handle
  if io.type(file) == 'file' then
    handle = file
  elseif class.isTypeOf(file, 'torch.DiskFile') and file:isOpened() then
    handle = file._stream.handle
  else
    error(('torch.isatty: argument 1: open file expected, got %s'):format(io.type(file) or class.type(file)), 2)
  end
  return ffi.C.rk_c_isatty(ffi.C.rk_c_fileno(ffi.cast('struct rk_FILE *', handle))) == 1
end

--- In Torch7, give this thread Lua's error handlers. Errors are values here, the same in every thread.
function M.updateerrorhandlers()
end

--- In Torch7, refresh what is kept for each thread. There is nothing of the kind.
function M.updatethreadlocals()
end

--- Class of the objects that Storage constructors take as allocators (cutorch makes some).
class.class('torch.Allocator', M)

return M
