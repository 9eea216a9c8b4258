--- What goes on while the prompt of `th -a` waits for input: timers, watched files, pools of threads.
--
-- Everything runs in the main Lua state, between two statements: a callback that takes long holds the prompt up, one
-- that fails says so and is dropped. Callbacks of `luv`, where a program has loaded it, run as well.
-- @module trepl.async
-- @usage
-- local async = require 'trepl.async'
-- local n, timer = 0
-- timer = async.setInterval(1, function() n = n + 1; if n == 3 then timer:clear() end end)
-- async.go()
-- assert(n == 3)
local ffi = require 'ffi'

ffi.cdef [[
struct trepl_pollfd { int fd; short events, happened; };
int trepl_poll(struct trepl_pollfd *, unsigned long, int) __asm__("poll");
struct trepl_time { long s, n; };
int trepl_clock(int, struct trepl_time *) __asm__("clock_gettime");
]]
local bit = require 'bit'
local C = ffi.C
local MONOTONIC, POLLIN, POLLGONE = 1, 1, 0x38 -- POLLERR, POLLHUP, POLLNVAL
local LONGEST = 0.02 -- seconds until what cannot wake a poll is looked at: pools, luv

local M = {}
local timers, watched = {}, {} -- in the order in which they were made

local Event = {}
Event.__index = Event

--- No more.
function Event:clear()
  self.cleared = true
end

function Event:__tostring()
  local what = self.fd and ('watches file %d'):format(self.fd)
    or self.period and ('every %g ms'):format(self.period * 1e3) or 'once'
  return ('async: %s%s'):format(what, self.cleared and ', over' or '')
end

local time = ffi.new 'struct trepl_time'
local function now()
  C.trepl_clock(MONOTONIC, time)
  return tonumber(time.s) + tonumber(time.n) * 1e-9
end

local function check(name, n, ms, f)
  if type(ms) ~= 'number' or ms ~= ms or ms < 0 then
    error(('async.%s: argument 1: a %s expected, got %s'):format(name, n,
      type(ms) == 'number' and tostring(ms) or type(ms)), 3)
  elseif type(f) ~= 'function' then
    error(('async.%s: argument 2: a function expected, got %s'):format(name, type(f)), 3)
  end
end

--- Calls f once.
-- @number ms from now, in milliseconds
-- @func f
-- @return the timer; `timer:clear()` takes it back
function M.setTimeout(ms, f)
  check('setTimeout', 'number of milliseconds', ms, f)
  local timer = setmetatable({ due = now() + ms / 1000, f = f }, Event)
  timers[#timers + 1] = timer
  return timer
end

--- Calls f again and again.
-- @number ms between two calls, in milliseconds
-- @func f
-- @return the timer; `timer:clear()` ends it
function M.setInterval(ms, f)
  check('setInterval', 'number of milliseconds', ms, f)
  local timer = setmetatable({ due = now() + ms / 1000, period = ms / 1000, f = f }, Event)
  timers[#timers + 1] = timer
  return timer
end

--- Calls f whenever there is something to read, or nothing any more: a pipe, a socket, a terminal.
-- @int fd number of the open file
-- @func f called with the number
-- @return what `:clear()` ends
function M.watch(fd, f)
  check('watch', "file's number", fd, f)
  local event = setmetatable({ fd = fd, f = f }, Event)
  watched[#watched + 1] = event
  return event
end

local function call_plain(f, ...)
  return xpcall(f, debug.traceback, ...)
end

-- Run a callback; one that fails is over.
local function run(event, call, ...)
  local ok, why = call(event.f, ...)
  if not ok then
    event.cleared = true
    io.stderr:write('async: ', tostring(why), '\n')
  end
end

local function keep(list)
  local n = 0
  for i = 1, #list do
    local event = list[i]
    if not event.cleared then
      n = n + 1
      list[n] = event
    end
  end
  for i = #list, n + 1, -1 do list[i] = nil end
end

local function pools()
  local module = package.loaded['threads.threads']
  return type(module) == 'table' and module or nil
end

local function luv()
  local uv = package.loaded.luv
  return type(uv) == 'table' and uv.run and uv.loop_alive and uv.loop_alive() and uv or nil
end

--- Is there anything to wait for?
function M.alive()
  keep(timers)
  keep(watched)
  local module = pools()
  return #timers > 0 or #watched > 0 or luv() ~= nil or module ~= nil and module.waiting()
end

-- Seconds that may pass before something has to be done, at most `longest`.
local function patience(longest)
  local module = pools()
  local wait = (luv() or module and module.waiting()) and math.min(longest, LONGEST) or longest
  local t = now()
  for i = 1, #timers do
    if not timers[i].cleared then wait = math.min(wait, timers[i].due - t) end
  end
  return math.max(0, wait)
end

local function run_timers(call)
  local t = now()
  for i = 1, #timers do -- those that callbacks add come next time
    local timer = timers[i]
    if not timer.cleared and timer.due <= t then
      if timer.period then
        timer.due = math.max(timer.due + timer.period, t)
      else
        timer.cleared = true
      end
      run(timer, call)
    end
  end
end

local function run_pools(call)
  local module = pools()
  while module and module.ready() do
    local ok, why = call(module.step)
    if not ok then io.stderr:write('async: ', tostring(why), '\n') end
  end
end

-- Does anything have to run now?
local function due(fds, n)
  local t, module = now(), pools()
  for i = 1, #timers do
    if not timers[i].cleared and timers[i].due <= t then return true end
  end
  for i = 0, n - 1 do
    if fds[i].happened ~= 0 then return true end
  end
  return luv() ~= nil or module ~= nil and module.ready()
end

--- Waits until something happens, and lets it: runs what is due.
-- @number longest seconds to wait
-- @int[opt] input a file's number, whose input ends the waiting, too
-- @func[opt] call runs a callback under a message handler: true, or false and the text
-- @func[opt] around is called with the function that runs what is due, when anything is
-- @return 'input' when that file can be read, and whether its other end is gone; 'gone' when there is nothing more to
-- read; 'interrupted'; nothing
function M.step(longest, input, call, around)
  keep(timers)
  keep(watched)
  local n = #watched
  local fds = ffi.new('struct trepl_pollfd[?]', n + 1)
  for i = 1, n do
    fds[i - 1].fd, fds[i - 1].events = watched[i].fd, POLLIN
  end
  fds[n].fd, fds[n].events = input or -1, POLLIN
  local got = C.trepl_poll(fds, n + 1, math.ceil(patience(longest) * 1000))
  if got < 0 then return 'interrupted' end
  if due(fds, n) then
    local function everything()
      run_timers(call or call_plain)
      for i = 1, n do
        local event = watched[i]
        if fds[i - 1].happened ~= 0 and not event.cleared then run(event, call or call_plain, event.fd) end
      end
      run_pools(call or call_plain)
      local uv = luv()
      if uv then (call or call_plain)(uv.run, 'nowait') end
    end
    if around then around(everything) else everything() end
  end
  local happened = fds[n].happened
  local gone = bit.band(happened, POLLGONE) ~= 0
  if bit.band(happened, POLLIN) ~= 0 then
    return 'input', gone
  elseif gone then
    return 'gone'
  end
end
jit.off(M.step, true) -- callbacks come and go

--- Runs until nothing is left: no timer, watched file or pool with jobs.
function M.go()
  while M.alive() do
    if M.step(1) == 'interrupted' then error('interrupted!', 0) end
  end
end

--- Enters a prompt that lets all this go on.
function M.repl()
  require 'trepl'.repl(nil, true)
end

return M
