--- `require './file'` under th: a path relative to the calling file, which is loaded once whatever it is called.
-- Other names go to Lua's own `require`, by a tail call: who asks for the caller finds it.
local plain, loaded, loading = require, package.loaded, {}

local innermost -- the file that is being loaded here

-- `return require './x'` at the end of a file is a tail call, which leaves no trace of the file: below it stands what
-- runs the file.
local function calling_folder()
  local info = debug.getinfo(4, 'Sf')
  local source = info and info.source or '=[C]'
  if not info or info.what == 'C' or info.func == dofile then
    local path = arg and arg[0] or '' -- the program itself
    local _, name = debug.getlocal(4, 1)
    if info and info.func == pcall and innermost then
      path = innermost
    elseif info and info.func == dofile then
      path = name
    elseif info and info.func == plain then
      path = package.searchpath(name, package.path) or path
    end
    source = '@' .. tostring(path)
  end
  return source:match '^@(.*)/[^/]*$' or '.'
end

local function load_relative(name)
  local paths = plain 'paths'
  local base = paths.concat(calling_folder(), name)
  local tried = {}
  for _, ending in ipairs { '.lua', '/init.lua', '' } do
    local path = base .. ending
    if paths.filep(path) then
      if loaded[path] == nil then
        if loading[path] then
          error(('loop or previous error loading module %q'):format(path), 3)
        end
        loading[path] = true
        local f, why = loadfile(path)
        if not f then
          loading[path] = nil
          error(why, 0)
        end
        local outer = innermost
        innermost = path
        local ok, value = pcall(f, name)
        innermost = outer
        loading[path] = nil
        if not ok then
          error(value, 0)
        end
        if value ~= nil or loaded[path] == nil then
          loaded[path] = value == nil or value
        end
      end
      return loaded[path]
    end
    tried[#tried + 1] = "\n\tno file '" .. path .. "'"
  end
  error(("module '%s' not found:%s"):format(name, table.concat(tried)), 3)
end

function _G.require(name)
  if type(name) == 'string' and name:find '^%.%.?/' then
    return (load_relative(name))
  end
  return plain(name)
end
