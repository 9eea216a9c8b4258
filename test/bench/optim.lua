--- Steps of the optimisers on 25 M floats, as bandwidth, against a copy:  build/th test/bench/optim.lua [name ...]
-- Counted are the bytes a step must move: reads of parameters, gradient and state, writes of parameters and state.
require 'optim'
local ffi = require 'ffi'

local N, RUNS = 25e6, 6
local rows = { -- name, arrays of N floats read and written, config
  { 'sgd', 3, {} },
  { 'sgd momentum', 5, { momentum = 0.9, dampening = 0 } },
  { 'sgd nesterov decay', 5, { momentum = 0.9, dampening = 0, nesterov = true, weightDecay = 1e-4 } },
  { 'nag', 8, {} },
  { 'adam', 8, {} },
  { 'adamw', 7, {} },
  { 'lion', 5, {} },
  { 'rmsprop', 6, {} },
  { 'adagrad', 6, {} },
  { 'adadelta', 9, {} },
}

local function best(f)
  f()
  local least = math.huge
  for _ = 1, RUNS do
    local timer = torch.Timer()
    f()
    least = math.min(least, timer:time().real)
  end
  return least
end

torch.setdefaulttensortype 'torch.FloatTensor'
local x, g = torch.Tensor(N):uniform(-1, 1), torch.Tensor(N):uniform(-1, 1)
local function opfunc() return 0, g end
local plain = 2 * N * 4 / best(function() ffi.copy(g:data(), x:data(), N * 4) end)
local copy = 2 * N * 4 / best(function() g:copy(x) end)
g:uniform(-1, 1)
print(('%-22s %8.1f GB/s\n%-22s %8.1f GB/s, %d threads'):format('memcpy, one thread', plain * 1e-9, 'o:copy(a)',
  copy * 1e-9, torch.getnumthreads()))
for _, row in ipairs(rows) do
  local name, arrays, config = unpack(row)
  local wanted = #arg == 0
  for _, pattern in ipairs(arg) do wanted = wanted or name:find(pattern) end
  if wanted then
    local method = optim[name:match '^%a+']
    local time = best(function() method(opfunc, x, config) end)
    local rate = arrays * N * 4 / time
    print(('%-22s %8.1f GB/s %6.1f ms  %.0f %% of the copy'):format(name, rate * 1e-9, time * 1e3, 100 * rate / copy))
  end
end
