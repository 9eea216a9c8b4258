--- The cost of a call in nanoseconds, compiled and interpreted:  build/th test/bench/interp.lua
-- Every line is timed in a process of its own, as the least of several runs of a loop.
local ffi = require 'ffi'

ffi.cdef 'struct interp_time { long s, n; }; int interp_clock(int, struct interp_time *) __asm__("clock_gettime");'
local time = ffi.new 'struct interp_time'
local function now()
  ffi.C.interp_clock(1, time)
  return tonumber(time.s) * 1e9 + tonumber(time.n)
end

local SETUP = 'local a, b, m, x, y = torch.FloatTensor(10):normal(), torch.FloatTensor(10):normal(), '
  .. 'torch.FloatTensor(64, 64):normal(), torch.FloatTensor(8, 8):normal(), torch.FloatTensor(8, 8):normal() '
  .. 'local c, z, s, k = nil, torch.FloatTensor(8, 8), 0, 1 '

local CALLS = {
  { 'a:add(b)', 'a:add(b)' },
  { 'c = a + b', 'c = a + b' },
  { 'a:add(1)', 'a:add(1)' },
  { 'a:mul(2)', 'a:mul(1.0000001)' },
  { 's = s + a[k]', 's = s + a[k] k = k % 10 + 1' },
  { 'a[k] = s', 'a[k] = 1 k = k % 10 + 1' },
  { 'm:narrow(1, 4, 10)', 'c = m:narrow(1, 4, 10)' },
  { 'm:select(1, 3)', 'c = m:select(1, 3)' },
  { 'm[3]', 'c = m[3]' },
  { 'm:t()', 'c = m:t()' },
  { 'z:mm(x, y)', 'z:mm(x, y)' },
  { 'a:sum()', 's = a:sum()' },
  { 'a:size(1)', 's = a:size(1)' },
  { 'a:dot(b)', 's = a:dot(b)' },
  { 'torch.FloatTensor(10)', 'c = torch.FloatTensor(10)' },
  { 'a:clone()', 'c = a:clone()' },
}

--- Nanoseconds a repetition of the statement, least of 15 runs.
local function measure(statement)
  local text = SETUP .. 'return function(n) for _ = 1, n do ' .. statement .. ' end return c, s, z end'
  local loop = assert(loadstring(text))()
  local n, best = 20000, math.huge
  loop(n)
  for _ = 1, 15 do
    local t = now()
    loop(n)
    best = math.min(best, (now() - t) / n)
  end
  return best
end

if arg[1] then -- one measurement, for the process below
  if arg[2] == 'interpreted' then
    jit.off()
  end
  print(measure(arg[1]))
  os.exit(0)
end

local function child(statement, mode)
  local pipe = io.popen(("%s %s '%s' %s 2>&1"):format(arg[-1], arg[0], statement, mode))
  local text = pipe:read '*a'
  pipe:close()
  return tonumber(text) and ('%11.1f'):format(tonumber(text)) or '     failed'
end

print(('%-24s %11s %11s   ns a call'):format('', 'compiled', 'interpreted'))
for _, call in ipairs(CALLS) do
  print(('%-24s %s %s'):format(call[1], child(call[2], 'compiled'), child(call[2], 'interpreted')))
end
