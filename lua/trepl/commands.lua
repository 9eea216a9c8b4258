--- What one types at the prompt: help, who, import, ls, pwd, cd and so on; th makes them globals.
local ffi = require 'ffi'

ffi.cdef 'int trepl_chdir(const char *) __asm__("chdir"); char *trepl_strerror(int) __asm__("strerror");'

local M = {}

local overview = [[
  torch.randn(3)      a value is printed, unless the line ends in ;       = e  as well
  ? torch.cmul        documentation, also help(nn.Linear), ? 'nn.Linear'
  $ ls -l             a shell command (! ls -l, too); also ls(), pwd(), cd 'folder'
  _  _LAST            the last value; _RESULTS: all of them
  who()               the globals of this session; import 'nn' makes a package's fields globals
  monitor_G(true)     reports new globals; setprintlevel(n), noColors(): how tables are printed
  Tab completes names, methods and, inside of a string, files; Ctrl-C stops what runs, Ctrl-D leaves]]

-- What a value is, and what is known about its kind.
local function describe(value)
  local kind, size = torch.type(value), ''
  if torch.isTensor(value) and value:dim() > 0 then
    size = ' of size ' .. require('torch.check').joined(value:size(), 'x')
  elseif kind == 'table' and type(debug.getmetatable(value)) == 'table' and debug.getmetatable(value).__tostring then
    kind = tostring(value)
  end
  local text = torch.typename(value) and torch.usage(kind)
  return kind .. size .. (text and '\n' .. text or '')
end

--- Shows documentation: of a name, a function, a class or an object; without an argument, what the prompt knows.
-- @usage help 'torch.cmul'
function M.help(what)
  if what == nil then
    io.write(overview, '\n')
    return
  end
  if type(what) == 'string' then
    what = what:match '^%s*["\'(]*(.-)["\')]*%s*$'
  end
  local text
  if type(what) == 'string' and rawget(M, what) and type(rawget(_G, what)) == 'function' then
    text = torch.usage('trepl.commands.' .. what):gsub('^trepl%.commands%.', '')
  else
    text = torch.usage(what)
  end
  if not text then -- a variable of the session, or what it holds
    local value = type(what) ~= 'string' and what or nil
    if value == nil and what:find '^[%w_.]+$' then
      local ok, found = pcall(loadstring('return ' .. what, '=help'))
      value = ok and found or nil
    end
    text = value ~= nil and describe(value) or nil
  end
  io.write(text or ('nothing is documented under %s'):format(tostring(what)), '\n')
end

local of_session = { _RESULTS = true, _LAST = true, _ = true }

local function is_system(name)
  return require 'trepl'.system[name] or of_session[name] or false
end

local function line_of(name, value)
  local what = torch and torch.type and torch.type(value) or type(value)
  local size = ''
  if torch and torch.isTensor(value) then
    size = tostring(value:dim() == 0 and 'empty' or require('torch.check').joined(value:size(), 'x'))
  elseif type(value) == 'table' or type(value) == 'string' then
    local n = 0
    if type(value) == 'string' then
      n = #value
    else
      for _ in next, value do n = n + 1 end
    end
    size = tostring(n)
  end
  return ('%-24s %-24s %s'):format(name, what, size)
end

local function list(title, wanted)
  local names = {}
  for name in next, _G do
    if type(name) == 'string' and wanted(name) then
      names[#names + 1] = name
    end
  end
  table.sort(names)
  io.write('== ', title, ' ==\n')
  for _, name in ipairs(names) do
    io.write(line_of(name, rawget(_G, name)), '\n')
  end
end

--- Lists the globals of the session with their types and sizes; with true, those of the system before them.
-- @bool[opt] with_system
function M.who(with_system)
  if with_system then
    list('System Variables', is_system)
  end
  list('User Variables', function(name) return not is_system(name) end)
end

--- Requires a package and makes its fields globals; those that exist already stay, unless `forced`.
-- @string name package
-- @bool[opt] forced
-- @usage import 'paths'
function M.import(name, forced)
  if type(name) ~= 'string' then
    error(('import: argument 1: package name (string) expected, got %s'):format(type(name)), 2)
  end
  local package = require(name)
  if type(package) ~= 'table' then
    package = rawget(_G, name)
  end
  if type(package) ~= 'table' then
    error(('import: %s has no fields: it is a %s'):format(name, type(package)), 2)
  end
  for key, value in pairs(package) do
    if type(key) == 'string' and (forced or rawget(_G, key) == nil) then
      rawset(_G, key, value)
    end
  end
end

--- The documentation of a package: its names; without one, the packages.
-- @string[opt] name
function M.browse(name)
  if name == nil then
    io.write "browse 'torch', browse 'nn', browse 'optim' ...: what a package documents; ? name shows it\n"
    return
  end
  for _, entry in ipairs(require 'torch.usage'.package(name)) do
    io.write(('  %-44s %s\n'):format(entry.name, (entry.text or ''):match '^[^\n]*'))
  end
end

--- Lists a folder.
function M.ls(folder)
  os.execute(("ls -C '%s'"):format(tostring(folder or '.'):gsub("'", "'\\''")))
end

--- Goes to another folder; without one, home.
-- @string[opt] folder
function M.cd(folder)
  folder = folder or os.getenv 'HOME' or '/'
  if type(folder) ~= 'string' then
    error(('cd: argument 1: a folder (string) expected, got %s'):format(type(folder)), 2)
  end
  folder = folder:gsub('^~', os.getenv 'HOME' or '~')
  if ffi.C.trepl_chdir(folder) ~= 0 then
    error(('cd: %s: %s'):format(folder, ffi.string(ffi.C.trepl_strerror(ffi.errno()))), 2)
  end
end

--- Prints the current folder.
function M.pwd()
  io.write(require 'paths'.cwd(), '\n')
end

return M
