--- Tells th where LuaJIT puts compiled traces, so that Ctrl-C can stop them (core/interrupt.c).
-- Handlers of the compiler run inside of it: they must not be compiled themselves.
local util = require 'jit.util'

local GROUP = 32 -- exit stubs lie in groups; on arm64 each trace has its own
local arm = jit.arch == 'arm64'

--- Watches the compiler from now on; what was compiled before is thrown away.
-- @func note of th
return function(note)
  if not arm and jit.arch ~= 'x64' then return end
  local traceinfo, tracemc, stub = util.traceinfo, util.tracemc, util.traceexitstub
  local from_stack = {}

  local function watch(what, trace, _, _, parent, exit)
    if what == 'start' then
      from_stack[trace] = parent == nil or exit == -1
    elseif what == 'stop' then
      local info = traceinfo(trace)
      local code, address, loop = tracemc(trace)
      local exits, stubs, n = info and info.nexit or 0, {}, 0
      for first = 0, exits - 1, arm and exits or GROUP do
        n = n + 1
        stubs[n] = arm and stub(trace, first) or stub(first)
      end
      if code and n > 0 and (arm or stub(0)) then
        note(trace, address, #code, loop, from_stack[trace], exits, unpack(stubs, 1, n))
      end
    elseif what == 'flush' then
      note()
    end
  end
  jit.off(watch, true)
  jit.flush()
  jit.attach(watch, 'trace')
end
