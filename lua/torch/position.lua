--- The line that an error names: that of the program's call.
--
-- `error(text, 2)` in an `__init` means "my caller", and that is a line of torch.class, or of a class or function of
-- ours that makes another, which no user wants to read. So the global `error` looks at the frame that a level of 2 or
-- more would name; where that is the class system or one of our own packages', the first frame above it that is neither
-- takes its place. Everything else is Lua's own `error`: the call is a tail call, so neither levels nor tracebacks show
-- that it went through here.
-- @module torch.position

-- luacheck: ignore 121 122

local M = {}

local raise, type, getinfo = error, type, debug.getinfo

local here = getinfo(1, 'S').source -- "@.../lua/torch/position.lua"
local folder = here:match '^(.*/)torch/position%.lua$' or here
local class_file = here:gsub('position%.lua$', 'class.lua')
local ours = {}
for name in ('torch nn optim nngraph graph image vision threads tds'):gmatch '%S+' do ours[name] = true end

local function is_ours(source)
  if source:sub(1, #folder) ~= folder then return false end
  return ours[source:match('^([^/]+)/', #folder + 1)] or false
end

-- Does the frame stand between a check and the user?
local function is_between(info) return info.source == class_file or is_ours(info.source) end

-- The level that replaces `level`, both as `error` counts them in the function that called it.
local function climb(level)
  local info = getinfo(level + 2, 'Sn') -- this function and M.error stand before
  if not info or not is_between(info) then return level end
  local at = level
  repeat
    at = at + 1
    info = getinfo(at + 2, 'Sn')
    if not info then return level end
  until info.what ~= 'C' and info.source ~= class_file and not is_ours(info.source)
  return at
end

--- As Lua's `error`.
-- @param[opt] message anything
-- @param[opt=1] level whose line is put before a text: 1 the caller of error, 2 that function's caller; the caller of a
-- constructor where that function is an `__init`
-- @usage assert(pcall(error, 'x', 2) == false)
function M.error(message, level)
  if type(message) == 'string' and type(level) == 'number' and level >= 2 then level = climb(level) end
  return raise(message, level)
end

--- Raise a text at the program's line: the first frame that is not of our own packages; without one, as it stands.
-- @string text what is wrong
function M.fail(text)
  local at = 2
  while true do
    local info = getinfo(at, 'S')
    if not info then raise(text, 0) end
    if info.what ~= 'C' and info.source ~= class_file and not is_ours(info.source) then raise(text, at) end
    at = at + 1
  end
end

rawset(_G, 'error', M.error)

return M
