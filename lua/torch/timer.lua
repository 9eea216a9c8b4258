--- torch.Timer, torch.tic and torch.toc.
-- @module torch.timer

local ffi = require 'ffi'
local class = require 'torch.class'

ffi.cdef [[
struct rk_timespec { long sec, nsec; };
struct rk_timeval { long sec, usec; };
struct rk_rusage { struct rk_timeval user, sys; long rest[14]; };
int rk_c_clock_gettime(int clock, void *out) __asm__("clock_gettime");
int rk_c_getrusage(int who, struct rk_rusage *out) __asm__("getrusage");
]]

local C = ffi.C
local MONOTONIC, SELF = 1, 0
local spec, usage = ffi.new 'struct rk_timespec', ffi.new 'struct rk_rusage'
local tonumber = tonumber

-- Seconds of the wall clock (one that is never set back), of this process, and of the system on its behalf
local function now()
  C.rk_c_clock_gettime(MONOTONIC, spec)
  C.rk_c_getrusage(SELF, usage)
  return tonumber(spec.sec) + tonumber(spec.nsec) * 1e-9,
    tonumber(usage.user.sec) + tonumber(usage.user.usec) * 1e-6,
    tonumber(usage.sys.sec) + tonumber(usage.sys.usec) * 1e-6
end

local M = {}

--- A stopwatch, which starts at once.
-- @usage
-- local timer = torch.Timer()
-- assert(timer:stop():time().real >= 0)
local Timer = class.class('torch.Timer', M)
class.opaque[Timer] = true

function Timer:__init()
  self._real, self._user, self._sys = 0, 0, 0
  self._running = false
  self:resume()
end

--- Seconds so far: a table `{real =, user =, sys =}`.
function Timer:time()
  local real, user, sys = self._real, self._user, self._sys
  if self._running then
    local r, u, s = now()
    real, user, sys = real + r - self._from_real, user + u - self._from_user, sys + s - self._from_sys
  end
  return {real = real, user = user, sys = sys}
end

--- Stop counting; returns the timer.
function Timer:stop()
  if self._running then
    local t = self:time()
    self._real, self._user, self._sys = t.real, t.user, t.sys
    self._running = false
  end
  return self
end

--- Count on; returns the timer.
function Timer:resume()
  if not self._running then
    self._from_real, self._from_user, self._from_sys = now()
    self._running = true
  end
  return self
end

--- Back to 0, running or stopped as before; returns the timer.
function Timer:reset()
  self._real, self._user, self._sys = 0, 0, 0
  self._from_real, self._from_user, self._from_sys = now()
  return self
end

function Timer:__tostring__()
  return ('torch.Timer [status: %s]'):format(self._running and 'running' or 'stopped')
end

--- Seconds of the wall clock, to be given to `toc`.
function M.tic()
  return (now())
end

--- Seconds since `tic`.
-- @usage assert(torch.toc(torch.tic()) >= 0)
function M.toc(since)
  if type(since) ~= 'number' then
    error(('torch.toc: argument 1: what torch.tic() returned expected, got %s'):format(class.type(since)), 2)
  end
  return (now()) - since
end

return M
