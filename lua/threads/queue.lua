--- Queues of jobs between threads: `q = Queue(size)`, `q:addjob(f, ...)`, `results = q:dojob()`.
--
-- A queue may be passed to other threads (as an upvalue or argument of a job), and each thread may add and do jobs. Who
-- adds to a full queue, or takes from an empty one, waits.
-- @module threads.queue

local ffi = require 'ffi'
local C = require 'threads.ffi'
local class = require 'torch.class'
local sync = require 'threads.sync'

local M = {}
local SLICE = 0.1
local buffer = ffi.typeof 'struct rk_buffer'

-- Schemes of our own take any value, those of others functions.
local own = {['threads.serialize'] = true, ['threads.sharedserialize'] = true}

local function scheme_of(name)
  local scheme = require(name)
  if type(scheme) ~= 'table' or type(scheme.save) ~= 'function' or type(scheme.load) ~= 'function' then
    error(('threads: the serialization module %s must have the functions save and load'):format(name), 0)
  end
  return scheme
end

--- Send a value and a number; seconds: limit, false when it was reached.
function M.send(q, scheme, v, tag, seconds)
  local storage
  if own[scheme] then
    storage = scheme_of(scheme).save(v)
  else
    storage = scheme_of(scheme).save(function() return v end)
  end
  local item = ffi.new 'struct rk_item'
  item.bytes.mem, item.bytes.dt, item.tag = storage.mem, storage.dt, tag
  if seconds then
    local status = C.rk_queue_put(q, item, seconds)
    if status == C.RK_REFUSED then sync.refused(2) end
    return status == C.RK_DONE
  end
  sync.wait(C.rk_queue_put, q, item, SLICE)
  storage:free() -- the queue has a count of its own
  return true
end

--- Wait for what was sent: a function that gives the value (or raises an error), and the number; nil when `seconds`
-- passed before.
function M.receive(q, scheme, seconds)
  local item = ffi.new 'struct rk_item'
  if seconds then
    local status = C.rk_queue_take(q, item, seconds)
    if status == C.RK_REFUSED then sync.refused(2) end
    if status ~= C.RK_DONE then return nil end
  else
    sync.wait(C.rk_queue_take, q, item, SLICE)
  end
  local storage = buffer()
  storage.mem, storage.dt = item.bytes.mem, item.bytes.dt
  return function()
    local ok, v = pcall(scheme_of(scheme).load, storage)
    storage:free()
    if not ok then error(v, 0) end
    return own[scheme] and v or v()
  end, tonumber(item.tag)
end

local Queue = class.newmetatable('threads.Queue', nil, function(size, scheme)
  if type(size) ~= 'number' or size ~= math.floor(size) then
    error(('threads.queue: argument 1: a size expected, got %s'):format(class.type(size)), 2)
  elseif scheme ~= nil and type(scheme) ~= 'string' then
    error(('threads.queue: argument 2: the name of a serialization module expected, got %s')
      :format(class.type(scheme)), 2)
  end
  scheme = scheme or 'threads.serialize'
  scheme_of(scheme)
  local handle = sync.open(C.RK_QUEUE, nil, size)
  handle.keep = 0
  return setmetatable({handle = handle, scheme = scheme}, class.getmetatable 'threads.Queue')
end, nil, function() return setmetatable({}, class.getmetatable 'threads.Queue') end, M)
M.Queue = nil

local function object(q, method)
  if class.typename(q) ~= 'threads.Queue' then
    error(('threads.queue.%s: a queue expected, got %s; call it with a colon'):format(method, class.type(q)), 3)
  end
  return sync.object_of(q.handle, C.RK_QUEUE, method)
end

--- Add a function and its arguments; waits while the queue is full.
function Queue:addjob(f, ...)
  local q = object(self, 'addjob')
  if type(f) ~= 'function' then
    error(('threads.queue.addjob: argument 1: function expected, got %s'):format(class.type(f)), 2)
  end
  M.send(q, self.scheme, {f, {...}, select('#', ...)}, 0)
end

--- Wait for a job, run it, return its results.
function Queue:dojob()
  local job = M.receive(object(self, 'dojob'), self.scheme)()
  return job[1](unpack(job[2], 1, job[3]))
end

--- Number of jobs that wait.
function Queue:count() return tonumber(C.rk_queue_count(object(self, 'count'))) end
--- Is there none?
function Queue:isempty() return self:count() == 0 end
--- Would addjob wait?
function Queue:isfull() return C.rk_queue_count(object(self, 'isfull')) >= C.rk_queue_capacity(self.handle.object) end
--- Its number.
function Queue:id() return tonumber(C.rk_sync_id(object(self, 'id'))) end
--- Give it back at once.
function Queue:free()
  object(self, 'free')
  C.rk_sync_drop(self.handle.object)
  self.handle.object = nil
end

return setmetatable(M, {
  __call = function(_, ...) return class.getconstructortable 'threads.Queue'(...) end,
})
