--- Packages of one file a name, each loaded on first mention.
--
-- `nn.Linear` is lua/nn/Linear.lua: the folder is the list, so that a new file needs no other line. Names that do not
-- follow the rule (helpers in lower case, several names in one file) stand in `extra`, name -> module.
-- @module torch.onefile

local class = require 'torch.class'
local enumerate = require 'torch.enumerate'

local M = {}

--- Give a package's table the loading of its files.
-- @param package_ the table; values that files return are stored in it
-- @param prefix its name in `require`: 'nn'
-- @param source the path of its init.lua (`debug.getinfo(1, 'S').source`), whose folder is looked at
-- @param pattern what the names of such files match: '^%u%w*$'
-- @param extra name -> module for other names; more may be added later; false for a file that is none of the names
-- @param[opt] rest a module that stores in the package what has no file, loaded when such a name is first mentioned
-- @return a function that loads everything and returns the package
function M.attach(package_, prefix, source, pattern, extra, rest)
  local folder = source:match '^@(.*/)' or './'
  local loading, absent = {}, {}

  local function module_of(name)
    if extra[name] ~= nil then return extra[name] end
    if type(name) ~= 'string' or absent[name] or not name:match(pattern) then return nil end
    local file = io.open(folder .. name .. '.lua')
    if not file then
      absent[name] = true
      return nil
    end
    file:close()
    return prefix .. '.' .. name
  end

  local function load_rest(name)
    local module = rest
    if not module or (name and not (type(name) == 'string' and name:match(pattern))) then return nil end
    rest = nil
    class.require_own(module)
    return name and rawget(package_, name)
  end

  -- nil for a name that is unknown or being loaded
  local function load(name)
    local value = rawget(package_, name)
    if value ~= nil or loading[name] then return value end
    local module = module_of(name)
    if not module then return load_rest(name) end
    loading[name] = true
    local ok
    ok, value = pcall(class.require_own, module)
    loading[name] = nil
    if not ok then error(value, 0) end
    if rawget(package_, name) == nil then rawset(package_, name, value) end
    return rawget(package_, name)
  end

  local function load_all()
    for file in require('paths').files(folder, '%.lua$') do
      local name = file:match '^(.*)%.lua$'
      if name:match(pattern) then load(name) end
    end
    for name in pairs(extra) do load(name) end
    load_rest()
    return package_
  end

  setmetatable(package_, { __index = function(_, name) return load(name) end })
  enumerate.register(package_, load_all)
  return load_all
end

return M
