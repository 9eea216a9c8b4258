--- sys: clocks, commands, colours.
-- @module sys

local ffi = require 'ffi'
local paths = require 'paths'
local stream = require 'torch.stream'

ffi.cdef [[
struct rk_sys_timeval { long sec, usec; };
int rk_c_gettimeofday(struct rk_sys_timeval *now, void *zone) __asm__("gettimeofday");
struct rk_sys_timespec { long sec, nsec; };
int rk_c_nanosleep(const struct rk_sys_timespec *wanted, struct rk_sys_timespec *rest) __asm__("nanosleep");
]]

local C = ffi.C
local M = {}

local function check(who, value, what)
  if type(value) ~= what then
    error(('sys.%s: argument 1: %s expected, got %s'):format(who, what, type(value)), 3)
  end
end

-- ---------------------------------------------------------------------------------------------------------
-- Time
-- ---------------------------------------------------------------------------------------------------------

local now = ffi.new 'struct rk_sys_timeval'

--- Seconds since 1970, with a fraction.
function M.clock()
  C.rk_c_gettimeofday(now, nil)
  return tonumber(now.sec) + tonumber(now.usec) * 1e-6
end

local function sleep(seconds)
  local t = ffi.new 'struct rk_sys_timespec'
  local whole = math.floor(seconds)
  t.sec, t.nsec = whole, math.floor((seconds - whole) * 1e9)
  while C.rk_c_nanosleep(t, t) ~= 0 do
    -- a signal woke us: sleep the rest
    if ffi.errno() ~= 4 then
      return
    end
  end
end

--- Do nothing for some microseconds.
function M.usleep(microseconds)
  check('usleep', microseconds, 'number')
  if microseconds > 0 then
    sleep(microseconds * 1e-6)
  end
end

--- Do nothing for some seconds.
function M.sleep(seconds)
  check('sleep', seconds, 'number')
  if seconds > 0 then
    sleep(seconds)
  end
end

local started = M.clock()

--- Start the one global stopwatch.
function M.tic()
  started = M.clock()
end

--- Seconds since `tic`.
-- @bool[opt] verbose print them, too
function M.toc(verbose)
  local elapsed = M.clock() - started
  if verbose then
    print(elapsed)
  end
  return elapsed
end

-- ---------------------------------------------------------------------------------------------------------
-- Commands
-- ---------------------------------------------------------------------------------------------------------

--- Run a shell command; what it prints, errors included, without blank space at the ends.
-- @usage assert(sys.execute 'echo hello' == 'hello')
function M.execute(command)
  check('execute', command, 'string')
  local s, why = stream.pipe('{ ' .. command .. '\n} 2>&1', 'r')
  if not s then
    error(('sys.execute: cannot run <%s>: %s'):format(command, why), 2)
  end
  local text = s:read_all() or ''
  s:close()
  return (text:gsub('^%s+', ''):gsub('%s+$', ''))
end

--- The same through a temporary file.
-- @string command
-- @string[opt="*all"] readwhat format of file:read
function M.fexecute(command, readwhat)
  check('fexecute', command, 'string')
  local name = os.tmpname()
  os.execute(('{ %s\n} > %s 2>&1'):format(command, name))
  local f = assert(io.open(name, 'r'))
  local text = f:read(readwhat or '*all')
  f:close()
  os.remove(name)
  return type(text) == 'string' and (text:gsub('^%s+', ''):gsub('%s+$', '')) or text
end

local systems = {Linux = 'linux', Darwin = 'macos', Windows = 'windows'}

--- "linux", "macos", "windows", or "?".
function M.uname()
  return systems[(paths.uname())] or '?'
end

--- The same as a text.
M.OS = M.uname()

local function quoted(path)
  return "'" .. tostring(path):gsub("'", "'\\''") .. "'"
end

for name, flags in pairs {ls = '', ll = '-l', la = '-a', lla = '-la'} do
  M[name] = function(path)
    return M.execute(('ls %s %s'):format(flags, quoted(path or '.')))
  end
end

-- ---------------------------------------------------------------------------------------------------------
-- Texts, files, numbers
-- ---------------------------------------------------------------------------------------------------------

--- Folder and name of the running file.
function M.fpath()
  local source = debug.getinfo(2, 'S').source
  local path = source:sub(1, 1) == '@' and paths.concat(source:sub(2)) or paths.cwd() .. '/'
  return path:match '^(.*/)([^/]*)$'
end

--- Pieces of a text between matches of a Lua pattern.
-- @usage assert(sys.split('a,b', ',')[2] == 'b')
function M.split(text, pattern)
  check('split', text, 'string')
  if type(pattern) ~= 'string' or pattern == '' or (''):find(pattern) then
    error('sys.split: argument 2: a Lua pattern that does not match nothing is expected', 2)
  end
  local pieces, from = {}, 1
  local first, last = text:find(pattern, from)
  while first do
    if first ~= 1 or from ~= 1 then
      pieces[#pieces + 1] = text:sub(from, first - 1)
    end
    from = last + 1
    first, last = text:find(pattern, from)
  end
  if from <= #text then
    pieces[#pieces + 1] = text:sub(from)
  end
  return pieces
end

--- Is a number not a number?
function M.isNaN(x)
  return x ~= x
end

M.dirname, M.concat = paths.dirname, paths.concat
M.prefix = paths.install_prefix or paths.execdir()

--- Escape sequences of a terminal: names for text, capitalised bold, with an underscore in front for the background.
M.COLORS = require 'sys.colors'

rawset(_G, 'sys', M)
return M
