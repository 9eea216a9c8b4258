--- `threads.safe(f [, mutex])`: a function that holds a mutex while it calls f, in whatever thread it is.
-- @module threads.safe

local sync = require 'threads.sync'
local class = require 'torch.class'

--- Wrap a function. The wrapper can be passed to other threads; all its copies use the same mutex.
-- @func f the function
-- @param[opt] mutex threads.Mutex; else a new one
-- @usage
-- local threads = require 'threads'
-- local add = threads.safe(function(a, b) return a + b end)
-- assert(add(2, 3) == 5)
return function(f, mutex)
  if type(f) ~= 'function' then
    error(('threads.safe: argument 1: function expected, got %s'):format(class.type(f)), 2)
  elseif mutex ~= nil and not sync.is_mutex(mutex) then
    error(('threads.safe: argument 2: a threads.Mutex expected, got %s'):format(class.type(mutex)), 2)
  end
  mutex = mutex or sync.Mutex()
  return function(...)
    return require 'threads.safe_call'(mutex, f, ...)
  end
end
