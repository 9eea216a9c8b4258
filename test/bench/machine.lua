--- What this machine can do, and how near we come:  build/th test/bench/machine.lua
-- The best sgemm among OpenBLAS (with each of its fitting core types) and oneDNN against torch.mm, and the bandwidth
-- of a plain copy against copies, transposes and simple ops on tensors too large for the caches.
local ffi = require 'ffi'

ffi.cdef [[
struct machine_time { long s, n; };
int machine_clock(int, struct machine_time *) __asm__("clock_gettime");
void cblas_sgemm(int, int, int, int, int, int, float, const float *, int, const float *, int, float, float *, int);
char *openblas_get_corename(void);
void openblas_set_num_threads(int);
int dnnl_sgemm(char, char, int64_t, int64_t, int64_t, float, const float *, int64_t, const float *, int64_t, float,
               float *, int64_t);
]]
local N, RUNS = 2048, 7
local time = ffi.new 'struct machine_time'
local function now()
  ffi.C.machine_clock(1, time)
  return tonumber(time.s) + tonumber(time.n) * 1e-9
end

local function best(f)
  f()
  f()
  local least = math.huge
  for _ = 1, RUNS do
    local t = now()
    f()
    least = math.min(least, now() - t)
  end
  return least
end

--- GF/s of one gemm, in this process.
local function gemm(kind)
  local a, b, c = torch.FloatTensor(N, N):normal(), torch.FloatTensor(N, N):normal(), torch.FloatTensor(N, N)
  local p, q, r = a:data(), b:data(), c:data()
  local name, f
  if kind == 'openblas' then
    local library = ffi.load 'libopenblas.so.0'
    library.openblas_set_num_threads(torch.getnumthreads())
    name = 'OpenBLAS, ' .. ffi.string(library.openblas_get_corename())
    f = function() library.cblas_sgemm(101, 111, 111, N, N, N, 1, p, N, q, N, 0, r, N) end
  elseif kind == 'dnnl' then
    local library = ffi.load 'dnnl'
    name = 'oneDNN'
    f = function() library.dnnl_sgemm(78, 78, N, N, N, 1, p, N, q, N, 0, r, N) end
  else
    name = 'torch.mm'
    f = function() c:mm(a, b) end
  end
  return name, 2 * N ^ 3 / best(f) * 1e-9
end

if arg[1] then -- one measurement, for the process below
  print(('%s\t%.1f'):format(gemm(arg[1])))
  os.exit(0)
end

local function child(kind, environment)
  local pipe = io.popen(('%s %s %s %s 2>/dev/null'):format(environment or '', arg[-1], arg[0], kind))
  local name, speed = pipe:read '*a':match '^([^\t]*)\t([%d.]+)%s*$'
  pipe:close()
  return name, tonumber(speed)
end

local function gemms()
  print(('gemm, float32, %d x %d, %d threads'):format(N, N, torch.getnumthreads()))
  local flags = io.open '/proc/cpuinfo' and io.open('/proc/cpuinfo'):read '*a' or ''
  local kinds = { { 'openblas' }, { 'dnnl' } }
  if flags:find 'avx2' then
    table.insert(kinds, { 'openblas', 'OPENBLAS_CORETYPE=Haswell' })
    table.insert(kinds, { 'openblas', 'OPENBLAS_CORETYPE=Zen' })
  end
  if flags:find 'avx512f' then
    table.insert(kinds, { 'openblas', 'OPENBLAS_CORETYPE=SkylakeX' })
  end
  local top = 0
  for _, kind in ipairs(kinds) do
    local name, speed = child(unpack(kind))
    if name then
      print(('  %-34s %8.1f GF/s%s'):format(name, speed, kind[2] and '  (' .. kind[2] .. ')' or ''))
      top = math.max(top, speed)
    end
  end
  local name, speed = child 'ours'
  if name then
    print(('  %-34s %8.1f GF/s  %.0f %% of the best'):format(name, speed, 100 * speed / top))
  end
end

local function bandwidth()
  local n = 4096
  local a, b, o = torch.FloatTensor(n, n):normal(), torch.FloatTensor(n, n):normal(), torch.FloatTensor(n, n):zero()
  local bytes = n * n * 4
  local p, q = a:data(), o:data()
  local rows = {
    { 'memcpy, one thread', 2, function() ffi.copy(q, p, bytes) end },
    { 'o:copy(a)', 2, function() o:copy(a) end },
    { 'o:copy(a:t())', 2, function() o:copy(a:t()) end },
    { 'o:fill(1)', 1, function() o:fill(1) end },
    { 'a:add(b)', 3, function() a:add(b) end },
    { 'torch.add(o, a, b)', 3, function() torch.add(o, a, b) end },
    { 'torch.abs(o, a)', 2, function() torch.abs(o, a) end },
    { 'torch.exp(o, a)', 2, function() torch.exp(o, a) end },
    { 'a:sum()', 1, function() a:sum() end },
  }
  print(('bandwidth, %d x %d float32 (bytes read and written)'):format(n, n))
  for _, row in ipairs(rows) do
    print(('  %-34s %8.1f GB/s'):format(row[1], row[2] * bytes / best(row[3]) * 1e-9))
  end
end

gemms()
bandwidth()
