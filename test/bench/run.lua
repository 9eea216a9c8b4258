--- Benchmarks: the workloads that peer_pytorch.py times, shape for shape, under the same names.
--
--     build/th test/bench/run.lua [--only TEXT | --name NAME] [--device cpu|cuda] [--threads N]
--                                 [--channels-last] [--json] [--quick] [--list] [--turns]
--
-- Two warm-up calls, then at least five timed ones (about two seconds in all); the median counts. --json: an
-- object a line with the fields of the peer's. --list: group and name. A workload
-- that needs something the engine does not have yet is reported as such, with what it needs.
-- test/bench/compare.sh sets both side by side. --turns is for its sake: for each line read, a number of
-- milliseconds, the workload runs about that long and the median of its calls is printed.
local ffi = require 'ffi'

local here = arg[0]:match '^(.*)/' or '.'
package.path = package.path .. ';' .. here .. '/?.lua' -- last: a file here may have a package's name

ffi.cdef 'struct bench_time { long s, n; }; int bench_clock(int, struct bench_time *) __asm__("clock_gettime");'
local time = ffi.new 'struct bench_time'
local function now()
  ffi.C.bench_clock(1, time)
  return tonumber(time.s) * 1e3 + tonumber(time.n) * 1e-6
end

local function usage(text)
  io.stderr:write('run.lua: ', text, '; see the top of test/bench/run.lua\n')
  os.exit(2)
end

local function parse(words)
  local options = { device = 'cpu' }
  local values = { only = true, name = true, device = true, threads = true }
  local flags = { json = true, quick = true, list = true, turns = true, ['channels-last'] = true }
  local i = 1
  while i <= #words do
    local key = words[i]:match '^%-%-(.+)$'
    if flags[key] then
      options[key] = true
    elseif values[key] then
      i = i + 1
      options[key] = words[i] or usage('a value is missing after --' .. key)
    else
      usage('unknown argument ' .. words[i])
    end
    i = i + 1
  end
  if options.device ~= 'cpu' and options.device ~= 'cuda' then
    usage '--device is cpu or cuda'
  end
  return options
end

-- A loop of its own for every workload, so that one's traces do not disturb another's.
local LOOP = [[
local f, inner, now = ...
return function()
  local t = now()
  for _ = 1, inner do
    f()
  end
  return (now() - t) / inner
end
]]

--- Median and least of the times of f in ms, and how many there were.
local function measure(f, inner, sync, quick)
  local least, budget = quick and 3 or 5, quick and 300 or 2000
  local function timed()
    local t = now()
    f()
    sync()
    return now() - t
  end
  local once = inner > 1 and loadstring(LOOP)(f, inner, now) or timed
  for _ = 1, 2 do
    once()
  end
  sync()
  local times, finish = {}, now() + budget
  while #times < least or (now() < finish and #times < 200) do
    times[#times + 1] = once()
  end
  table.sort(times)
  return times[math.floor(#times / 2) + 1], times[1], #times
end

--- A median for each number of milliseconds read, until there is nothing more to read.
local function take_turns(f, inner, sync)
  for _ = 1, 2 do
    f()
  end
  sync()
  print 'ready'
  io.stdout:flush()
  for line in io.lines() do
    f()
    sync()
    local times, finish = {}, now() + tonumber(line)
    repeat
      local t = now()
      for _ = 1, inner do
        f()
      end
      sync()
      times[#times + 1] = (now() - t) / inner
    until now() >= finish
    table.sort(times)
    print(times[math.floor(#times / 2) + 1])
    io.stdout:flush()
  end
end

local options = parse(arg)
local bench = require 'workloads'(options)

local function json(row)
  local keys, parts = {}, {}
  for k in pairs(row) do
    keys[#keys + 1] = k
  end
  table.sort(keys)
  for i, k in ipairs(keys) do
    local v = row[k]
    parts[i] = ('"%s": %s'):format(k, type(v) == 'string' and '"' .. v:gsub('[%c"\\]', ' ') .. '"' or tostring(v))
  end
  return '{' .. table.concat(parts, ', ') .. '}'
end

local function report(row)
  if options.json then
    row.threads, row.device, row.engine = torch.getnumthreads(), options.device, 'Rekindle'
    print(json(row))
  elseif row.median_ms then
    print(('%-32s %12.6f ms   least %12.6f   %d runs'):format(row.name, row.median_ms, row.min_ms, row.runs))
  else
    print(('%-32s %s'):format(row.name, row.error))
  end
  io.stdout:flush()
end

local function run(item)
  local lacking = bench.lacking(item)
  if lacking then
    return report { name = item.name, error = 'not yet: ' .. lacking }
  end
  torch.manualSeed(1)
  local ok, message = pcall(function()
    local f, inner = item.make()
    if options.turns then
      return take_turns(f, inner or 1, bench.sync)
    end
    local median, least, runs = measure(f, inner or 1, bench.sync, options.quick)
    report { name = item.name, median_ms = median, min_ms = least, runs = runs }
  end)
  if not ok then
    report { name = item.name, error = 'failed: ' .. tostring(message) }
    bench.failed = true
  end
  collectgarbage()
  collectgarbage()
end

if options.threads then
  torch.setnumthreads(tonumber(options.threads) or usage '--threads: a number')
end
local found
for _, item in ipairs(bench.items) do
  local chosen = not options.name or item.name == options.name
  if chosen and (not options.only or item.name:find(options.only, 1, true)) then
    found = true
    if options.list then
      print(item.group, item.name)
    else
      run(item)
    end
  end
end
if not found then
  usage 'no such workload (--list shows them)'
end
os.exit(not bench.failed)
