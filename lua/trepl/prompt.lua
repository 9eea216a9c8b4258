--- The prompt of th: reads, evaluates, prints.
-- Line editing, history and completion come from libedit or GNU readline,
-- opened through the FFI when the prompt starts on a terminal; without either
-- it reads plain lines. A statement may span lines; `= e` and plain
-- expressions print their values unless the line ends in `;`; `$ command` runs a shell
-- command, `? name` shows documentation; an error shows where it happened and the session goes on.
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
]]
local SIGINT = 2
local CALLS_SHOWN = 6

local function compile(text)
  local expression = text:match '^%s*=(.*)$'
  if expression then
    return loadstring('return ' .. expression, '=stdin')
  end
  local chunk = loadstring('return ' .. text, '=stdin')
  if chunk then
    return chunk
  end
  return loadstring(text, '=stdin')
end

local function unfinished(message)
  return message:sub(-7) == "'<eof>'" or message:sub(-5) == '<eof>'
end

--- Reads one whole statement. nil at the end of the input, '' for an abandoned one.
local function read_statement(read)
  local text = read 'th> '
  if not text then
    return nil
  end
  while true do
    if text:match '^%s*[$?]' then
      return text
    end
    local chunk, message = compile(text)
    if chunk then
      return text, chunk
    elseif not unfinished(message) then
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

-- The message and the calls of the program's own code, the nearest first.
local function short(traceback)
  local message, calls = tostring(traceback):match '^(.-)\nstack traceback:\n(.*)$'
  if not message then
    return tostring(traceback)
  end
  local lines = {}
  for line in calls:gmatch '[^\n]+' do
    if line:find('trepl/prompt.lua', 1, true) or line:find "^%s*%[C%]: in function 'call'"
      or line:find('[C]: at 0x', 1, true) or #lines == CALLS_SHOWN then
      break
    elseif not line:find "%[C%]: in function 'error'" and not line:find "%[C%]: in function 'assert'" then
      lines[#lines + 1] = line
    end
  end
  if #lines <= 1 then -- the statement itself
    return message
  end
  return message .. '\n' .. table.concat(lines, '\n')
end

local function evaluate(call, text, chunk, message)
  local command, topic = text:match '^%s*%$(.*)$', text:match '^%s*%?%s*(.-)%s*$'
  if command then
    call(os.execute, command)
  elseif topic then
    call(commands.help, topic ~= '' and topic or nil)
  elseif chunk then
    local ok, results, n = collect(call(chunk))
    if not ok then
      io.stderr:write(short(results[1]), '\n')
    elseif n > 0 then
      keep(results, n)
      if not text:match ';%s*$' then
        ok, message = call(print, unpack(results, 1, n))
        if not ok then
          io.stderr:write(short(message), '\n')
        end
      end
    end
  elseif message then
    io.stderr:write(message, '\n')
  end
  io.stdout:flush()
end

return function(call, note)
  local terminal = ffi.C.trepl_isatty(0) == 1
  local read, close = editor(terminal)
  local after = note and require 'trepl.interrupt'(note) or function() end
  local before = ffi.C.trepl_signal(SIGINT, ffi.C.trepl_nothing) -- Ctrl-C ends the reading of a line
  ffi.C.trepl_siginterrupt(SIGINT, 1)
  if terminal then
    local torch = rawget(_G, 'torch')
    print(('Rekindle%s, Torch7 alight again (%s). Ctrl-D leaves.'):format(
      torch and type(torch._VERSION) == 'string' and ' ' .. torch._VERSION or '', jit.version))
    local startup = os.getenv 'TREPLSTARTUP'
    if startup then
      evaluate(call, '', function() dofile(startup) end)
    end
  end
  while true do
    local text, chunk, message = read_statement(read)
    if not text or ((text == 'exit' or text == 'quit') and rawget(_G, text) == nil) then
      break
    end
    if text:match '%S' then
      evaluate(call, text, chunk, message)
      after()
    end
  end
  close()
  ffi.C.trepl_signal(SIGINT, before)
end
