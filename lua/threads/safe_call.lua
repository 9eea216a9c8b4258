--- The call behind `threads.safe`, found by every thread in its own state.
-- @module threads.safe_call

local function finish(mutex, ok, ...)
  local why = ...
  mutex:unlock()
  if not ok then error(why, 0) end
  return ...
end

return function(mutex, f, ...)
  mutex:lock()
  return finish(mutex, pcall(f, ...))
end
