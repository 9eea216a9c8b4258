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

local colours = { number = '\27[0;36m', string = '\27[0;32m', boolean = '\27[0;35m', key = '\27[0;34m',
  other = '\27[0;33m' }
local coloured -- nil until something is printed

-- Colours are for terminals; `noColors()` or TERM=dumb does without.
local function paint(text, kind)
  if coloured == nil then
    local torch = rawget(_G, 'torch')
    coloured = torch ~= nil and torch.isatty ~= nil and os.getenv 'TERM' ~= 'dumb' and torch.isatty(io.stdout) == true
  end
  return coloured and (colours[kind] or colours.other) .. text .. '\27[0m' or text
end

--- Tables are printed without colours from now on; with false, as the terminal allows.
-- @bool[opt=true] off
function trepl.noColors(off)
  coloured = nil
  if off ~= false then
    coloured = false
  end
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
    return paint(torch.typename(v):match '[^.]+$' .. ' - ' .. text, 'tensor')
  end
  return paint(quoted(v), type(v))
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
    local head = indent .. '  ' .. paint(tostring(k), 'key') .. ' : '
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

--- Reports globals that are created, or read without existing.
-- @param callback `callback(key, "newindex" or "index")`; true: errors; nothing: warnings; false: no more
function trepl.monitor_G(callback)
  local meta = getmetatable(_G) or {}
  if callback == false then
    meta.__newindex = nil
    if trepl.index_before ~= nil then
      meta.__index, trepl.index_before = trepl.index_before or nil, nil
    end
    return
  end
  local function report(kind, key, what)
    if type(callback) == 'function' then
      callback(key, kind)
    elseif callback then
      error(('%s: %s'):format(what, tostring(key)), 3)
    else
      local place = debug.getinfo(3, 'Sl')
      io.stderr:write(('%s:%d: %s: %s\n'):format(place and place.short_src or '?', place and place.currentline or 0,
        what, tostring(key)))
    end
  end
  trepl.index_before = trepl.index_before == nil and (meta.__index or false) or trepl.index_before
  local before = trepl.index_before
  meta.__newindex = function(t, key, value)
    rawset(t, key, value)
    report('newindex', key, 'a new global')
  end
  meta.__index = function(t, key)
    local value
    if type(before) == 'function' then
      value = before(t, key)
    elseif before then
      value = before[key]
    end
    if value == nil then
      report('index', key, 'no such global')
    end
    return value
  end
  setmetatable(_G, meta)
end

--- Enters the prompt.
-- @tparam[opt] function call runs a function under a message handler: true and results, or false and the text
-- @tparam[opt] function note what th wants to know of compiled traces, to interrupt them
function trepl.repl(call, note)
  return require 'trepl.prompt'(call or function(f, ...)
    return xpcall(f, debug.traceback, ...)
  end, note)
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

-- Loaded when first called, most by hand.
for _, name in ipairs { 'help', 'who', 'import', 'browse', 'ls', 'pwd' } do
  rawset(_G, name, function(...)
    return require 'trepl.commands'[name](...)
  end)
end
rawset(_G, 'noColors', trepl.noColors)
rawset(_G, 'monitor_G', trepl.monitor_G)
rawset(_G, 'repl', trepl.repl)
require 'trepl.require'

trepl.system = {} -- names that are not the session's: see who()
for name in next, _G do
  trepl.system[name] = true
end

return trepl
