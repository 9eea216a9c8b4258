--- A worker of a pool: the loop that runs in a thread of its own, and the code that starts a state as the one that
-- made it was set up.
-- @module threads.worker

local M = {}

--- Lua code that makes a fresh state find the same modules, then runs `code`.
function M.prelude(code)
  return ([[
package.path, package.cpath = %q, %q
package.loaded['torch.libpath'] = %q
if %s then require 'torch.compat' end
require 'torch'
paths = require 'paths'
local f, why = loadstring(%q, '=thread')
if not f then error(why, 0) end
f()]]):format(package.path, package.cpath, package.loaded['torch.libpath'] or os.getenv 'RK_LIB' or 'rekindle',
    tostring(package.loaded['torch.compat'] ~= nil), code)
end

--- Tags of messages to a worker that are no jobs.
M.STOP, M.SPECIFIC, M.SHARED = -1, -2, -3

local function describe(why)
  return type(why) == 'string' and debug.traceback(why, 2) or why
end

-- Run a job: {true, results, how many} or {false, message}
local function run(id, receive)
  local ok, job = pcall(receive)
  if not ok then return {false, 'the job cannot be read: ' .. tostring(job), id} end
  local function collect(status, ...)
    local why = ...
    if not status then return {false, type(why) == 'string' and why or tostring(why), id} end
    return {true, id, select('#', ...), ...}
  end
  return collect(xpcall(function() return job[1](unpack(job, 3, 2 + job[2])) end, describe))
end

--- The loop: wait for a job, run it, send its results.
-- @int id of this worker in its pool
-- @tab ids numbers of the queues: `main`, `shared`, `own`
-- @string scheme serialization module
function M.loop(id, ids, scheme)
  local C = require 'threads.ffi'
  local sync, queue = require 'threads.sync', require 'threads.queue'
  rawset(_G, '__threadid', id)
  local main, shared, own = sync.open(C.RK_QUEUE, ids.main), sync.open(C.RK_QUEUE, ids.shared),
    sync.open(C.RK_QUEUE, ids.own)
  local from = shared
  while true do
    local receive, tag = queue.receive(from.object, scheme)
    if tag == M.STOP then
      break
    elseif tag == M.SPECIFIC or tag == M.SHARED then
      from = tag == M.SPECIFIC and own or shared
      queue.send(main.object, 'threads.serialize', id, tag)
    else
      local reply = run(id, receive)
      receive = nil -- luacheck: ignore
      local ok, why = pcall(queue.send, main.object, scheme, reply, tag)
      if not ok then
        queue.send(main.object, scheme, {false, 'the results cannot be sent: ' .. tostring(why), id}, tag)
      end
    end
  end
end

return M
