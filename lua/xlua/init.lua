--- xlua: small helpers for programs: progress bars, named arguments, texts of tables.
--
-- OptionParser and Profiler are loaded on first mention.
-- @module xlua

local ffi = require 'ffi'
local expect = require 'xlua.expect'

local M = {}

-- ---------------------------------------------------------------------------------------------------------
-- Progress
-- ---------------------------------------------------------------------------------------------------------

--- A time in words of at most two units.
-- @number seconds
-- @usage assert(xlua.formatTime(3725) == '1h2m')
function M.formatTime(seconds)
  if type(seconds) ~= 'number' then
    error(('xlua.formatTime: argument 1: seconds (number) expected, got %s'):format(type(seconds)), 2)
  elseif seconds ~= seconds or seconds == math.huge then
    return '?'
  end
  local rest = math.max(0, seconds)
  local parts = {}
  for _, unit in ipairs {{'D', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}, {'ms', 0.001}} do
    local n = math.floor(rest / unit[2] + 1e-9)
    if n > 0 and #parts < 2 then
      parts[#parts + 1] = n .. unit[1]
    end
    rest = rest - n * unit[2]
  end
  return #parts > 0 and table.concat(parts) or '0ms'
end

ffi.cdef [[
int rk_c_clock_gettime(int clock, void *out) __asm__("clock_gettime");
struct rk_winsize { unsigned short rows, columns, x, y; };
int rk_c_ioctl(int fd, unsigned long request, ...) __asm__("ioctl");
int rk_c_isatty(int fd) __asm__("isatty");
]]

local C = ffi.C

local spec = ffi.new 'long[2]' -- struct timespec
local function clock()
  C.rk_c_clock_gettime(1, spec)
  return tonumber(spec[0]) + tonumber(spec[1]) * 1e-9
end

local TIOCGWINSZ = 0x5413

-- Columns of the terminal behind standard output
local function columns()
  local size = ffi.new 'struct rk_winsize'
  if C.rk_c_ioctl(1, TIOCGWINSZ, size) == 0 and size.columns > 20 then
    return size.columns
  end
  return 80
end

local bar = {}

--- Show progress in a part of the output that is not a terminal? By default a bar is drawn on terminals only, and
-- elsewhere nothing but the line for the finished work is printed.
M.progressOnTerminal = nil

local function on_terminal()
  if M.progressOnTerminal ~= nil then
    return M.progressOnTerminal
  end
  return C.rk_c_isatty(1) == 1
end

local function draw(current, total, now)
  local done = current >= total
  local step = current > 0 and (now - bar.started) / current or 0
  local left = step * (total - current)
  local times
  if done then
    times = ('Tot: %s | Step: %s'):format(M.formatTime(now - bar.started), M.formatTime(step))
  else
    times = ('ETA: %s | Step: %s'):format(M.formatTime(left), M.formatTime(step))
  end
  local count = (' %d/%d '):format(current, total)
  local room = columns() - #times - 6
  local width = math.max(#count + 2, room)
  local filled = math.floor(width * current / total)
  local line = ('='):rep(filled - 1) .. (filled > 0 and (done and '=' or '>') or '') .. ('.'):rep(width - filled)
  local at = math.max(1, math.floor((width - #count) / 2))
  line = line:sub(1, at) .. count .. line:sub(at + #count + 1)
  return (' [%s]  %s'):format(line, times)
end

--- Show how far a loop is; called at each step. The bar is redrawn at most ten times a second, and ends with a
-- newline when current reaches total. Where standard output is not a terminal, only the finished bar is printed.
-- @number current steps done
-- @number total
-- @usage for i = 1, 3 do xlua.progress(i, 3) end
function M.progress(current, total)
  if type(current) ~= 'number' or type(total) ~= 'number' then
    error(('xlua.progress: two numbers expected, got %s and %s'):format(type(current), type(total)), 2)
  end
  local now = clock()
  if not bar.started or current < bar.current or bar.total ~= total or bar.done then
    bar = {started = now, total = total, drawn = -1}
    -- the first call usually comes when a step is done already: its time is not known
    bar.first = current
  end
  bar.current = current
  bar.done = current >= total
  if total <= 0 then
    return
  end
  local terminal = on_terminal()
  if not bar.done and (not terminal or now - bar.drawn < 0.1) then
    return
  end
  bar.drawn = now
  io.write(terminal and '\r' or '', draw(math.max(0, math.min(current, total)), total, now), bar.done and '\n' or '')
  io.flush()
end

-- ---------------------------------------------------------------------------------------------------------
-- Printing
-- ---------------------------------------------------------------------------------------------------------

local function sorted_keys(t)
  local keys = {}
  for k in pairs(t) do
    keys[#keys + 1] = k
  end
  table.sort(keys, function(a, b)
    if type(a) == type(b) and (type(a) == 'number' or type(a) == 'string') then
      return a < b
    end
    return type(a) < type(b)
  end)
  return keys
end

--- Print objects; of tables, the entries of the first level.
function M.print(...)
  for i = 1, select('#', ...) do
    local object = select(i, ...)
    local mt = getmetatable(object)
    if type(object) == 'table' and not (type(mt) == 'table' and mt.__tostring) then
      print '{'
      for _, k in ipairs(sorted_keys(object)) do
        print(('  [%s] = %s'):format(tostring(k), tostring(object[k])))
      end
      print '}'
    else
      print(object)
    end
  end
end

--- Copy everything that io.write writes into a file as well.
-- @string file name
-- @bool[opt] append add to the file
function M.log(file, append)
  local f, why = io.open(file, append and 'a' or 'w')
  if not f then
    error(('xlua.log: cannot write the log: %s'):format(why), 2)
  end
  local write = io.write
  io.write = function(...) -- luacheck: ignore 122
    f:write(...)
    f:flush()
    return write(...)
  end
end

local RED, PLAIN = '\27[31m', '\27[0m'

--- Raise an error "<domain> message", and print a usage before it.
function M.error(message, domain, usage)
  if usage then
    io.write(tostring(usage), '\n')
  end
  local text = tostring(message)
  if domain then
    text = ('<%s> %s'):format(domain, text)
  end
  error(RED .. text .. PLAIN, 2)
end

--- Load a package; prints a warning and returns false when it is not there.
function M.require(package_name)
  local ok, result = pcall(require, package_name)
  if ok then
    return result
  end
  io.stderr:write(('warning: <%s> could not be loaded: %s\n'):format(package_name, (tostring(result):match '[^\n]*')))
  return false
end

--- Is a package installed? Returns whether, and the path of its file.
function M.installed(package_name)
  expect('xlua.installed', 1, package_name, 'string')
  for _, where in ipairs {package.path, package.cpath} do
    local path = package.searchpath(package_name, where)
    if path then
      return true, path
    end
  end
  return false
end

--- Call a function, and another with the error if it raises one.
function M.trycatch(try, catch)
  expect('xlua.trycatch', 2, catch, 'function')
  local ok, err = pcall(try)
  if not ok then
    catch(err)
  end
end

-- ---------------------------------------------------------------------------------------------------------
-- Globals
-- ---------------------------------------------------------------------------------------------------------

local standard = {}
for name in pairs(_G) do
  standard[name] = true
end
for name in ('arg torch nn optim xlua sys paths xprint xerror xrequire include'):gmatch '%a+' do
  standard[name] = true
end

-- Names of what the user made global, and of the packages among the globals
local function user_globals()
  local names, libraries = {}, {}
  for name, value in pairs(_G) do
    if package.loaded[name] == value then
      libraries[#libraries + 1] = tostring(name)
    elseif not standard[name] then
      names[#names + 1] = name
    end
  end
  table.sort(names, function(a, b) return tostring(a) < tostring(b) end)
  table.sort(libraries)
  return names, libraries
end

--- Remove the user's globals.
function M.clearall()
  for _, name in ipairs(user_globals()) do
    rawset(_G, name, nil)
  end
  collectgarbage()
end

--- Remove one global.
function M.clear(name)
  if type(name) ~= 'string' then error('xlua.clear: expected the name of a global, got ' .. type(name), 2) end
  rawset(_G, name, nil)
  collectgarbage()
end

--- Print the user's globals and the libraries.
function M.who()
  local names, libraries = user_globals()
  print 'User variables:'
  for _, name in ipairs(names) do
    print(('  %s = %s'):format(tostring(name), tostring(_G[name])))
  end
  print 'Libraries:'
  print('  ' .. table.concat(libraries, ' '))
end

-- ---------------------------------------------------------------------------------------------------------
-- Texts and tables
-- ---------------------------------------------------------------------------------------------------------

local function literal(value)
  return type(value) == 'string' and ('"%s"'):format(value) or tostring(value)
end

-- `above` marks the tables on the way down: one of them again is only named.
local function spelled(t, between, above)
  local parts = {}
  above[t] = true
  for _, k in ipairs(sorted_keys(t)) do
    local v = t[k]
    local text = type(v) == 'table' and not above[v] and spelled(v, ', ', above) or literal(v)
    parts[#parts + 1] = type(k) == 'string' and k .. '=' .. text or ('[%s]=%s'):format(tostring(k), text)
  end
  above[t] = nil
  return '{' .. table.concat(parts, between) .. '}'
end

--- A table as Lua-like text.
-- @tab t
-- @bool[opt] newline each entry on its own line
function M.table2string(t, newline)
  if type(t) ~= 'table' then
    error(('xlua.table2string: argument 1: table expected, got %s'):format(type(t)), 2)
  end
  return spelled(t, newline and ',\n ' or ', ', {})
end

--- Cut a piece out of a list: the list without it, and the piece.
-- @number[opt=1] start
-- @number[opt=1] length
function M.splice(t, start, length)
  start, length = start or 1, length or 1
  expect('table.splice', 1, t, 'table')
  expect('table.splice', 2, start, 'number')
  expect('table.splice', 3, length, 'number')
  local kept, removed = {}, {}
  for i, v in ipairs(t) do
    local into = i >= start and i < start + length and removed or kept
    into[#into + 1] = v
  end
  return kept, removed
end

--- Entries of a table without duplicates.
-- @func[opt] hash gives the same for entries that count as equal
-- @func[opt] merge gives one entry for two equal ones
function M.prune(t, hash, merge)
  expect('table.prune', 1, t, 'table')
  if hash ~= nil then expect('table.prune', 2, hash, 'function') end
  if merge ~= nil then expect('table.prune', 3, merge, 'function') end
  local by_hash, order = {}, {}
  for _, v in pairs(t) do
    local h = hash and hash(v)
    if h == nil or h ~= h then h = v end
    if h ~= h then h = {} end -- NaN equals nothing, and is no key
    if by_hash[h] == nil then
      by_hash[h] = v
      order[#order + 1] = h
    elseif merge then
      by_hash[h] = merge(by_hash[h], v)
    end
  end
  for i, h in ipairs(order) do
    order[i] = by_hash[h]
  end
  return order
end

--- Pieces of a text between matches of a Lua pattern; an empty piece at the beginning is left out.
function M.split(text, pattern)
  if type(pattern) ~= 'string' or (''):find(pattern) then
    error('string.split: argument 2: a Lua pattern that does not match nothing is expected', 2)
  end
  return require('sys').split(text, pattern)
end

--- Value of a dotted name, looked up from the globals.
function M.tosymbol(name)
  expect('string.tosymbol', 1, name, 'string')
  local at = _G
  for part in name:gmatch '[^.]+' do
    if type(at) ~= 'table' then
      return nil
    end
    at = at[part]
  end
  return at
end

-- The library's additions to Lua's own tables
for name, library in pairs {splice = table, prune = table, split = string, tosymbol = string} do
  rawset(library, name, M[name])
end

-- ---------------------------------------------------------------------------------------------------------
-- The rest of the package
-- ---------------------------------------------------------------------------------------------------------

for name, f in pairs(require 'xlua.arguments') do
  M[name] = f
end

local lazy = {OptionParser = 'xlua.OptionParser', Profiler = 'xlua.Profiler'}
setmetatable(M, {
  __index = function(t, name)
    local module = lazy[name]
    if module then
      local value = require(module)
      rawset(t, name, value)
      return value
    end
  end,
})

rawset(_G, 'xlua', M)
rawset(_G, 'xprint', M.print)
rawset(_G, 'xerror', M.error)
rawset(_G, 'xrequire', M.require)
return M
