--- Reading lines for the prompt: libedit or GNU readline through the FFI, with a
-- history file and completion of names, or plain io.read.
-- Under th -a the library is fed character by character, and what else happens is done in between (trepl.async).
-- The history ($TREPL_HISTORY, else ~/.luahistory) is a text file, a line an entry,
-- kept by us: the two libraries have formats of their own.
local ffi = require 'ffi'

ffi.cdef [[
char *readline(const char *);
int rl_initialize(void);
void using_history(void);
void add_history(const char *);
char *rl_basic_word_break_characters;
char *rl_completer_word_break_characters;
int rl_completion_append_character;
char *rl_line_buffer;
int rl_attempted_completion_over;
typedef char **trepl_completion(const char *, int, int);
trepl_completion *rl_attempted_completion_function;
typedef void trepl_line(char *);
void rl_callback_handler_install(const char *, trepl_line *);
void rl_callback_read_char(void);
void rl_callback_handler_remove(void);
void rl_replace_line(const char *, int);
void rl_callback_sigcleanup(void);
int rl_forced_update_display(void);
void rl_resize_terminal(void);
long trepl_read(int, void *, size_t) __asm__("read");
char *trepl_setlocale(int, const char *) __asm__("setlocale");
void *trepl_malloc(size_t) __asm__("malloc");
void trepl_free(void *) __asm__("free");
]]
local HISTORY_LINES = 1000
local EINTR = 4
local BREAKS = ffi.new('char[?]', 64, ' \t\n"\\\'`@$><=;|&{(}+-*/^%~,)[]#')

local function open_library()
  return require 'torch.library' ('libedit.so.2', 'libreadline.so.8', 'libedit.so', 'libreadline.so')
end

-- The fields that `object` has, its own and its metatable's, whatever kind it is.
local function names_of(object, found)
  local depth = 0
  while type(object) == 'table' and depth < 10 do
    for k in next, object do
      if type(k) == 'string' and k:match '^[%a_][%w_]*$' then
        found[k] = true
      end
    end
    local meta = getmetatable(object)
    object = type(meta) == 'table' and meta.__index
    depth = depth + 1
  end
end

local function methods_of(object)
  local torch = rawget(_G, 'torch')
  if type(object) == 'table' then
    return object
  elseif type(object) == 'string' then
    return string
  elseif torch and torch.getmetatable and torch.typename and torch.typename(object) then
    return torch.getmetatable(torch.typename(object))
  end
end

-- Classes of a package that are loaded when they are first mentioned: its files.
local function classes_of(object, name, found)
  local torch = rawget(_G, 'torch')
  if type(object) ~= 'table' or package.loaded[name] ~= object or not torch then
    return
  end
  local folder = torch.packageLuaPath(name)
  if folder and folder:match '[^/]+$' == name then
    for file in require 'paths'.files(folder) do
      local class = file:match '^(%u[%w_]*)%.lua$'
      if class then
        found[class] = true
      end
    end
  end
end

