--- threads.Threads: a pool of threads, each with a Lua state of its own, that do the jobs of one queue.
--
-- A job is a function with arguments; it runs in a worker with copies of its upvalues, and its results come back to the
-- thread that added it, where they are given to the job's end callback. End callbacks run in the order in which jobs
-- end, inside of `dojob`, `synchronize`, and `addjob` when the queue is full.
-- @module threads.threads

local ffi = require 'ffi'
local C = require 'threads.ffi'
local class = require 'torch.class'
local sync = require 'threads.sync'
local queue = require 'threads.queue'
local worker = require 'threads.worker'

local PATIENCE = 3 -- seconds without a finished job until a pool that nobody holds any more is given up
local scheme = 'threads.serialize'

local M = {}
local Threads -- the class

local function refuse(level, fmt, ...) error(fmt:format(...), level + 1) end

local function check(pool, method)
  if class.typename(pool) ~= 'threads.Threads' then
    refuse(3, 'threads.Threads.%s: a pool expected, got %s; call it with a colon', method, class.type(pool))
  elseif not pool.state.queues then
    refuse(3, 'threads.Threads.%s: this pool was terminated', method)
  end
  return pool.state
end

-- ---------------------------------------------------------------------------------------------------------
-- Making a pool
-- ---------------------------------------------------------------------------------------------------------

local function new_queue(size)
  local handle = sync.open(C.RK_QUEUE, nil, size) -- kept: the pool drops it itself, also when Lua closes
  return handle.object
end

