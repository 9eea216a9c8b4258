--- A pseudo-terminal with th in it, for tests: send text, wait for what it shows.
local ffi = require 'ffi'

ffi.cdef [[
int pty_forkpty(int *master, char *name, const void *attributes, const void *size) __asm__("forkpty");
int pty_execv(const char *path, const char *const *words) __asm__("execv");
int pty_setenv(const char *name, const char *value, int replace) __asm__("setenv");
long pty_read(int fd, void *to, unsigned long n) __asm__("read");
long pty_write(int fd, const void *from, unsigned long n) __asm__("write");
int pty_close(int fd) __asm__("close");
int pty_kill(int pid, int number) __asm__("kill");
int pty_waitpid(int pid, int *status, int options) __asm__("waitpid");
void pty_exit(int) __asm__("_exit");
void *pty_signal(int number, void *action) __asm__("signal");
int pty_ioctl(int fd, unsigned long what, ...) __asm__("ioctl");
struct pty_poll { int fd; short events, happened; };
int pty_poll(struct pty_poll *what, unsigned long n, int milliseconds) __asm__("poll");
]]
local C = ffi.C
local util = pcall(function() return C.pty_forkpty end) and C or ffi.load 'util'
local WNOHANG, POLLIN, SIGHUP, SIGINT = 1, 1, 1, 2

local Terminal = {}
Terminal.__index = Terminal

local function open(words, environment)
  local n = #words
  local list = ffi.new('const char *[?]', n + 1)
  for i = 1, n do
    list[i - 1] = words[i]
  end
  local master, size = ffi.new 'int[1]', ffi.new('unsigned short[4]', 24, 80)
  local pid = util.pty_forkpty(master, nil, nil, size)
  assert(pid >= 0, 'no pseudo-terminal')
  if pid == 0 then
    for _, number in ipairs { SIGHUP, SIGINT } do -- which nohup and the background of a shell have it ignore
      C.pty_signal(number, nil)
    end
    for k, v in pairs(environment or {}) do
      C.pty_setenv(k, v, 1)
    end
    C.pty_execv(words[1], list)
    C.pty_exit(127)
  end
  return setmetatable({ fd = master[0], pid = pid, text = '', from = 1 }, Terminal)
end
jit.off(open)

function Terminal:send(text)
  assert(C.pty_write(self.fd, text, #text) == #text)
  return self
end

-- Read what is there; false when nothing came in time, nil at the end.
function Terminal:more(milliseconds)
  local what = ffi.new('struct pty_poll', { fd = self.fd, events = POLLIN })
  if C.pty_poll(what, 1, milliseconds) <= 0 then
    return false
  end
  local buffer = ffi.new 'char[4096]'
  local n = tonumber(C.pty_read(self.fd, buffer, 4096))
  if n <= 0 then
    return nil
  end
  self.text = self.text .. ffi.string(buffer, n):gsub('\r', ''):gsub('\27%[[%d;?]*[%a]', '')
  return true
end

--- Waits for plain text after what was waited for before; the text up to it. An error shows what came instead.
function Terminal:wait(plain, seconds)
  local left = (seconds or 5) * 20
  while true do
    local first, last = self.text:find(plain, self.from, true)
    if first then
      local before = self.text:sub(self.from, first - 1)
      self.from = last + 1
      return before
    end
    local more = self:more(50)
    if more == false then
      left = left - 1
    end
    if more == nil or left <= 0 then
      error(('no %q in %q'):format(plain, self.text:sub(self.from)), 2)
    end
  end
end

--- Lets some time pass, reading what comes.
function Terminal:pause(seconds)
  for _ = 1, seconds * 20 do
    if self:more(50) then
      C.pty_poll(nil, 0, 50)
    end
  end
  return self
end

--- Waits until a line editor has the terminal: it shows its prompt a moment earlier, and Ctrl-D in between is lost.
function Terminal:ready(seconds)
  local TCGETS, FLAGS, ICANON = 0x5401, 3, 2
  local modes = ffi.new 'unsigned[64]'
  for _ = 1, (seconds or 5) * 100 do
    if C.pty_ioctl(self.fd, TCGETS, modes) == 0 and bit.band(modes[FLAGS], ICANON) == 0 then return self end
    C.pty_poll(nil, 0, 10)
  end
  error('no line editor took the terminal', 2)
end

--- Waits for the end of the program; whether it came in time.
function Terminal:ended(seconds)
  for _ = 1, (seconds or 5) * 20 do
    if C.pty_waitpid(self.pid, nil, WNOHANG) == self.pid then
      self.pid = nil
      return true
    end
    if self.fd then
      self:more(0)
    end
    C.pty_poll(nil, 0, 50)
  end
  return false
end

--- Gives it another size.
function Terminal:resize(rows, columns)
  local TIOCSWINSZ = 0x5414
  C.pty_ioctl(self.fd, TIOCSWINSZ, ffi.new('unsigned short[4]', rows, columns))
end

--- Drops the terminal, as when a connection breaks.
function Terminal:hang_up()
  if self.fd then
    C.pty_close(self.fd)
    self.fd = nil
  end
end

function Terminal:close()
  self:hang_up()
  if self.pid then
    C.pty_kill(self.pid, 9)
    C.pty_waitpid(self.pid, nil, 0)
    self.pid = nil
  end
end

--- Sends a line to a prompt. Returns what it prints, once the prompt is back.
function Terminal:answer(line, seconds)
  self:send(line .. '\n' .. 'print("d" .. "one")\n')
  local text = self:wait('done\n', seconds)
  self:wait('th> ', seconds)
  return text
end

--- A terminal in which the th that runs the specs is started with these words and this file of history.
local function open_th(words, history)
  local th = arg[-1]:sub(1, 1) == '/' and arg[-1] or paths.concat(paths.cwd(), arg[-1])
  return open({ th, unpack(words) }, { TREPL_HISTORY = history, TERM = 'xterm', TREPLSTARTUP = '' })
end

return open_th
