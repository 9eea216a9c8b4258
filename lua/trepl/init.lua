--- What th adds to plain LuaJIT: the modules that every Torch7 program expects
-- to be there, a `print` that shows tables, and the prompt.
-- Loading it sets the globals torch, paths, sys, xlua, print, print_old,
-- print_new and setprintlevel. The prompt is loaded when it is entered.
local trepl = {}

local plain = print
local level = 5

local function quoted(v)
  return type(v) == 'string' and ('%q'):format(v):gsub('\\\n', '\\n') or tostring(v)
end

local function has_text(v)
  local meta = getmetatable(v)
  return type(meta) == 'table' and meta.__tostring ~= nil
end

-- Numbers in order, then everything else by its text.
local function sorted_keys(t)
  local keys = {}
  for k in next, t do
    keys[#keys + 1] = k
  end
  table.sort(keys, function(a, b)
    local x, y = type(a) == 'number', type(b) == 'number'
    if x and y then
      return a < b
    elseif x ~= y then
      return x
    end
    return tostring(a) < tostring(b)
  end)
  return keys
end

local function summary(v)
  local torch = rawget(_G, 'torch')
  if torch and torch.isTensor and torch.isTensor(v) then
    local sizes = {}
    for d = 1, v:dim() do
      sizes[d] = v:size(d)
    end
    local text = #sizes > 0 and 'size: ' .. table.concat(sizes, 'x') or 'empty'
    return torch.typename(v):match '[^.]+$' .. ' - ' .. text
  end
  return quoted(v)
end

local function show(t, lines, indent, depth, seen)
  if next(t) == nil then
    lines[#lines + 1] = indent .. '{}'
    return
  end
  seen[t] = true
  lines[#lines + 1] = indent .. '{'
  for _, k in ipairs(sorted_keys(t)) do
    local v = rawget(t, k)
    local head = indent .. '  ' .. tostring(k) .. ' : '
    if type(v) ~= 'table' or has_text(v) then
      lines[#lines + 1] = head .. summary(v)
    elseif depth >= level or seen[v] or next(v) == nil then
      lines[#lines + 1] = head .. (next(v) == nil and '{}' or '{...}')
    else
      lines[#lines + 1] = head
      show(v, lines, indent .. '    ', depth + 1, seen)
    end
  end
  lines[#lines + 1] = indent .. '}'
  seen[t] = nil
end

--- The text that `print` shows for a table: one `key : value` a line, nested
-- tables indented, down to the level of `setprintlevel`; tensors inside by their sizes.
-- @tparam table t
-- @treturn string
function trepl.show(t)
  local lines = {}
  show(t, lines, '', 1, {})
  return table.concat(lines, '\n')
end

--- Prints like Lua's print, except that tables without `__tostring` are shown with their contents.
-- `print_old` is Lua's own.
function trepl.print(...)
  local n = select('#', ...)
  local values = { ... }
  if level > 0 then
    for i = 1, n do
      if type(values[i]) == 'table' and not has_text(values[i]) then
        values[i] = trepl.show(values[i])
      end
    end
  end
  plain(unpack(values, 1, n))
end

--- How deep `print` looks into tables: 5 at first; 0 makes it print them as Lua does.
-- @int n
function trepl.setprintlevel(n)
  if type(n) ~= 'number' or n < 0 then
    error('setprintlevel: a number of levels, 0 or more, expected', 2)
  end
  level = n
end

--- Watches assignments to global names that do not exist yet, the usual sign of a forgotten `local`.
-- @int strictness 1: a warning with the place; 2: an error
function trepl.monitor(strictness)
  local meta = getmetatable(_G) or {}
  meta.__newindex = function(t, k, v)
    local place = debug.getinfo(2, 'Sl')
    local code = place and place.what ~= 'C' and not place.source:match '/share/lua/'
    if code and strictness > 1 then
      error(('a new global: %s'):format(tostring(k)), 2)
    elseif code then
      io.stderr:write(('%s:%d: a new global: %s\n'):format(place.short_src, place.currentline, tostring(k)))
    end
    rawset(t, k, v)
  end
  setmetatable(_G, meta)
end

--- Enters the prompt.
-- @tparam[opt] function call runs a function under a message handler: true and results, or false and the text
function trepl.repl(call)
  return require 'trepl.prompt'(call or function(f, ...)
    return xpcall(f, debug.traceback, ...)
  end)
end

for _, name in ipairs { 'torch.compat', 'torch', 'paths', 'sys', 'xlua' } do
  local ok, module = pcall(require, name)
  if not ok then
    io.stderr:write(('th: cannot load %s: %s\n'):format(name, tostring(module):match '^[^\n]*'))
  elseif rawget(_G, name) == nil and not name:find('.', 1, true) then
    rawset(_G, name, module)
  end
end
rawset(_G, 'print_old', plain)
rawset(_G, 'print_new', trepl.print)
rawset(_G, 'print', trepl.print)
rawset(_G, 'setprintlevel', trepl.setprintlevel)
require 'trepl.globals'

return trepl