local function start(pool, id)
  local q = pool.queues
  local code = worker.prelude(("require 'threads.worker'.loop(%d, {main = %d, shared = %d, own = %d}, %q)"):format(id,
    tonumber(C.rk_sync_id(q.main)), tonumber(C.rk_sync_id(q.shared)), tonumber(C.rk_sync_id(q.own[id])), pool.scheme))
  local out = ffi.new 'struct rk_thread *[1]'
  local cores = pool.N > 1 and math.max(1, math.floor(C.rk_cores() / pool.N)) or 0
  if C.rk_thread_start(out, code, #code, cores) ~= 0 then sync.refused(2) end
  pool.threads[id] = out[0]
end

local function free_queues(q)
  C.rk_sync_drop(q.main)
  C.rk_sync_drop(q.shared)
  for _, each in ipairs(q.own) do C.rk_sync_drop(each) end
end

-- Ask all workers to stop, each in the queue where it looks.
local function stop(state)
  local q = state.queues
  for id = 1, #state.threads do
    queue.send(state.mode and q.own[id] or q.shared, 'threads.serialize', false, worker.STOP, PATIENCE)
  end
end

-- What is left when nobody holds the pool any more, or Lua closes: finish the jobs as long as some end, then stop.
-- Tensors of this state may be gone already, so an error in an end callback is not worth more than a line.
local function abandon(state, quiet)
  if not state.queues then return end
  while state.pending > 0 do
    local receive, tag = queue.receive(state.queues.main, state.scheme, PATIENCE)
    if not receive then break end
    state.pending = state.pending - 1
    local callback = state.callbacks[tag]
    state.callbacks[tag] = nil
    local ok, reply = pcall(receive)
    if ok and reply[1] and callback then
      ok, reply = pcall(callback, unpack(reply, 4, 3 + reply[3]))
    elseif ok and not reply[1] then
      ok, reply = false, reply[2]
    end
    if not ok and not quiet then io.stderr:write('threads: a job of a pool that was left: ', tostring(reply), '\n') end
  end
  if state.pending > 0 then
    io.stderr:write(('threads: %d jobs of a pool that was left do not end; terminate() waits for them\n')
      :format(state.pending))
  end
  pcall(stop, state)
  for _, thread in ipairs(state.threads) do
    if state.pending > 0 or C.rk_thread_join(thread, PATIENCE) ~= C.RK_DONE then C.rk_thread_abandon(thread) end
  end
  free_queues(state.queues)
  state.queues = nil
end

-- Pools that were not terminated
local live = setmetatable({}, {__mode = 'k'})

--- Leave all pools: th calls it before it closes Lua.
function M.leave()
  for state in pairs(live) do abandon(state) end
end

--- Does any pool have jobs that are not over?
function M.waiting()
  for state in pairs(live) do
    if state.queues and state.pending > 0 then return true end
  end
  return false
end

-- A pool one of whose jobs has ended
local function ended()
  for state in pairs(live) do
    if state.queues and state.pending > 0 and C.rk_queue_count(state.queues.main) > 0 then return state end
  end
end

--- Would `step` do anything?
function M.ready() return ended() ~= nil end

local function check_init(n, inits)
  if type(n) ~= 'number' or n ~= math.floor(n) or n < 1 or n > 1024 then
    refuse(4, 'threads.Threads: argument 1: a number of threads from 1 to 1024 expected, got %s',
      type(n) == 'number' and tostring(n) or class.type(n))
  end
  for i = 1, inits.n do
    if type(inits[i]) ~= 'function' then
      refuse(4, 'threads.Threads: argument %d: an init function expected, got %s', i + 1, class.type(inits[i]))
    end
  end
end

-- Run the init functions in every worker, in order; the results of the last one, a table for each worker.
local function run_inits(pool, inits)
  local results = {}
  pool:specific(true)
  for id = 1, pool.N do
    for i = 1, inits.n do
      pool:addjob(id, inits[i], function(...)
        if i == inits.n then results[id] = {...} end
      end, id)
    end
  end
  pool:synchronize()
  pool:specific(false)
  return results
end

local function construct(n, ...)
  local inits = {n = select('#', ...), ...}
  check_init(n, inits)
  -- The state is apart from the pool, so that the finalizer can hold it.
  local state = {N = n, scheme = scheme, queues = {main = new_queue(n), shared = new_queue(n), own = {}}, threads = {},
    callbacks = {}, pending = 0, last = 0, mode = false}
  for id = 1, n do state.queues.own[id] = new_queue(n) end
  live[state] = true
  local guard = newproxy(true)
  debug.getmetatable(guard).__gc = function() abandon(state) end
  local pool = setmetatable({N = n, guard = guard, state = state}, Threads)
  local ok, results = pcall(function()
    for id = 1, n do start(state, id) end
    return run_inits(pool, inits)
  end)
  if not ok then
    abandon(state, true)
    error(results, 0)
  end
  return pool, results
end

--- A pool: `threads.Threads(n, [init, ...])` starts n threads and runs the init functions, given the thread's number,
-- in each. Returns the pool, and the results of the last init function, a table a thread.
-- @usage
-- local pool, ids = require 'threads'.Threads(2, function(id) return id end)
-- assert(ids[2][1] == 2)
-- pool:terminate()
Threads = class.newmetatable('threads.Threads', nil, construct, nil, nil, M)

-- ---------------------------------------------------------------------------------------------------------
-- Jobs
-- ---------------------------------------------------------------------------------------------------------

local function check_id(state, method, id)
  if type(id) ~= 'number' or id ~= math.floor(id) or id < 1 or id > state.N then
    refuse(3, 'threads.Threads.%s: argument 1: a worker from 1 to %d expected (the pool is specific), got %s', method,
      state.N, type(id) == 'number' and tostring(id) or class.type(id))
  end
  return state.queues.own[id]
end

local function has_room(q) return C.rk_queue_count(q) < C.rk_queue_capacity(q) end

local function add(pool, state, first, q, callback, endcallback, ...)
  if type(callback) ~= 'function' then
    refuse(3, 'threads.Threads.addjob: argument %d: callback (function) expected, got %s', first, class.type(callback))
  elseif endcallback ~= nil and type(endcallback) ~= 'function' then
    refuse(3, 'threads.Threads.addjob: argument %d: end callback (function) or nil expected, got %s', first + 1,
      class.type(endcallback))
  end
  while not has_room(q) do pool:dojob() end
  local id = state.last + 1
  queue.send(q, state.scheme, {callback, select('#', ...), ...}, id)
  state.last, state.pending, state.callbacks[id] = id, state.pending + 1, endcallback
end

--- Add a job: `pool:addjob([worker,] callback, [endcallback], [arguments ...])`. When the queue is full, end callbacks
-- are run until it is not. The worker is given in specific mode only.
-- @usage
-- local pool = require 'threads'.Threads(2)
-- local sum = 0
-- for i = 1, 10 do pool:addjob(function(x) return x * x end, function(y) sum = sum + y end, i) end
-- pool:synchronize()
-- pool:terminate()
-- assert(sum == 385)
function Threads:addjob(...)
  local first = ...
  local state = check(self, 'addjob')
  if state.mode then
    add(self, state, 2, check_id(state, 'addjob', first), select(2, ...))
  else
    add(self, state, 1, state.queues.shared, ...)
  end
end

local function report(where, id, why)
  error(('[thread %d %s] %s'):format(id, where, tostring(why)), 0)
end

local function finish(state)
  local receive, tag = queue.receive(state.queues.main, state.scheme)
  local callback = state.callbacks[tag]
  state.pending, state.callbacks[tag] = state.pending - 1, nil
  local ok, reply = pcall(receive)
  if not ok then error('threads.Threads.dojob: the results of a job cannot be read: ' .. tostring(reply), 0) end
  if not reply[1] then report('callback', reply[3], reply[2]) end
  if callback then
    local why
    ok, why = xpcall(function() callback(unpack(reply, 4, 3 + reply[3])) end, function(text)
      return type(text) == 'string' and debug.traceback(text, 2) or text
    end)
    if not ok then report('endcallback', reply[2], why) end
  end
end

--- Wait for a job to end and run its end callback. An error of either is raised, with its traceback.
function Threads:dojob()
  local state = check(self, 'dojob')
  if state.pending == 0 then refuse(2, 'threads.Threads.dojob: no job was added, so none will end') end
  finish(state)
end

--- Run the end callback of a job that has ended, in whatever pool; nothing when there is none.
function M.step()
  local state = ended()
  if state then finish(state) end
end

--- Do all jobs and their end callbacks. The first error is raised at once; the jobs that remain are done by the next
-- call.
function Threads:synchronize()
  if self.state and not self.state.queues then return end
  local state = check(self, 'synchronize')
  while state.pending > 0 do self:dojob() end
end

--- Choose the worker for each job (true), or let the first free one take it (false, as at first). Waits for all jobs.
-- Without an argument: which is it?
function Threads:specific(on)
  local state = check(self, 'specific')
  if on == nil then return state.mode end
  if type(on) ~= 'boolean' then
    refuse(2, 'threads.Threads.specific: argument 1: true or false expected, got %s', class.type(on))
  end
  self:synchronize()
  if on == state.mode then return end
  local q = state.queues
  for id = 1, state.N do
    queue.send(on and q.shared or q.own[id], 'threads.serialize', false, on and worker.SPECIFIC or worker.SHARED)
  end
  for _ = 1, state.N do queue.receive(q.main, 'threads.serialize')() end -- each has looked up from its old queue
  state.mode = on
end

--- Do all jobs, then end the threads. An error of a job is raised when they have ended.
function Threads:terminate()
  if self.state and not self.state.queues then return end
  local state = check(self, 'terminate')
  local ok, why = true, nil
  while state.pending > 0 do
    local good, text = pcall(self.dojob, self)
    if not good and ok then ok, why = false, text end
  end
  stop(state)
  for _, thread in ipairs(state.threads) do sync.wait(C.rk_thread_join, thread, 0.1) end
  free_queues(state.queues)
  state.queues, state.threads = nil, {}
  if not ok then error(why, 0) end
end

--- Can a job be added without waiting? In specific mode: to a worker.
function Threads:acceptsjob(id)
  local state = check(self, 'acceptsjob')
  return has_room(state.mode and check_id(state, 'acceptsjob', id) or state.queues.shared)
end

--- Are there jobs whose end callbacks were not run?
function Threads:hasjob() return check(self, 'hasjob').pending > 0 end

--- Was the pool not terminated?
function Threads:isrunning() return self.state.queues ~= nil end

--- Always false: errors are raised at once.
function Threads:haserror()
  check(self, 'haserror')
  return false
end

--- The module by which pools made from now on pass values: 'threads.serialize' (copies) or 'threads.sharedserialize'
-- (tensors, storages and tds containers share memory). Without an argument: which is it?
-- @string name a module with functions `save` and `load`
function Threads.serialization(name)
  if name == nil then return scheme end
  if type(name) ~= 'string' then
    refuse(2, 'threads.Threads.serialization: argument 1: name of a module (string) expected, got %s', class.type(name))
  end
  scheme = name
end

function Threads:write()
  error('a pool cannot be passed to another thread or written to a file', 0)
end

function Threads:__tostring__()
  return ('threads.Threads [%d threads%s]'):format(self.N, self:isrunning() and '' or ', terminated')
end

return M
