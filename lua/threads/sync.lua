--- threads.Mutex and threads.Condition, and the handle that queues use, too.
--
-- An object made here lives until `free` is called (so its number may be passed on while nothing else mentions it);
-- one looked up by its number is given back when the handle is collected.
-- @module threads.sync

local ffi = require 'ffi'
local C = require 'threads.ffi'
local class = require 'torch.class'

local M = {}
local handle = ffi.typeof 'struct rk_sync_handle'
local pointer = ffi.typeof 'struct rk_sync *[1]'
M.ctype = handle

local SLICE = 0.1 -- seconds: how long Ctrl-C may have to wait
local kinds = {[C.RK_MUTEX] = 'Mutex', [C.RK_CONDITION] = 'Condition', [C.RK_QUEUE] = 'Queue'}
M.kinds = kinds

--- Raise the text of the failure in C.
function M.refused(level)
  error(ffi.string(C.rk_error()), (level or 1) + 1)
end

--- A handle on a new object, or with an id on the one of that number.
function M.open(kind, id, capacity)
  local out, s = pointer(), handle()
  local status
  if id then
    status = C.rk_sync_find(out, kind, id)
  else
    status = C.rk_sync_new(out, kind, capacity or 0)
    s.keep = 1
  end
  if status ~= 0 then M.refused(3) end
  s.object, s.kind = out[0], kind
  return s
end

--- A handle on what a pointer in a parcel means.
function M.adopt(kind, object)
  local s = handle()
  s.object, s.kind = ffi.cast('struct rk_sync *', object), kind
  C.rk_sync_hold(s.object)
  return s
end

--- Repeat a wait of one slice until it is over. Not compiled: a hook (Ctrl-C) must find its way in.
function M.wait(f, ...)
  while true do
    local status = f(...)
    if status == C.RK_DONE then return end
    if status ~= C.RK_TIMEOUT then M.refused(3) end
  end
end
jit.off(M.wait, true)

local function object_of(s, kind, method)
  local name = kinds[kind]
  if not ffi.istype(handle, s) or s.kind ~= kind then
    error(('threads.%s.%s: a threads.%s expected, got %s; call it with a colon'):format(name, method, name,
      class.type(s)), 3)
  elseif s.object == nil then
    error(('threads.%s.%s: this %s was freed'):format(name, method, name:lower()), 3)
  end
  return s.object
end
M.object_of = object_of

local function drop(s)
  local object = s.object
  s.object = nil
  C.rk_sync_drop(object)
end

-- id, free: the same for all kinds
local function common(kind)
  local methods = {}
  function methods.id(s) return tonumber(C.rk_sync_id(object_of(s, kind, 'id'))) end
  function methods.free(s)
    object_of(s, kind, 'free')
    drop(s)
  end
  return methods
end

local Mutex = common(C.RK_MUTEX)
local Condition = common(C.RK_CONDITION)
M.methods = {[C.RK_MUTEX] = Mutex, [C.RK_CONDITION] = Condition, [C.RK_QUEUE] = {}}

--- Wait until no other thread holds the mutex, and take it.
function Mutex.lock(s)
  M.wait(C.rk_mutex_lock, object_of(s, C.RK_MUTEX, 'lock'), SLICE)
end

--- Take the mutex if it is free; returns whether it was.
function Mutex.trylock(s)
  local status = C.rk_mutex_lock(object_of(s, C.RK_MUTEX, 'trylock'), 0)
  if status == C.RK_REFUSED then M.refused(2) end
  return status == C.RK_DONE
end

--- Give the mutex back.
function Mutex.unlock(s)
  if C.rk_mutex_unlock(object_of(s, C.RK_MUTEX, 'unlock')) ~= 0 then M.refused(2) end
end

--- Give a locked mutex back, wait for a signal, take the mutex again.
function Condition.wait(s, mutex)
  local c = object_of(s, C.RK_CONDITION, 'wait')
  if not M.is_mutex(mutex) then
    error(('threads.Condition.wait: argument 1: a threads.Mutex expected, got %s'):format(class.type(mutex)), 2)
  end
  C.rk_condition_begin(c)
  if C.rk_mutex_unlock(mutex.object) ~= 0 then
    C.rk_condition_end(c)
    M.refused(2)
  end
  local ok, why = pcall(M.wait, C.rk_condition_poll, c, SLICE)
  if not ok then C.rk_condition_end(c) end
  M.wait(C.rk_mutex_lock, mutex.object, SLICE)
  if not ok then error(why, 0) end
end

--- Wake one of those that wait.
function Condition.signal(s) C.rk_condition_signal(object_of(s, C.RK_CONDITION, 'signal'), 0) end

--- Wake all that wait.
function Condition.broadcast(s) C.rk_condition_signal(object_of(s, C.RK_CONDITION, 'broadcast'), 1) end

ffi.metatype(handle, {
  __index = function(s, key)
    return M.methods[s.kind][key]
  end,
  __gc = function(s)
    if s.keep == 0 and s.object ~= nil then drop(s) end
  end,
  __tostring = function(s)
    local name = kinds[s.kind]
    return s.object == nil and ('threads.%s (freed)'):format(name)
      or ('threads.%s <%d>'):format(name, tonumber(C.rk_sync_id(s.object)))
  end,
  __eq = function(a, b)
    return ffi.istype(handle, a) and ffi.istype(handle, b) and a.object == b.object
  end,
})

--- Is it a mutex that was not freed?
function M.is_mutex(s) return ffi.istype(handle, s) and s.kind == C.RK_MUTEX and s.object ~= nil end

local function constructor(kind)
  return function(id)
    if id ~= nil and (type(id) ~= 'number' or id ~= math.floor(id)) then
      error(('threads.%s: argument 1: the number (id) of one expected, got %s'):format(kinds[kind], class.type(id)), 2)
    end
    return M.open(kind, id)
  end
end

--- `threads.Mutex([id])`: a new mutex, or the one of that number.
M.Mutex = constructor(C.RK_MUTEX)
--- `threads.Condition([id])`: a new condition variable, or the one of that number.
M.Condition = constructor(C.RK_CONDITION)

return M
