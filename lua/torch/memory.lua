--- Memory that the Lua collector cannot see.
--
-- A tensor is a 200-byte header to Lua, whatever it holds. So after every
-- allocation the library's own count of live bytes is compared with a moving
-- limit; past it the collector runs to the end and the limit is set anew from
-- what is still alive. A loop that makes and drops large tensors thus keeps
-- only a few of them.
local ffi = require 'ffi'
local C = require 'torch.ffi'

-- The same counter in units of 64 KB: its bytes 2 to 5. As an int64 it would be boxed at each look where code is
-- interpreted (220 ns; 70 so).
ffi.cdef 'extern const int64_t rk_live_counter[1] __asm__("rk_live_bytes");'
local UNIT = 65536
local live_units = ffi.cast('const uint32_t *', ffi.cast('const char *', C.rk_live_counter) + 2)

local M = { tracking = true }

-- Finish each collection sooner once it has begun: a dead tensor waits for its finalizer until then, and the next
-- tensors come from colder memory meanwhile (a + b on 10 elements: 660 -> 490 ns on a busy machine).
collectgarbage('setstepmul', 1000)

-- How many new bytes are let pass between two collections: at least 20 MB, so
-- that small tensors never pay for a collection; half of what is alive, so
-- that large programs do not collect all the time; twice the Lua heap (up to 1 GB), because
-- a collection costs about as much as that heap is large.
local FLOOR, CEILING = 20e6, 1e9
local limit = FLOOR / UNIT

local function collect()
  if not M.tracking then
    limit = (tonumber(C.rk_live_bytes) + CEILING) / UNIT
    return
  end
  collectgarbage()
  local live = tonumber(C.rk_live_bytes)
  local heap = math.min(2048 * collectgarbage 'count', CEILING)
  limit = (live + math.max(FLOOR, live / 2, heap)) / UNIT
end

--- Call after allocating. Costs one comparison.
function M.pressure()
  if live_units[0] > limit then collect() end
end

--- Switch the watch on the collector off or on (torch.setheaptracking).
function M.track(on)
  M.tracking = on
  limit = -1
end

return M
