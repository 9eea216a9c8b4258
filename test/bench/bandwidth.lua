--- Every pointwise op, comparison and reduction of the library, and copies between layouts, as bandwidth:
--
--     build/th test/bench/bandwidth.lua [--type f32|f64] [--all] [million elements = 10] [name ...]
--
-- Bytes that must move (inputs read, result written) a second, against a plain copy of the same elements that is
-- measured in turns with the op, best of both. "fresh": the result in a tensor of its own, "in place": over the first
-- input. The same op in the second-level caches shows what its arithmetic allows: where that is less than a copy moves,
-- arithmetic is the limit and the op is listed as such. Left are those that wait for memory. What does not move memory
-- as a copy does (reading or writing alone, two reads and a write, results of bytes) has a ceiling of its own, "bare":
-- loops that do nothing else (bare.c; cmake --build build --target bench_bare), as many threads, in turns with the op,
-- by the same memory; that of a transposition moves as large blocks as ours does, without turning them. A row has
-- reached the limit with 85 % of either. Without --all only rows below are listed.
local C = require 'torch.ffi'
local ffi = require 'ffi'

ffi.cdef [[
struct bandwidth_time { long s, n; };
int bandwidth_clock(int, struct bandwidth_time *) __asm__("clock_gettime");
]]
local time = ffi.new 'struct bandwidth_time'
local function now()
  ffi.C.bandwidth_clock(1, time)
  return tonumber(time.s) + tonumber(time.n) * 1e-9
end

-- The bare loops, where they were built.
local bare
do
  local folder = (package.loaded['torch.libpath'] or ''):match '^(.*/)' or ''
  local opened, library = pcall(ffi.load, folder .. 'test/bench_bare.so')
  ffi.cdef [[
  int bare_known(void);
  void bare_blocks(int threads, char *out, const char *in, int64_t side);
  int64_t bare_run(int reads, int write, int fetch, int threads, char *out, const char *a, const char *b,
                   const char *c, int64_t bytes, int64_t shrink, int value);
  ]]
  bare = opened and library.bare_known() == 1 and library or nil
  if not bare then print 'no bare loops: cmake --build build --target bench_bare' end
end
local NOTHING, LINES, BYTES = 0, 1, 2

local GOAL, RUNS, CACHED_RUNS = 0.85, 7, 40
local CACHED = 2 ^ 20 -- bytes that an op moves in the second-level caches
local classes = { f32 = torch.FloatTensor, f64 = torch.DoubleTensor }

local options = { types = { 'f32', 'f64' }, millions = 10, names = {} }
do
  local i = 1
  while i <= #arg do
    if arg[i] == '--type' then
      i = i + 1
      options.types = { arg[i] }
    elseif arg[i] == '--all' then
      options.all = true
    elseif tonumber(arg[i]) then
      options.millions = tonumber(arg[i])
    else
      options.names[arg[i]] = true
    end
    i = i + 1
  end
end

local function check(status)
  if status ~= 0 then error(ffi.string(C.rk_error())) end
end

