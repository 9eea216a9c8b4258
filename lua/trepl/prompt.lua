--- The prompt of th: reads, evaluates, prints.
-- Line editing, history and completion come from libedit or GNU readline,
-- opened through the FFI when the prompt starts on a terminal; without either
-- it reads plain lines. A statement may span lines; `= e` and plain
-- expressions print their values unless the line ends in `;`; `$ command` runs a shell
-- command; an error shows its traceback and the session goes on.
local ffi = require 'ffi'
local editor = require 'trepl.editor'

-- Names of our own: a declaration of the same function elsewhere would count instead.
ffi.cdef [[
int trepl_isatty(int) __asm__("isatty");
typedef void trepl_signal_handler(int);
trepl_signal_handler *trepl_signal(int, trepl_signal_handler *) __asm__("signal");
]]
local SIGINT, SIG_IGN = 2, ffi.cast('trepl_signal_handler *', 1)

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
    if text:match '^%s*%$' then
      return text
    end
    local chunk, message = compile(text)
    if chunk then
      return text, chunk
    elseif not unfinished(message) then
      return text, nil, message
    end
    local more = read '..> '
    if not more then
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
  _G._LAST = results[n]
end

local function collect(ok, ...)
  return ok, { ... }, select('#', ...)
end

local function evaluate(call, text, chunk, message)
  local command = text:match '^%s*%$(.*)$'
  if command then
    call(os.execute, command)
  elseif chunk then
    local ok, results, n = collect(call(chunk))
    if not ok then
      io.stderr:write(tostring(results[1]), '\n')
    elseif n > 0 then
      keep(results, n)
      if not text:match ';%s*$' then
        ok, message = call(print, unpack(results, 1, n))
        if not ok then
          io.stderr:write(tostring(message), '\n')
        end
      end
    end
  elseif message then
    io.stderr:write(message, '\n')
  end
  io.stdout:flush()
end

return function(call)
  local terminal = ffi.C.trepl_isatty(0) == 1
  local read, close = editor(terminal)
  local before = ffi.C.trepl_signal(SIGINT, SIG_IGN) -- Ctrl-C abandons a line, and what runs, but not the session
  if terminal then
    local torch = rawget(_G, 'torch')
    print(('Rekindle%s, Torch7 alight again (%s). Ctrl-D leaves.'):format(
      torch and torch.version and ' ' .. tostring(torch.version) or '', jit.version))
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
    end
  end
  close()
  ffi.C.trepl_signal(SIGINT, before)
end
