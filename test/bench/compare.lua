--- Times every workload with Rekindle and with PyTorch, one right after the other, and divides:
-- ratio = PyTorch's median / ours, so above 1 is faster than PyTorch. Started by compare.sh,
-- which finds a Python that has PyTorch; the arguments are those of run.lua.
--
-- On a machine whose speed swings --turns N is the fairer way: both hold the workload ready and take N turns of some
-- 40 ms. Least, median and most of the N ratios are printed, each of two turns that followed one another.
local python = os.getenv 'PYTHON' or 'python3'
local here = arg[0]:match '^(.*)/' or '.'
local TURN = 40 -- ms

local function quoted(s)
  return "'" .. s:gsub("'", "'\\''") .. "'"
end

local passed, selection, turns, i = {}, {}, nil, 1
while i <= #arg do
  local selects = arg[i] == '--only' or arg[i] == '--name'
  local list = selects and selection or passed
  if arg[i] == '--turns' then
    i = i + 1
    turns = tonumber(arg[i]) or error 'compare.lua: --turns: a number'
  else
    list[#list + 1] = quoted(arg[i])
    if selects or arg[i] == '--device' or arg[i] == '--threads' then
      i = i + 1
      list[#list + 1] = quoted(arg[i] or '')
    end
  end
  i = i + 1
end
passed = table.concat(passed, ' ')

local function lines_of(command)
  local pipe, lines = io.popen(command), {}
  for line in pipe:lines() do
    lines[#lines + 1] = line
  end
  pipe:close()
  return lines
end

local function field(line, name)
  if line then
    return line:match(('"%s": "([^"]*)"'):format(name)) or tonumber(line:match(('"%s": ([%%d.e+-]+)'):format(name)))
  end
end

--- Do the workload's inputs have two layouts?
local function images(group, name)
  if group == 'training' then
    return name:find('net', 1, true)
  end
  return group == 'layers' and not name:find '^linear' and not name:find '^logsoftmax' and not name:find '^[lg][sr][tu]'
end

local ours = ('%s %s/run.lua '):format(quoted(arg[-1]), quoted(here))
-- The peer's best setting: its faster image layout, and the right kernels where it has an OpenBLAS that misreads
-- the processor.
local avx512 = io.open '/proc/cpuinfo' and io.open('/proc/cpuinfo'):read '*a':find('avx512f', 1, true)
local peer = ('%s%s %s/peer_pytorch.py --best '):format(avx512 and 'OPENBLAS_CORETYPE=SkylakeX ' or '', quoted(python),
  quoted(here))

--- Our median in the faster of the layouts, and whether that is the channels-last one.
local function measure_ours(group, name)
  local row = lines_of(('%s--json --name %s %s'):format(ours, name, passed))[1]
  local median = field(row, 'median_ms')
  if not median then
    return nil, field(row, 'error') or 'failed: it ended without a result'
  end
  if images(group, name) then
    local last = field(lines_of(('%s--json --channels-last --name %s %s'):format(ours, name, passed))[1], 'median_ms')
    if last and last < median then
      return last, true
    end
  end
  return median, false
end

--- PyTorch's median and what it calls itself, or nil and why there is none.
local function measure_theirs(name)
  local row = lines_of(('%s--name %s %s'):format(peer, name, passed))[1]
  return field(row, 'median_ms'), field(row, 'peer') or field(row, 'error') or 'PyTorch gave no result'
end

--- A process that answers each number of milliseconds with a median.
local function start_turns(command)
  local path = os.tmpname()
  os.remove(path)
  local made = os.execute('mkfifo ' .. quoted(path)) -- true or 0, as LuaJIT was built
  assert(made == true or made == 0, 'compare.lua: no named pipe in the folder of temporary files')
  local answers = io.popen(('%s < %s'):format(command, quoted(path)))
  local questions = io.open(path, 'w')
  os.remove(path)
  questions:setvbuf 'line'
  assert(answers:read '*l' == 'ready', 'compare.lua: failed: ' .. command)
  return {
    take = function()
      questions:write(TURN, '\n')
      local answer = answers:read '*l'
      return tonumber(answer) or error('compare.lua: ended early: ' .. command)
    end,
    stop = function()
      questions:close()
      answers:close()
    end,
  }
end

local function middle(list)
  table.sort(list)
  return list[math.floor(#list / 2) + 1]
end

--- Medians of both and of the ratios, and a text with the least and the most of these.
local function take_turns(group, name)
  local last = images(group, name) and select(2, measure_ours(group, name)) == true
  local a = start_turns(('%s--turns --name %s %s%s'):format(ours, name, passed, last and ' --channels-last' or ''))
  local b = start_turns(('%s--turns --name %s %s'):format(peer, name, passed))
  local mine, theirs, ratios = {}, {}, {}
  for k = 1, turns do
    mine[k], theirs[k] = a.take(), b.take()
    ratios[k] = theirs[k] / mine[k]
  end
  b.stop() -- first: it holds the other's pipe as well
  a.stop()
  return middle(mine), middle(theirs), middle(ratios), ('%8.2f - %.2f'):format(ratios[1], ratios[#ratios])
end

local sums, order = {}, {}
local peers_name
local function report(group, name, mine, theirs, ratio, range)
  print(('%-32s %14.6f %14.6f %8.2f %s'):format(name, mine, theirs, ratio, range or ''))
  if not sums[group] then
    sums[group] = { 0, 0 }
    order[#order + 1] = group
  end
  sums[group][1], sums[group][2] = sums[group][1] + math.log(ratio), sums[group][2] + 1
end

print(('%-32s %14s %14s %8s%s'):format('workload', 'ours, ms', 'PyTorch, ms', 'ratio',
  turns and '    least - most' or ''))
for _, row in ipairs(lines_of(ours .. '--list ' .. table.concat(selection, ' '))) do
  local group, name = row:match '^(%S+)%s+(%S+)$'
  if turns then
    report(group, name, take_turns(group, name))
  else
    local median, why = measure_ours(group, name)
    local reference, said
    if median then
      reference, said = measure_theirs(name)
      peers_name = peers_name or reference and said
    end
    if reference then
      report(group, name, median, reference, reference / median)
    else
      print(('%-32s %14s %s'):format(name, median and ('%.6f'):format(median) or '', said or why))
    end
  end
  io.stdout:flush()
end
for _, group in ipairs(order) do
  local sum, n = unpack(sums[group])
  print(('geometric mean, %-16s %38.2f  (%d)'):format(group, math.exp(sum / n), n))
end
if peers_name then
  print('against ' .. peers_name)
end
