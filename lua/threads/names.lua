--- What functions refer to by name when they go to another Lua state: the standard libraries, Rekindle's packages and
-- what is in them, classes and constructors of these packages. All else goes by value.
-- @module threads.names

local class = require 'torch.class'

local M = {}

local LIBRARIES = {'_G', 'string', 'table', 'math', 'io', 'os', 'coroutine', 'debug', 'package', 'bit', 'jit', 'ffi'}
local PACKAGES = {'torch', 'nn', 'optim', 'paths', 'sys', 'xlua', 'image', 'threads', 'tds', 'gnuplot', 'graph',
  'nngraph', 'cutorch', 'cunn', 'cudnn'}
-- These, whoever has replaced them
local GLOBALS = 'assert collectgarbage dofile error gcinfo getfenv getmetatable ipairs load loadfile loadstring module '
  .. 'newproxy next pairs pcall print rawequal rawget rawlen rawset require select setfenv setmetatable tonumber '
  .. 'tostring type unpack xpcall'
local ours = {}
for _, list in ipairs {LIBRARIES, PACKAGES} do
  for _, name in ipairs(list) do
    ours[name] = true
  end
end

local known -- object -> "module" or "module\0field"
local loaded -- modules counted when `known` was made

local function add_fields(name, module)
  for key, value in next, module do -- what is loaded, no more
    if type(key) == 'string' and type(value) == 'function' and not known[value] then
      known[value] = name .. '\0' .. key
    end
  end
end

local function collect()
  known, loaded = {}, 0
  for _, list in ipairs {LIBRARIES, PACKAGES} do
    for _, name in ipairs(list) do
      local module = package.loaded[name]
      if type(module) == 'table' then
        loaded = loaded + 1
        known[module] = name
        if name ~= '_G' then add_fields(name, module) end
      end
    end
  end
  for key in GLOBALS:gmatch '%S+' do
    local value = rawget(_G, key)
    if type(value) == 'function' then known[value] = '_G\0' .. key end
  end
  -- th keeps Lua's print under another name
  local print_old = rawget(_G, 'print_old')
  if type(print_old) == 'function' then known[print_old] = '_G\0print' end
end

local function count()
  local n = 0
  for _, list in ipairs {LIBRARIES, PACKAGES} do
    for i = 1, #list do
      if type(package.loaded[list[i]]) == 'table' then n = n + 1 end
    end
  end
  return n
end

-- A metatable or constructor of a class of these packages
local function class_name(t)
  local name = rawget(t, '__typename')
  if type(name) == 'string' and class.getmetatable(name) == t then return name, 'metatable' end
  local mt = debug.getmetatable(t)
  mt = type(mt) == 'table' and rawget(mt, '__metatable')
  name = type(mt) == 'table' and rawget(mt, '__typename')
  if type(name) == 'string' and class.getmetatable(name) == mt and class.getconstructortable(name) == t then
    return name, 'constructor'
  end
end

--- Is a package one of those known by name?
function M.is_ours(name) return ours[name] or false end

--- Begin a parcel: look again when packages were loaded since.
function M.refresh()
  if not known or count() ~= loaded then collect() end
end

--- Look again at the packages' fields, some of which are loaded on first mention.
function M.renew() collect() end

--- The name of a function or table, nil when it has none.
function M.of(object)
  local name = known[object]
  if name or type(object) ~= 'table' then return name end
  local kind
  name, kind = class_name(object)
  if name and (kind == 'constructor' or ours[name:match '^[^.]+']) then return name .. '\1' .. kind end
end

--- The object of a name, in this state.
function M.find(name)
  local class_, kind = name:match '^(.*)\1(.*)$'
  if class_ then
    local package_ = class_:match '^[^.]+'
    if not class.getmetatable(class_) and ours[package_] then require(package_) end
    if not class.getmetatable(class_) then
      error(('class %s is unknown in this thread; require what defines it in an init function of the pool')
        :format(class_), 0)
    end
    return kind == 'metatable' and class.getmetatable(class_) or class.getconstructortable(class_)
  end
  local module, field = name:match '^(.-)%z(.*)$'
  local t = require(module or name)
  if not module then return t end
  local value = t[field]
  if value == nil then error(('%s.%s is unknown in this thread'):format(module, field), 0) end
  return value
end

return M
