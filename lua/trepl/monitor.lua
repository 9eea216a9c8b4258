--- Globals that are created, or read without existing: the usual signs of a forgotten `local` and of a misspelt name.
-- Code of Rekindle's packages and of installed rocks is not reported: it asks for names to find out what there is.
local is_ours = require 'torch.compat'.is_ours

local watched -- is the global table watched? what it did before
local before = {}

local function restore()
  local meta = getmetatable(_G)
  if watched then
    meta.__index, meta.__newindex, watched = before.index, before.newindex, nil
  end
end

-- Where the program creates or reads the name; nil when it is no program that does.
local function place_of(level)
  local info = debug.getinfo(level + 1, 'Sl')
  if not info or info.what == 'C' then return nil end
  local path = info.source:match '^@(.*)$'
  if path and (is_ours(path) or path:find('/share/lua/', 1, true)) then return nil end
  return ('%s:%d'):format(info.short_src, info.currentline)
end

local function reporter(callback)
  local said = {}
  return function(kind, key, what)
    if type(callback) == 'function' then
      callback(key, kind)
      return
    end
    local place = place_of(3)
    if place and callback then
      error(('%s: %s'):format(what, tostring(key)), 3)
    elseif place then
      local line = ('%s: %s: %s\n'):format(place, what, tostring(key))
      if not said[line] then io.stderr:write(line) end
      said[line] = true
    end
  end
end

local function watch(meta, report)
  local index, newindex = meta.__index, meta.__newindex
  before.index, before.newindex, watched = index, newindex, true
  meta.__newindex = function(t, key, value)
    if type(newindex) == 'function' then
      newindex(t, key, value)
    else
      rawset(newindex or t, key, value)
    end
    report('newindex', key, 'a new global')
  end
  meta.__index = function(t, key)
    local value
    if type(index) == 'function' then
      value = index(t, key)
    elseif index then
      value = index[key]
    end
    if value == nil then report('index', key, 'no such global') end
    return value
  end
end

--- monitor_G of trepl.
-- @param callback function, true, false or nil
-- @int given number of arguments
return function(callback, given)
  if given > 0 and callback ~= nil and type(callback) ~= 'boolean' and type(callback) ~= 'function' then
    error(('monitor_G: argument 1: a function, true or false expected, got %s'):format(type(callback)), 3)
  end
  restore()
  if callback == false and given > 0 then return end
  local meta = getmetatable(_G) or {}
  watch(meta, reporter(callback))
  setmetatable(_G, meta)
end
