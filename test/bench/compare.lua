--- Times every workload with Rekindle and with PyTorch, one right after the other, and divides:
-- ratio = PyTorch's median / ours, so above 1 is faster than PyTorch. Started by compare.sh,
-- which finds a Python that has PyTorch; the arguments are those of run.lua.
local python = os.getenv 'PYTHON' or 'python3'
local here = arg[0]:match '^(.*)/' or '.'

local function quoted(s)
  return "'" .. s:gsub("'", "'\\''") .. "'"
end

local passed, selection, i = {}, {}, 1
while i <= #arg do
  local selects = arg[i] == '--only' or arg[i] == '--name'
  local list = selects and selection or passed
  list[#list + 1] = quoted(arg[i])
  if selects or arg[i] == '--device' or arg[i] == '--threads' then
    i = i + 1
    list[#list + 1] = quoted(arg[i] or '')
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

local sums, order = {}, {}
local peers_name
print(('%-32s %14s %14s %8s'):format('workload', 'ours, ms', 'PyTorch, ms', 'ratio'))
for _, row in ipairs(lines_of(ours .. '--list ' .. table.concat(selection, ' '))) do
  local group, name = row:match '^(%S+)%s+(%S+)$'
  local mine = lines_of(('%s--json --name %s %s'):format(ours, name, passed))[1]
  local median = field(mine, 'median_ms')
  if median and images(group, name) then -- ours, too, in the faster of the two layouts
    local last = lines_of(('%s--json --channels-last --name %s %s'):format(ours, name, passed))[1]
    median = math.min(median, field(last, 'median_ms') or median)
  end
  if not median then
    print(('%-32s %s'):format(name, field(mine, 'error') or 'failed: it ended without a result'))
  else
    local theirs = lines_of(('%s--name %s %s'):format(peer, name, passed))[1]
    local reference = field(theirs, 'median_ms')
    peers_name = peers_name or field(theirs, 'peer')
    if reference then
      local ratio = reference / median
      print(('%-32s %14.6f %14.6f %8.2f'):format(name, median, reference, ratio))
      if not sums[group] then
        sums[group] = { 0, 0 }
        order[#order + 1] = group
      end
      sums[group][1], sums[group][2] = sums[group][1] + math.log(ratio), sums[group][2] + 1
    else
      print(('%-32s %14.6f %s'):format(name, median, field(theirs, 'error') or 'PyTorch gave no result'))
    end
  end
  io.stdout:flush()
end
for _, group in ipairs(order) do
  local sum, n = unpack(sums[group])
  print(('geometric mean, %-16s %38.2f  (%d)'):format(group, math.exp(sum / n), n))
end
print('against ' .. (peers_name or 'nothing'))
