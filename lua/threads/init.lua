--- threads: Lua states on threads of their own.
--
-- `threads.Threads(n, init ...)` (or `threads(n, init ...)`) makes a pool of workers, each with a state that has loaded
-- torch and paths and nothing else of the program; an init function brings what its jobs need. Below it lie
-- `threads.Thread`, `Mutex`, `Condition`, `threads.queue`; `threads.safe` wraps a function so that one thread at a time
-- is in it. Each thread has its own random generator and number of threads (`torch.setnumthreads`): a pool shares the
-- cores evenly among its workers.
-- @module threads
-- @usage
-- local threads = require 'threads'
-- local pool = threads.Threads(2, function(id) name = 'worker ' .. id end)
-- pool:addjob(function() return name end, function(s) assert(s:match 'worker') end)
-- pool:terminate()

require 'torch'
local class = require 'torch.class'
local sync = require 'threads.sync'

local threads = {}
package.loaded['threads'] = threads
class.register_package('threads', threads)

threads.Threads = require 'threads.threads'.Threads
threads.Thread = require 'threads.thread'.Thread
threads.Mutex, threads.Condition = sync.Mutex, sync.Condition
threads.queue = require 'threads.queue'
threads.Queue = threads.queue
threads.safe = require 'threads.safe'

-- `local Threads = require 'threads'` is how older programs name the class.
return setmetatable(threads, {
  __call = function(_, ...) return threads.Threads(...) end,
  __index = function(_, key)
    if key == 'serialize' then return require 'threads.serialize' end
    if key == 'sharedserialize' then return require 'threads.sharedserialize' end
    return threads.Threads[key]
  end,
})
