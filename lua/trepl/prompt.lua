--- The prompt of th: reads, evaluates, prints.
-- Line editing, history and completion come from libedit or GNU readline,
-- opened through the FFI when the prompt starts on a terminal; without either
-- it reads plain lines. A statement may span lines; `= e` and plain
-- expressions print their values unless the line ends in `;`; `$ command` or `! command` runs a shell
-- command, `? name` shows documentation; an error shows where it happened and the session goes on.
-- On a terminal each statement's time is shown (`require 'trepl'.timing = false` does without).
local ffi = require 'ffi'
local editor = require 'trepl.editor'
local commands = require 'trepl.commands'

-- Names of our own: a declaration of the same function elsewhere would count instead.
ffi.cdef [[
int trepl_isatty(int) __asm__("isatty");
typedef void trepl_signal_handler(int);
trepl_signal_handler *trepl_signal(int, trepl_signal_handler *) __asm__("signal");
int trepl_siginterrupt(int, int) __asm__("siginterrupt");
void trepl_nothing(int) __asm__("abs");
struct trepl_moment { long s, n; };
int trepl_gettime(int, struct trepl_moment *) __asm__("clock_gettime");
]]
local SIGHUP, SIGINT, SIG_IGN = 1, 2, 1
local CALLS_SHOWN = 6
local WIDTH = 80

local function pass(...)
  return ...
end

-- `return f(x)` would be a tail call, and an error of f have no line of the statement to name: it is an argument.
local function compile_expression(text)
  local chunk, message = loadstring('return ' .. text, '=stdin')
  if not chunk then
    return nil, message
  end
  for _, ending in ipairs { ') end', '\n) end' } do -- the second behind a comment
    local make = loadstring('local pass = ... return function(...) return pass(' .. text .. ending, '=stdin')
    if make then
      return make(pass)
    end
  end
  return chunk
end

local function ends_early(message)
  return message:sub(-7) == "'<eof>'" or message:sub(-5) == '<eof>'
end