-- The value of `a.b[1]['c']` at the end of a line, nil when it cannot be told: completion calls nothing.
local function value_at(line)
  local rest, _, key = line:match '^(.*)%[%s*(["\'])([^"\']*)%2%s*%]$'
  if not rest then
    rest, key = line:match '^(.*)%[%s*(-?%d+)%s*%]$'
    key = tonumber(key)
  end
  local name = not rest and line:match '([%a_][%w_]*)$'
  if name then
    rest, key = line:sub(1, -#name - 1), name
    if not rest:find '[.]$' then
      return not rest:find '[:%w_]$' and rawget(_G, name) or nil
    end
    rest = rest:sub(1, -2)
  elseif not rest then
    return line:find '["\']%s*%)$' and '' or nil -- ("text"):
  end
  local ok, value = pcall(function() return value_at(rest)[key] end)
  return ok and value or nil
end

--- The ways to go on from `text`, sorted: globals, fields after a dot, methods after a colon.
-- @string text the word, with names and separators before it
-- @string before the line up to it
local function candidates(text, before)
  local path, separator, last = text:match '^(.-)([.:]?)([%w_]*)$'
  local object = _G
  if separator ~= '' then
    object = value_at(before .. path)
    if object == nil then
      return {}
    end
  elseif path ~= '' then
    return {}
  end
  local found, list = {}, {}
  names_of(methods_of(object), found)
  classes_of(object, path, found)
  for name in pairs(found) do
    if name:sub(1, #last) == last then
      list[#list + 1] = path .. separator .. name
    end
  end
  table.sort(list)
  return list
end

-- Where the string begins that is open at the end of `line`; nil outside of strings.
local function open_string(line)
  local quote, from
  for p, c in line:gmatch '()(["\'])' do
    if not quote then
      quote, from = c, p + 1
    elseif c == quote and line:sub(p - 1, p - 1) ~= '\\' then
      quote, from = nil, nil
    end
  end
  return from
end

-- File names that `path` may go on to. The library replaces only `word`, the last part of it.
local function files(path, word)
  local paths = require 'paths'
  local folder, base = path:match '^(.*/)([^/]*)$'
  folder, base = folder or '', base or path
  local list = {}
  local place = folder:gsub('^~', os.getenv 'HOME' or '~')
  for name in paths.files(place ~= '' and place or '.') do
    if name:sub(1, #base) == base and name ~= '.' and name ~= '..' and (base ~= '' or name:sub(1, 1) ~= '.') then
      list[#list + 1] = name:sub(#base - #word + 1) .. (paths.dirp(place .. name) and '/' or '')
    end
  end
  table.sort(list)
  return list
end

local function common_prefix(list)
  local first, last = list[1], list[#list]
  local n = 0
  while n < #first and first:byte(n + 1) == last:byte(n + 1) do
    n = n + 1
  end
  return first:sub(1, n)
end

local function c_string(text)
  local p = ffi.cast('char *', ffi.C.trepl_malloc(#text + 1))
  ffi.copy(p, text)
  return p
end

local opened -- the library

local function choices(word, first, last)
  local line = ffi.string(opened.rl_line_buffer):sub(1, last)
  if line:find '^%s*[$!]' then
    return files(line:match '(%S*)$', word)
  end
  local from = open_string(line)
  if from then
    return files(line:sub(from), word)
  end
  return candidates(word, line:sub(1, first))
end

-- The library's form of an answer: a malloc'ed array that starts with the common prefix.
local function complete(text, first, last)
  opened.rl_attempted_completion_over = 1 -- no names of files where there is no answer
  opened.rl_completion_append_character = 0 -- GNU sets it back to a space each time
  local ok, list = pcall(choices, ffi.string(text), first, last)
  if not ok or #list == 0 then
    return nil
  end
  local several = #list > 1 and 1 or 0
  local answer = ffi.cast('char **', ffi.C.trepl_malloc((#list + several + 1) * ffi.sizeof 'char *'))
  answer[0] = c_string(common_prefix(list))
  for i = 1, several * #list do
    answer[i] = c_string(list[i])
  end
  answer[several * #list + 1] = nil
  return answer
end

local function load_history(library, path)
  local file = path and io.open(path)
  if not file then
    return
  end
  local lines = {}
  for line in file:lines() do
    lines[#lines + 1] = line
  end
  file:close()
  local first = math.max(1, #lines - HISTORY_LINES + 1)
  for i = first, #lines do
    library.add_history(lines[i])
  end
  if first > 1 then
    file = io.open(path, 'w')
    if file then
      file:write(table.concat(lines, '\n', first), '\n')
      file:close()
    end
  end
end

local LC_CTYPE = 0
local STDIN = 0
local FOREVER = 3600

local function plain_reader(terminal)
  return function(prompt)
    if terminal then
      io.write(prompt)
      io.flush()
    end
    return io.read '*l'
  end, function() end
end

-- Lines of the standard input, with what else happens in between.
local function plain_async_reader(terminal, async, call)
  local rest, bytes = '', ffi.new 'char[4096]'
  return function(prompt)
    if terminal then io.write(prompt) end
    io.flush()
    while true do
      local line, behind = rest:match '^([^\n]*)\n(.*)$'
      if line then
        rest = behind
        return line
      end
      local what = async.step(FOREVER, STDIN, call)
      local n = what == 'input' and tonumber(ffi.C.trepl_read(STDIN, bytes, 4096)) or what == 'gone' and 0
      if n and n <= 0 then
        line, rest = rest, ''
        return line ~= '' and line or nil
      elseif n then
        rest = rest .. ffi.string(bytes, n)
      elseif what == 'interrupted' then
        return '', true
      end
    end
  end, function() end
end

-- read(prompt) of a library: what it gives, its memory to be freed; nil at the end, nil and true for Ctrl-C.
local function whole_lines(library)
  local function read(prompt)
    ffi.errno(0)
    local line = library.readline(prompt)
    return line, line == nil and ffi.errno() == EINTR
  end
  jit.off(read) -- it calls back into Lua
  return read, function() end
end

local function is_gnu(library)
  return (pcall(function() return library.rl_callback_sigcleanup end))
end

local function by_characters(library, async, call)
  local line, over
  local callback = ffi.cast('trepl_line *', function(text)
    line, over = text ~= nil and text or nil, true
    library.rl_callback_handler_remove()
  end)
  -- What callbacks print goes above the line that is being typed.
  local function around(run)
    io.write '\r\27[K'
    io.flush()
    run()
    io.flush()
    library.rl_forced_update_display()
  end
  local function read(prompt)
    line, over = nil, false
    library.rl_callback_handler_install(prompt, callback)
    while not over do
      local what, gone = async.step(FOREVER, STDIN, call, around)
      if what == 'input' and not gone then
        ffi.errno(0)
        library.rl_callback_read_char()
        -- libedit waits by itself for what is searched for (Ctrl-R), and takes Ctrl-C there for a character.
        if ffi.errno() == EINTR and not over then
          pcall(function() library.rl_replace_line('', 0) end) -- older ones lack it
          what = 'interrupted'
        end
      end
      if what == 'interrupted' or what == 'gone' or gone then
        if is_gnu(library) then library.rl_callback_sigcleanup() end -- a search under way
        library.rl_callback_handler_remove()
        return nil, what == 'interrupted'
      end
    end
    return line
  end
  jit.off(read)
  return read, function() callback:free() end
end

local function set_up(library)
  ffi.C.trepl_setlocale(LC_CTYPE, '') -- letters of more than one byte
  library.rl_initialize() -- before rl_resize_terminal, in which GNU's would crash
  library.using_history()
  local callback = ffi.cast('trepl_completion *', complete)
  library.rl_attempted_completion_function = callback
  library.rl_basic_word_break_characters = BREAKS
  library.rl_completer_word_break_characters = BREAKS
  return callback
end

--- @bool terminal is the standard input one?
-- @param async trepl.async when what it does shall go on meanwhile
-- @func call runs a callback of it
-- @treturn function read(prompt): a line without its newline, nil at the end; '' and true when it was interrupted
-- @treturn function close()
return function(terminal, async, call)
  local library = terminal and open_library()
  if not library then
    if async then return plain_async_reader(terminal, async, call) end
    return plain_reader(terminal)
  end
  opened = library
  local completion = set_up(library)
  local home = os.getenv 'HOME'
  local path = os.getenv 'TREPL_HISTORY' or home and home .. '/.luahistory'
  load_history(library, path)
  local history = path and io.open(path, 'a')
  -- GNU's readline() keeps Ctrl-C to itself.
  async = async or is_gnu(library) and require 'trepl.async'
  local get, forget = (async and by_characters or whole_lines)(library, async, call)
  local previous

  local function read(prompt)
    io.stdout:flush()
    library.rl_resize_terminal()
    local line, interrupted = get(prompt)
    if line == nil then
      io.write '\n'
      if interrupted then return '', true end -- Ctrl-C: a fresh line
      return nil
    end
    local text = ffi.string(line)
    ffi.C.trepl_free(line)
    if text:match '%S' and text ~= previous then
      library.add_history(text)
      if history then
        history:write(text, '\n')
        history:flush()
      end
      previous = text
    end
    return text
  end

  return read, function()
    library.rl_attempted_completion_function = nil
    completion:free()
    forget()
    if history then
      history:close()
    end
  end
end
