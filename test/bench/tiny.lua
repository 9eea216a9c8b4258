--- What each class of nn costs where there is next to nothing to compute, on the inputs of test/nn/registry.lua:
-- microseconds forward and backward, and bytes of Lua's heap that a step leaves to the collector:
--   build/th test/bench/tiny.lua [pattern of names]
require 'nn'
local here = debug.getinfo(1, 'S').source:match '^@(.*/)' or './'
local registry, value = dofile(here .. '../nn/registry.lua')
local support = dofile(here .. '../nn/support.lua')
local pattern = arg[1] or ''
local RUNS, ROUNDS, STEPS = 200, 3, 50
local prints = { PrintSize = true }

local function floats(x)
  return support.map(x, function(t) return t:type() == 'torch.DoubleTensor' and t:float() or t end)
end

-- One step of a class, or nil where it cannot run alone.
local function step_of(name, row)
  local module = value(('nn.%s(%s)'):format(name, row.args))
  local input = value(row.input)
  if not row.untyped then module, input = module:float(), floats(input) end
  if row.target then
    local target = floats(value(row.target))
    return function()
      module:forward(input, target)
      module:backward(input, target)
    end
  end
  local gradient = support.map(module:forward(input), function(t) return t:clone():fill(1) end)
  if row.forward then return function() module:forward(input) end end
  return function()
    module:forward(input)
    module:backward(input, gradient)
  end
end

local function measure(step)
  for _ = 1, RUNS do step() end
  local least = math.huge
  for _ = 1, ROUNDS do
    local timer = torch.Timer()
    for _ = 1, RUNS do step() end
    least = math.min(least, timer:time().real / RUNS)
  end
  collectgarbage()
  collectgarbage()
  collectgarbage 'stop'
  local before = collectgarbage 'count'
  for _ = 1, STEPS do step() end
  local left = (collectgarbage 'count' - before) * 1024 / STEPS
  collectgarbage 'restart'
  return least * 1e6, left
end

nn.hints(false)
torch.manualSeed(1)
local names = {}
for name, row in pairs(registry) do
  if not row.abstract and not prints[name] and name:find(pattern) then names[#names + 1] = name end
end
table.sort(names)
print(('%-34s %8s %8s'):format('', 'us', 'bytes'))
for _, name in ipairs(names) do
  local ok, step = pcall(step_of, name, registry[name])
  if ok then
    print(('%-34s %8.2f %8.0f'):format(name, measure(step)))
  else
    print(('%-34s %s'):format(name, tostring(step):match '[^\n]*'))
  end
end
