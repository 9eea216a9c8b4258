--- From process start to a first tensor result, and the memory resident at that point; started by startup.sh.
-- Each program is run several times from fork to exit, the median and least time count; memory is what the
-- program itself reads in /proc/self/status just before it ends (VmHWM, the peak, in MB).
local ffi = require 'ffi'

ffi.cdef [[
int startup_fork(void) __asm__("fork");
int startup_execv(const char *, const char *const *) __asm__("execv");
int startup_waitpid(int, int *, int) __asm__("waitpid");
int startup_open(const char *, int, ...) __asm__("open");
int startup_dup2(int, int) __asm__("dup2");
void startup_exit(int) __asm__("_exit");
struct startup_time { long s, n; };
int startup_clock(int, struct startup_time *) __asm__("clock_gettime");
]]
local C, RUNS = ffi.C, 31
local th = arg[-1]

local time = ffi.new 'struct startup_time'
local function now()
  C.startup_clock(1, time)
  return tonumber(time.s) * 1e3 + tonumber(time.n) * 1e-6
end

local function spawn(code)
  local words = ffi.new('const char *[4]', { th, '-e', code })
  local status = ffi.new 'int[1]'
  local began = now()
  local pid = C.startup_fork()
  if pid == 0 then
    C.startup_dup2(C.startup_open('/dev/null', 1), 1)
    C.startup_execv(th, words)
    C.startup_exit(127)
  end
  C.startup_waitpid(pid, status, 0)
  assert(status[0] == 0, 'the program failed: ' .. code)
  return now() - began
end

local MEMORY = ' io.write(io.open "/proc/self/status":read "*a":match "VmHWM:%s*(%d+)")'

local function measure(title, code)
  local times = {}
  for i = 1, RUNS do
    times[i] = spawn(code)
  end
  table.sort(times)
  local pipe = io.popen(("%s -e '%s%s'"):format(th, code, MEMORY))
  local kilobytes = tonumber(pipe:read '*a':match '(%d+)%s*$')
  pipe:close()
  print(('%-34s %7.1f ms   least %7.1f ms   %6.1f MB'):format(title, times[math.ceil(RUNS / 2)], times[1],
    kilobytes / 1024))
end

measure('nothing', '')
measure('print(torch.randn(3,3):sum())', 'print(torch.randn(3,3):sum())')
measure('the same with nn loaded', 'require "nn" print(torch.randn(3,3):sum())')
measure('a layer run', 'require "nn" print(nn.Linear(3,3):forward(torch.randn(2,3)):sum())')