-- What a call moves: `read` inputs, and a result of `out` bytes for each of the input's.
local function op_rows()
  local rows, kinds = {}, { 'map1', 'map2', 'map3', 'compare' }
  local calls = {
    map1 = function(op, o, a) return C.rk_map1(op, o, a, 1.5, 2.5) end,
    map2 = function(op, o, a, b) return C.rk_map2(op, o, a, b, 0.5) end,
    map3 = function(op, o, a, b, c) return C.rk_map3(op, o, a, b, c, 0.5) end,
  }
  for op = 0, C.RK_NOPS - 1 do
    local kind = kinds[C.rk_op_kind(op)]
    local read = tonumber(kind:match '%d') or 2
    local row = { name = ffi.string(C.rk_op_name(op)), kind = kind, read = read, out = 1,
      defined = function(dt) return C.rk_op_defined(op, dt) ~= 0 end }
    local call = calls[kind]
    if kind == 'compare' then
      row.bytes_out = true
      row.run = function(t) check(C.rk_compare(op, t.flags, t.a, t.b, 0)) end
    else
      row.run = function(t) check(call(op, t.o, t.a, t.b, t.c)) end
      row.place = function(t) check(call(op, t.o, t.o, t.b, t.c)) end
    end
    rows[#rows + 1] = row
  end
  local value = ffi.new 'struct rk_value'
  for red = 0, C.RK_NREDS - 1 do
    rows[#rows + 1] = { name = ffi.string(C.rk_red_name(red)), kind = 'reduce', read = 1, out = 0,
      defined = function(dt) return C.rk_red_defined(red, dt) ~= 0 end,
      run = function(t) check(C.rk_reduce(red, t.a, 2, value)) end }
  end
  return rows
end

-- Layouts and fills; n elements as a square matrix.
local function layout_rows()
  local function side(t) return math.floor(math.sqrt(t:nElement())) end
  local function matrix(t)
    local n = side(t)
    return t:narrow(1, 1, n * n):view(n, n)
  end
  return {
    { name = 'fill', read = 0, out = 1, run = function(t) t.o:fill(1) end },
    { name = 'zero', read = 0, out = 1, run = function(t) t.o:zero() end },
    { name = 'range', read = 0, out = 1, run = function(t) t.o:range(1, t.o:nElement()) end },
    { name = 'copy of a transpose', read = 1, out = 1, blocks = true, run = function(t)
      matrix(t.o):copy(matrix(t.a):t())
    end },
    { name = 'copy of every second row', read = 0.5, out = 0.5, run = function(t)
      local n = math.floor(side(t.a) / 2)
      local from = matrix(t.a):narrow(1, 1, 2 * n):view(n, 2, -1):select(2, 1)
      t.o:narrow(1, 1, from:nElement()):viewAs(from):copy(from)
    end },
    { name = 'copy of repeated rows', read = 0, out = 1, run = function(t)
      local m = matrix(t.o)
      m:copy(matrix(t.a):narrow(1, 1, 1):expandAs(m))
    end },
    { name = 'sum over rows', read = 1, out = 0, run = function(t) t.sums:sum(matrix(t.a), 2) end },
    { name = 'sum over columns', read = 1, out = 0, run = function(t) t.sums:sum(matrix(t.a), 1) end },
    { name = 'add a row to rows', read = 1, out = 1, run = function(t)
      local m = matrix(t.a)
      matrix(t.o):add(m, matrix(t.b):narrow(1, 1, 1):expandAs(m))
    end },
    { name = 'add a column to columns', read = 1, out = 1, run = function(t)
      local m = matrix(t.a)
      matrix(t.o):add(m, matrix(t.b):narrow(2, 1, 1):expandAs(m))
    end },
    { name = 'add a transpose', read = 2, out = 1, run = function(t)
      matrix(t.o):add(matrix(t.a), matrix(t.b):t())
    end },
  }
end

local function tensors(class, n)
  local t = { a = class(n):uniform(0.1, 0.9), b = class(n):uniform(0.1, 0.9), c = class(n):uniform(0.1, 0.9),
    o = class(n):zero(), flags = torch.ByteTensor(n):zero(), sums = class() }
  t.bytes = n * t.a:elementSize()
  return t
end

local function timed(f, t)
  local began = now()
  f(t)
  return now() - began
end

local function bytes_of(row, t)
  local out = row.bytes_out and 1 / t.a:elementSize() or row.out
  return (row.read + out) * t.bytes
end

-- Seconds that the bare loop of a row takes, or nil: rows that move memory as a copy does are measured by the copy.
local function bare_time(row, t, fetch)
  if bare and row.blocks then
    local side = math.floor(math.sqrt(t.bytes / 4) / 256) * 256
    local took = timed(function() bare.bare_blocks(torch.getnumthreads(), ffi.cast('char *', t.o:data()),
      ffi.cast('char *', t.a:data()), side) end, t)
    return took * t.bytes / (side * side * 4)
  end
  if not bare or row.read == row.out and not row.bytes_out then return nil end
  local write = row.bytes_out and BYTES or row.out > 0 and LINES or NOTHING
  local shrink = row.bytes_out and t.a:elementSize() or 1
  local function at(x) return ffi.cast('char *', x:data()) end
  return timed(function()
    bare.bare_run(row.read, write, fetch, torch.getnumthreads(), at(row.bytes_out and t.flags or t.o), at(t.a), at(t.b),
      at(t.c), t.bytes, shrink, row.name == 'zero' and 0 or 1)
  end, t)
end

-- Bytes a second: fresh, in place, of the copy and of the bare loop between them.
local function large(row, t)
  local copy, fresh, place, least = math.huge, math.huge, math.huge, math.huge
  for _ = 1, RUNS do
    copy = math.min(copy, timed(function() t.o:copy(t.a) end, t))
    if row.place then place = math.min(place, timed(row.place, t)) end
    for fetch = 0, 1 do
      least = math.min(least, bare_time(row, t, fetch) or math.huge)
    end
    fresh = math.min(fresh, timed(row.run, t))
  end
  local bytes = bytes_of(row, t)
  return bytes / fresh, row.place and bytes / place, 2 * t.bytes / copy, least < math.huge and bytes / least or nil
end

-- The same with so few elements, whole chunks of them for each thread, that the second-level caches hold all.
local function cached(row, class)
  local each = (row.read + row.out) * class():elementSize()
  local t = tensors(class, math.floor(CACHED / each / 32768 + 0.5) * 32768)
  local least = math.huge
  for _ = 1, CACHED_RUNS do
    least = math.min(least, timed(row.run, t))
  end
  return bytes_of(row, t) / least
end

local function report(kind)
  local class = classes[kind] or error 'bandwidth.lua: --type f32 or f64'
  local dt = class().dt
  local n = math.floor(options.millions * 1e6)
  local t = tensors(class, n)
  print(('%s, %d elements, %d threads\n%-26s %8s %6s %6s %9s %6s %9s  %s'):format(kind, n, torch.getnumthreads(), '',
    'fresh', 'copy', 'bare', 'in place', 'copy', 'in cache', ''))
  local reached, by_bare, bound, below = 0, 0, {}, 0
  local groups = { op_rows(), layout_rows() }
  for _, rows in ipairs(groups) do
    for _, row in ipairs(rows) do
      local wanted = next(options.names) == nil or options.names[row.name]
      if wanted and (not row.defined or row.defined(dt)) then
        local fresh, place, copy, limit = large(row, t)
        local cache = row.kind and cached(row, class) or math.huge
        local share, place_share = fresh / copy, (place or math.huge) / copy
        local arithmetic = cache < copy / GOAL
        local low, verdict = math.min(share, place_share) < GOAL, ''
        if not low then
          reached = reached + 1
        elseif limit and math.min(fresh / limit, place_share < GOAL and place / limit or math.huge) >= GOAL then
          by_bare, verdict = by_bare + 1, 'bare limit'
        elseif arithmetic then
          bound[#bound + 1], verdict = row.name, 'arithmetic'
        else
          below, verdict = below + 1, 'below'
        end
        if options.all or verdict == 'below' then
          local function percent(x) return x and ('%.0f %%'):format(100 * x) or '' end
          print(('%-26s %8.1f %6s %6s %9s %6s %9s  %s'):format(row.name, fresh * 1e-9, percent(share),
            percent(limit and fresh / limit), place and ('%.1f'):format(place * 1e-9) or '',
            percent(place and place_share), row.kind and ('%.1f'):format(cache * 1e-9) or '', verdict))
        end
      end
    end
  end
  print(('%d reach %.0f %% of a copy, %d more that of their bare limit, %d are below, %d are bound by arithmetic: %s')
    :format(reached, 100 * GOAL, by_bare, below, #bound, table.concat(bound, ' ')))
end

for _, kind in ipairs(options.types) do
  report(kind)
end
