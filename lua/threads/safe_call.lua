--- The call behind `threads.safe`, found by every thread in its own state.
-- @module threads.safe_call

local function finish(mutex, ok, ...)
  mutex:unlock()
  if not ok then error((...), 0) end
  return ...
end

return function(mutex, f, ...)
  mutex:lock()
  return finish(mutex, pcall(f, ...))
end
