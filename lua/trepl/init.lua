--- What th adds to plain LuaJIT: the modules that every Torch7 program expects
-- to be there, a `print` that shows tables, and the prompt.
-- Loading it sets the globals torch, paths, sys, xlua, print, print_old,
-- print_new and setprintlevel. The prompt is loaded when it is entered.
local trepl = { timing = true }

local plain = print
local luatype = require 'torch.class'.luatype
local level = 5

local function quoted(v)
  return type(v) == 'string' and ('%q'):format(v):gsub('\\\n', '\\n') or tostring(v)
end

local function has_text(v)
  local meta = getmetatable(v)
  return type(meta) == 'table' and meta.__tostring ~= nil
end

local colours = { number = '\27[0;36m', string = '\27[0;32m', boolean = '\27[0;35m', key = '\27[0;34m',
  other = '\27[0;33m', time = '\27[2m' }
local coloured -- nil until something is printed

-- Colours are for terminals; `noColors()` or TERM=dumb does without.
local function paint(text, kind)
  if coloured == nil then
    local torch = rawget(_G, 'torch')
    coloured = torch ~= nil and torch.isatty ~= nil and os.getenv 'TERM' ~= 'dumb' and torch.isatty(io.stdout) == true
  end
  return coloured and (colours[kind] or colours.other) .. text .. '\27[0m' or text
end

trepl.paint = paint

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

-- A value in a line of a table; texts of several lines go on under their first.
local function summary(v, indent)
  local torch = rawget(_G, 'torch')
  if luatype(v) == 'cdata' and tonumber(v) then -- a number of 64 bits, or a C type: these have numbers
    torch = nil
  end
  if torch and torch.isTensor and torch.isTensor(v) then
    local sizes = {}
    for d = 1, v:dim() do
      sizes[d] = v:size(d)
    end
    local text = #sizes > 0 and 'size: ' .. table.concat(sizes, 'x') or 'empty'
    return paint(torch.typename(v):match '[^.]+$' .. ' - ' .. text, 'tensor')
  elseif torch and torch.isStorage and torch.isStorage(v) then
    return paint(('%s - size: %d'):format(torch.typename(v):match '[^.]+$', v:size()), 'tensor')
  end
  local text = quoted(v)
  if text:find('\n', 1, true) then
    text = '\n' .. indent .. '    ' .. text:gsub('\n', '\n    ' .. indent)
  end
  return paint(text, type(v))
end

local function show(t, lines, indent, depth, seen)
  require 'torch.enumerate'.fill(t)
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
      lines[#lines + 1] = head .. summary(v, indent)
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
-- The text is flushed: what a training program said reaches a pipe or a file before it is stopped. `print_old` is
-- Lua's own.
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
  io.stdout:flush()
end

--- How deep `print` looks into tables: 5 at first; 0 makes it print them as Lua does.
-- @int n
function trepl.setprintlevel(n)
  if type(n) ~= 'number' or n < 0 then
    error('setprintlevel: a number of levels, 0 or more, expected', 2)
  end
  level = n
end

--- What th -g does: reports globals that are created, or read without existing.
-- @int strictness 1: warnings with their place; 2: errors
function trepl.monitor(strictness)
  trepl.monitor_G(strictness > 1 or nil)
end

--- Reports globals that are created, or read without existing, by what is no package of ours or an installed rock.
-- @param callback `callback(key, "newindex" or "index")`; true: errors; nothing: warnings, one a name and line; false:
-- no more
function trepl.monitor_G(...)
  local callback = ...
  return require 'trepl.monitor'(callback, select('#', ...))
end

--- What th -a has: the global `async`, the rock of that name where it is installed, else `trepl.async`.
function trepl.preload_async()
  local ok, module = pcall(require, 'async')
  rawset(_G, 'async', ok and type(module) == 'table' and module or require 'trepl.async')
end

--- What th -x has: `gfx`, with its server started, where the rock gfx.js is installed; else `image` and `gnuplot`.
function trepl.graphics()
  local ok, gfx = pcall(require, 'gfx.js')
  if ok and type(gfx) == 'table' then
    rawset(_G, 'gfx', rawget(_G, 'gfx') or gfx)
    gfx.startserver()
    gfx.show()
    return
  end
  for _, name in ipairs { 'image', 'gnuplot' } do
    rawset(_G, name, require(name))
  end
end

--- Enters the prompt.
-- @tparam[opt] function call runs a function under a message handler: true and results, or false and the text
-- @bool[opt] async while it waits for input, timers, watched files and pools of threads go on (trepl.async)
function trepl.repl(call, async)
  return require 'trepl.prompt'(type(call) == 'function' and call or function(f, ...)
    return xpcall(f, debug.traceback, ...)
  end, async)
end

--- Tells th where compiled code lies, so that Ctrl-C ends compiled loops: trepl.interrupt.
-- @func note of th
function trepl.watch(note) require 'trepl.interrupt'(note) end

local said
for _, name in ipairs { 'torch.compat', 'torch', 'paths', 'sys', 'xlua' } do
  local ok, module = pcall(require, name)
  if not ok then
    module = tostring(module):match '^[^\n]*'
    if module ~= said then
      io.stderr:write(module:find '^torch: ' and ('th: %s\n'):format(module)
        or ('th: cannot load %s: %s\n'):format(name, module))
    end
    said = module
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
for _, name in ipairs { 'help', 'who', 'import', 'browse', 'ls', 'pwd', 'cd' } do
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
