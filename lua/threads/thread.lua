--- threads.Thread: Lua code in a fresh state on a thread of its own.
-- @module threads.thread

local ffi = require 'ffi'
local C = require 'threads.ffi'
local class = require 'torch.class'
local sync = require 'threads.sync'
local worker = require 'threads.worker'

local M = {}

local Thread = class.newmetatable('threads.Thread', nil, function(code)
  if type(code) ~= 'string' then
    error(('threads.Thread: argument 1: Lua code (string) expected, got %s'):format(class.type(code)), 2)
  end
  local f, why = loadstring(code, '=thread')
  if not f then error('threads.Thread: argument 1: ' .. why, 2) end
  local out = ffi.new 'struct rk_thread *[1]'
  code = worker.prelude(code)
  if C.rk_thread_start(out, code, #code, 0) ~= 0 then sync.refused(2) end
  return setmetatable({handle = ffi.gc(out[0], C.rk_thread_abandon)}, class.getmetatable 'threads.Thread')
end, nil, nil, M)

--- Wait for the end of the code, and give the thread back.
function Thread:free()
  local handle = self.handle
  if not handle then error('threads.Thread.free: this thread was freed', 2) end
  ffi.gc(handle, nil)
  self.handle = nil
  sync.wait(C.rk_thread_join, handle, 0.1)
end

function Thread:write()
  error('a thread cannot be passed to another thread or written to a file', 0)
end

return M
