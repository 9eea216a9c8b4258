--- `pairs` of packages whose names are loaded on first mention: it sees all of them.
--
-- A program that lists `optim` or copies the fields of `nn` means every name, not those that happened to be used. Such
-- a package is registered with a function that fills it, which the first `pairs` over it calls. `next` stays Lua's own:
-- loops by it are compiled only then.
-- @module torch.enumerate

-- luacheck: globals pairs

local M = {}

local type, error, getmetatable, setmetatable = type, error, getmetatable, setmetatable
local next, plain = next, pairs
local pending = {} -- package -> function that fills it

local function fill(t)
  local f = pending[t]
  if f then
    pending[t] = nil -- what fills it may look into it
    f()
  end
end

--- Store every name in a package that was registered; other tables stay as they are.
M.fill = fill

local function pairs_of_all(t)
  if pending[t] then
    fill(t)
  elseif t == nil or type(t) == 'number' or type(t) == 'boolean' then
    error(("bad argument #1 to 'pairs' (table expected, got %s)"):format(type(t)), 2)
  end
  return plain(t)
end

-- Does `pairs` ask `__pairs` (th, LuaJIT built with Lua 5.2's ways)?
local function asks(f)
  local asked = false
  f(setmetatable({}, { __pairs = function(t)
    asked = true
    return next, t, nil
  end }))
  return asked
end

--- Register a package, which has a metatable.
-- @tab t the package
-- @func f stores every name in it that is not there
function M.register(t, f)
  pending[t] = f
  getmetatable(t).__pairs = function()
    fill(t)
    return next, t, nil
  end
  if pairs ~= pairs_of_all and not asks(pairs) then
    plain, pairs = pairs, pairs_of_all
  end
end

return M
