--- Reading lines for the prompt: libedit or GNU readline through the FFI, with a
-- history file and completion of names, or plain io.read.
-- The history ($TREPL_HISTORY, else ~/.luahistory) is a text file, a line an entry,
-- kept by us: the two libraries have formats of their own.
local ffi = require 'ffi'

ffi.cdef [[
char *readline(const char *);
void using_history(void);
void add_history(const char *);
char *rl_basic_word_break_characters;
char *rl_completer_word_break_characters;
int rl_completion_append_character;
char *rl_line_buffer;
typedef char **trepl_completion(const char *, int, int);
trepl_completion *rl_attempted_completion_function;
void *trepl_malloc(size_t) __asm__("malloc");
void trepl_free(void *) __asm__("free");
]]
local LIBRARIES = { 'libedit.so.2', 'libreadline.so.8', 'libedit.so', 'libreadline.so' }
local HISTORY_LINES = 1000
local EINTR = 4
local BREAKS = ffi.new('char[?]', 64, ' \t\n"\\\'`@$><=;|&{(}+-*/^%~,)[]#')

local function open_library()
  for _, name in ipairs(LIBRARIES) do
    local ok, library = pcall(ffi.load, name)
    if ok then
      return library
    end
  end
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

--- The ways to go on from `text`, sorted: globals, fields after a dot, methods after a colon.
local function candidates(text)
  local path, separator, last = text:match '^(.-)([.:]?)([%w_]*)$'
  local object = _G
  if separator ~= '' then
    for name in path:gmatch '[^.:]+' do
      local ok, value = pcall(function() return object[name] end)
      object = ok and value or nil
      if object == nil then
        return {}
      end
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

local function choices(word, last)
  local line = ffi.string(opened.rl_line_buffer):sub(1, last)
  local from = open_string(line)
  if from then
    return files(line:sub(from), word)
  end
  return candidates(word)
end

-- The library's form of an answer: a malloc'ed array that starts with the common prefix. nil: try file names.
local function complete(text, _, last)
  local ok, list = pcall(choices, ffi.string(text), last)
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

local function plain_reader(terminal)
  return function(prompt)
    if terminal then
      io.write(prompt)
      io.flush()
    end
    return io.read '*l'
  end, function() end
end

--- @bool terminal is the standard input one?
-- @treturn function read(prompt): a line without its newline, nil at the end; '' and true when it was interrupted
-- @treturn function close()
return function(terminal)
  local library = terminal and open_library()
  if not library then
    return plain_reader(terminal)
  end
  opened = library
  local home = os.getenv 'HOME'
  local path = os.getenv 'TREPL_HISTORY' or home and home .. '/.luahistory'
  library.using_history()
  load_history(library, path)
  local history = path and io.open(path, 'a')
  local callback = ffi.cast('trepl_completion *', complete)
  library.rl_attempted_completion_function = callback
  library.rl_basic_word_break_characters = BREAKS
  library.rl_completer_word_break_characters = BREAKS
  library.rl_completion_append_character = 0
  local previous

  local function read(prompt)
    io.stdout:flush()
    ffi.errno(0)
    local line = library.readline(prompt)
    if line == nil then
      if ffi.errno() == EINTR then -- Ctrl-C: a fresh line
        io.write '\n'
        return '', true
      end
      io.write '\n'
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
  jit.off(read) -- it calls back into Lua

  return read, function()
    library.rl_attempted_completion_function = nil
    callback:free()
    if history then
      history:close()
    end
  end
end