local function compile(text)
  local expression = text:match '^%s*=(.*)$'
  if expression then
    return compile_expression(expression)
  end
  local chunk, as_expression = compile_expression(text:match '^%s*return%f[^%w_](.*)$' or text)
  if chunk or text:sub(1, 1) == '#' then -- by which files begin a comment
    return chunk, as_expression
  end
  local statement, message = loadstring(text, '=stdin')
  if statement or ends_early(message) then
    return statement, message
  end
  -- `1 +`, `{1,`: no statement begins so, but an expression may go on in the next line
  local token = message:match "^stdin:1: unexpected symbol near '(.-)'$"
  local begins = token and text:gsub('^%s+', ''):sub(1, #token) == token
  return nil, (begins or ends_early(as_expression)) and as_expression or message
end

-- Does the text ask for another line? A string that was not closed does not, unless its line ends in a backslash.
local function unfinished(text, message)
  if message:find('unfinished string', 1, true) then
    return text:sub(-1) == '\\'
  end
  return ends_early(message)
end

-- exit, quit(): the end, where they are no names of the program
local function leaves(text)
  local name = text:match '^%s*(%a+)%s*;?%s*$' or text:match '^%s*(%a+)%s*%(%s*%)%s*;?%s*$'
  return (name == 'exit' or name == 'quit') and rawget(_G, name) == nil
end

-- A package is not shown when it is required: it may be long.
local function is_require(text)
  return text:find "^%s*require%s*%(?%s*['\"][^'\"]*['\"]%s*%)?%s*$" ~= nil
end

--- Reads one whole statement. nil at the end of the input, '' for an abandoned one.
local function read_statement(read)
  local text = read 'th> '
  if not text then
    return nil
  end
  while true do
    if text:match '^%s*[$?!]' then
      return text
    end
    local chunk, message = compile(text)
    if chunk then
      return text, chunk
    elseif not unfinished(text, message) then
      return text, nil, message
    end
    local more, abandoned = read '..> '
    if abandoned then
      return ''
    elseif not more then
      return '', nil, message
    end
    text = text .. '\n' .. more
  end
end

-- Results go to _RESULTS, the last one to _LAST.
local function keep(results, n)
  _G._RESULTS = _G._RESULTS or {}
  for i = 1, n do
    table.insert(_G._RESULTS, results[i])
  end
  _G._LAST, _G._ = results[n], results[n]
end

local function collect(ok, ...)
  return ok, { ... }, select('#', ...)
end

local library = (debug.getinfo(1, 'S').source:match '^@(.*/)trepl/[^/]*$' or ''):gsub('%p', '%%%0')

-- A line of a traceback that tells nothing about the program: C, our own packages, how a thread began.
local function idle(line)
  return line:find '^%s*%[C%]' or line:find '^%s*%[builtin' or line:find '^%s*threads?:%d'
    or library ~= '' and line:find('^%s*' .. library)
end

-- The message and the calls of the program's own code, the nearest first.
local function short(traceback)
  local message, calls = tostring(traceback):match '^(.-)\nstack traceback:\n(.*)$'
  if not message then
    return tostring(traceback)
  end
  local lines = {}
  for line in calls:gmatch '[^\n]+' do
    if line:find('trepl/prompt.lua', 1, true) or line == 'stack traceback:' or #lines == CALLS_SHOWN then
      break
    elseif not idle(line) then
      lines[#lines + 1] = line
    end
  end
  if #lines <= 1 then -- the statement itself
    return (message:gsub('\n  raised at stdin:%d+$', ''))
  end
  return message .. '\n' .. table.concat(lines, '\n')
end

local function complain(traceback)
  io.stdout:flush()
  io.stderr:write(short(traceback), '\n')
end

local time = ffi.new 'struct trepl_moment'
local function seconds()
  ffi.C.trepl_gettime(1, time)
  return tonumber(time.s) + tonumber(time.n) * 1e-9
end

local function evaluate(call, text, chunk, message)
  local command, topic = text:match '^%s*[$!](.*)$', text:match '^%s*%?%s*(.-)%s*$'
  local ok, results, n = true
  if command then
    ok, message = call(os.execute, command)
  elseif topic then
    ok, message = call(commands.help, topic ~= '' and topic or nil)
  elseif chunk then
    ok, results, n = collect(call(chunk))
    if not ok then
      message = results[1]
    elseif n > 0 then
      keep(results, n)
      if not text:match ';%s*$' and not (is_require(text) and type(results[1]) == 'table') then
        ok, message = call(print, unpack(results, 1, n))
      end
    end
  elseif message then
    io.stderr:write(message, '\n')
  end
  if not ok then
    complain(message)
  end
  io.stdout:flush()
end

-- Torch7's prompt told the time that each statement took.
local function timed(terminal, call, ...)
  local began = seconds()
  evaluate(call, ...)
  if terminal and require 'trepl'.timing then
    local text = ('[%.4fs]'):format(seconds() - began)
    io.write((' '):rep(WIDTH - 1 - #text), require 'trepl'.paint(text, 'time'), '\n')
  end
end

local function greet()
  local torch = rawget(_G, 'torch')
  print(('Rekindle%s, Torch7 alight again (%s). ? shows help, Ctrl-D leaves.'):format(
    torch and type(torch._VERSION) == 'string' and ' ' .. torch._VERSION or '', jit.version))
end

-- Ctrl-C ends the reading of a line; so does a terminal that goes away, unless that is ignored (nohup).
local function set_signals(terminal)
  local C, before = ffi.C, {}
  before.int = C.trepl_signal(SIGINT, C.trepl_nothing)
  C.trepl_siginterrupt(SIGINT, 1)
  if terminal then
    before.hup = C.trepl_signal(SIGHUP, C.trepl_nothing)
    if tonumber(ffi.cast('intptr_t', before.hup)) == SIG_IGN then
      C.trepl_signal(SIGHUP, before.hup)
      before.hup = nil
    else
      C.trepl_siginterrupt(SIGHUP, 1)
    end
  end
  return function()
    C.trepl_signal(SIGINT, before.int)
    if before.hup then C.trepl_signal(SIGHUP, before.hup) end
  end
end

return function(call, async)
  local terminal = ffi.C.trepl_isatty(0) == 1
  local function callback(...) -- of what goes on while a line is read
    local ok, why = call(...)
    return ok, not ok and short(why) or nil
  end
  local read, close = editor(terminal, async and require 'trepl.async' or nil, callback)
  local restore = set_signals(terminal)
  if terminal then
    greet()
    local startup = os.getenv 'TREPLSTARTUP'
    if startup and startup ~= '' then
      evaluate(call, '', function() dofile(startup) end)
    end
  end
  while true do
    local text, chunk, message = read_statement(read)
    if not text or leaves(text) then
      break
    end
    if text:match '%S' then
      timed(terminal, call, text, chunk, message)
    end
  end
  close()
  restore()
end
