--- The length operator for objects: what `#x` becomes in programs' code (see torch.source).
--
-- LuaJIT as distributions build it asks no `__len` of tables; Torch7's own did. The function is found through the
-- metatable of strings, `(("").__len(x))`: so the rewritten code needs no upvalue and no global, works under any
-- `setfenv`, and can be dumped, stored and sent to other threads. Compiled, it is the plain operator for strings and
-- for tables without a metatable.
-- @module torch.length

-- luacheck: ignore 142 143

local type, getmetatable, rawget, error = type, getmetatable, rawget, error
local getmeta = debug.getmetatable
local length_of_class = require('torch.class').length_of_class
local has_length = { string = true, cdata = true, userdata = true }

local function of_object(t, mt)
  if type(mt) ~= 'table' then -- hidden by __metatable
    mt = getmeta(t)
  end
  local f = rawget(mt, '__len')
  if f == nil or f == length_of_class then -- objects of torch.class: the operator itself, as the vectors show
    return #t
  end
  return (f(t))
end

-- What the operand is called on the line of the program that failed, if only one can be meant.
local function operand()
  local info = debug.getinfo(3, 'Sl')
  local source, line = info.source, nil
  local path = source:match '^@(.*)'
  local file = path and io.open(path)
  local text = file and file:read '*a' or source
  if file then
    file:close()
  end
  local n = 0
  for each in (text .. '\n'):gmatch '(.-)\n' do
    n = n + 1
    if n == info.currentline then
      line = each:gsub('%-%-.*', '')
      break
    end
  end
  local _, signs = (line or ''):gsub('#', '')
  return signs == 1 and line:match '#%s*([%a_][%w_.]*)' or nil
end

--- `#x`, and for a table with `__len` in its metatable what that answers.
function string.__len(x)
  local kind = type(x)
  if kind == 'table' then
    local mt = getmetatable(x)
    if mt ~= nil then
      return of_object(x, mt)
    end
  elseif not has_length[kind] and getmeta(x) == nil then
    local name = operand()
    error(('attempt to get length of %s'):format(name and ("'%s' (a %s value)"):format(name, kind)
      or ('a %s value'):format(kind)), 2)
  end
  return #x
end

return string.__len
