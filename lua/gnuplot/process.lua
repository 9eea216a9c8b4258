--- The program gnuplot: where it is, which terminals it has, running a script.
-- @module gnuplot.process
local ffi = require 'ffi'

ffi.cdef [[
typedef void gnuplot_signal_handler(int);
gnuplot_signal_handler *gnuplot_signal(int, gnuplot_signal_handler *) __asm__("signal");
]]

local M = {}

local state = { exe = nil, terminals = nil, default = nil }

local function quoted(text) return "'" .. tostring(text):gsub("'", "'\\''") .. "'" end

local function succeeded(status) return status == 0 or status == true end

-- The program, or nil. Where there is none, programs that draw go on without pictures: standard error says so once.
local function find()
  if not state.exe and succeeded(os.execute 'command -v gnuplot >/dev/null 2>&1') then state.exe = 'gnuplot' end
  return state.exe
end

local function needed()
  local exe = find()
  if not exe and not state.warned then
    state.warned = true
    io.stderr:write('gnuplot: the program gnuplot is not installed (Debian: apt-get install gnuplot-nox), so nothing '
      .. 'is drawn; gnuplot.setgnuplotexe(path) names another place\n')
  end
  return exe
end

--- Use the program at a path.
function M.set_exe(path)
  if type(path) ~= 'string' then error(('gnuplot.setgnuplotexe: a path expected, got %s'):format(type(path)), 3) end
  if not succeeded(os.execute(('command -v %s >/dev/null 2>&1'):format(quoted(path)))) then
    error(('gnuplot.setgnuplotexe: %s is not a program'):format(path), 3)
  end
  state.exe, state.terminals, state.default = path, nil, nil
end

--- The program in use, or nil.
M.exe = find

local function contents(path)
  local file = io.open(path)
  local text = file and file:read '*a' or ''
  if file then file:close() end
  return text
end

--- Run a script. Returns what it printed; raises what gnuplot complains about when it stops. Without the program
-- nothing happens.
function M.run(script)
  local exe = needed()
  if not exe then return '' end
  local from, out, complaints = os.tmpname(), os.tmpname(), os.tmpname()
  local file = assert(io.open(from, 'w'))
  file:write(script)
  file:close()
  local status = os.execute(('%s %s >%s 2>%s </dev/null'):format(quoted(exe), from, out, complaints))
  local printed, said = contents(out), contents(complaints)
  os.remove(from)
  os.remove(out)
  os.remove(complaints)
  if not succeeded(status) then
    local lines = {}
    for line in said:gmatch '[^\n]+' do
      if not line:match '^%s*%^?%s*$' then lines[#lines + 1] = line end
    end
    error('gnuplot: the program stopped: ' .. (#lines > 0 and table.concat(lines, ' | ') or 'no reason given'), 0)
  end
  return printed
end

--- A pipe to a running gnuplot, for windows that stay open; nil without the program.
function M.open()
  local exe = needed()
  return exe and assert(io.popen(quoted(exe) .. ' -persist >/dev/null 2>&1', 'w'))
end

local SIGPIPE, IGNORED = 13, ffi.cast('gnuplot_signal_handler *', 1)

--- Write to such a pipe. Returns false where the program has ended; this process goes on.
function M.send(pipe, text)
  local before = ffi.C.gnuplot_signal(SIGPIPE, IGNORED)
  local written = pipe:write(text)
  local flushed = pipe:flush()
  ffi.C.gnuplot_signal(SIGPIPE, before)
  return (written and flushed) and true or false
end

local function terminals()
  if state.terminals then return state.terminals end
  local exe = find()
  if not exe then return {} end
  state.terminals = {}
  local path = os.tmpname()
  -- the list goes to standard error, through a pager that does not stop
  os.execute(('PAGER=cat %s -e "set terminal" >%s 2>&1 </dev/null'):format(quoted(exe), path))
  for line in contents(path):gmatch '[^\n]+' do
    local name = line:match '^%s+(%S+)%s'
    if name then state.terminals[name] = true end
  end
  os.remove(path)
  return state.terminals
end

--- Does the program have a terminal?
function M.has(name) return terminals()[name] == true end

--- The first of the names that the program has, else the last.
function M.first(...)
  for i = 1, select('#', ...) do
    local name = select(i, ...)
    if M.has(name:match '^%S+') then return name end
  end
  return (select(select('#', ...), ...))
end

local windows = { x11 = true, wxt = true, qt = true, aqua = true, windows = true }

--- Does this terminal draw in windows?
function M.is_window(name) return windows[name:match '^%S+'] == true end

--- The terminal for figures that are not files: a window where there is a display, else text.
function M.default()
  if state.default then return state.default end
  local display = os.getenv 'DISPLAY' or os.getenv 'WAYLAND_DISPLAY'
  if display and display ~= '' then return M.first('qt', 'wxt', 'x11', 'dumb') end
  return 'dumb'
end

--- Set it.
function M.set_default(name)
  if type(name) ~= 'string' then error(('gnuplot.setterm: a name expected, got %s'):format(type(name)), 3) end
  if not needed() then return end
  if not M.has(name:match '^%S+' or '') then error(('gnuplot.setterm: gnuplot has no terminal %q'):format(name), 3) end
  state.default = name
end

return M
