--- torch.CmdLine: options and arguments of a program.
--
-- `-key value` options have a default, which also gives their type; a boolean one takes no value and toggles its
-- default. What is not an option fills the required arguments in order. `-h`, `-help` and `--help` print the help and
-- exit; mistakes print it, say what is wrong, and exit with status 1.
-- @module torch.cmdline

local class = require 'torch.class'

local M = {}

--- `torch.CmdLine([argument separator=","], [key separator="="])`; the separators are those of `string`.
-- @usage
-- local cmd = torch.CmdLine()
-- cmd:text 'Train a network'
-- cmd:option('-lr', 0.1, 'learning rate')
-- assert(cmd:parse({'-lr', '0.5'}).lr == 0.5)
local CmdLine = class.class('torch.CmdLine', M)

function CmdLine:__init(argseparator, keyseparator)
  self.argseparator, self.keyseparator = argseparator or ',', keyseparator or '='
  self.options, self.arguments, self.helplines = {}, {}, {}
  self.silentio = false
end

local function bare(key)
  return (key:gsub('^%-+', ''))
end

local function check_string(who, n, what, value)
  if type(value) ~= 'string' then
    error(('CmdLine.%s: argument %d: %s (string) expected, got %s'):format(who, n, what, class.type(value)), 3)
  end
end

--- Add a line to the help.
function CmdLine:text(text)
  text = text == nil and '' or text
  check_string('text', 1, 'text', text)
  table.insert(self.helplines, text)
end

local kinds = {string = true, number = true}

--- Add a required argument.
-- @string key name of its value in what `parse` returns
-- @string[opt] help
-- @string[opt] kind "string" or "number"
function CmdLine:argument(key, help, kind)
  check_string('argument', 1, 'key', key)
  if kind ~= nil and not kinds[kind] then
    error(('CmdLine.argument: argument 3: type "string" or "number" expected, got %s'):format(tostring(kind)), 2)
  end
  local row = {key = key, help = help, type = kind}
  table.insert(self.arguments, row)
  table.insert(self.helplines, row)
end

--- Add an option.
-- @string key with its dashes: `'-lr'`
-- @param default its type is the type of the option; a command line gives strings, numbers and booleans, other defaults
-- are for classes that extend this one
-- @string[opt] help
-- @string[opt] kind type, when the default does not show it
function CmdLine:option(key, default, help, kind)
  check_string('option', 1, 'key', key)
  if default == nil then
    error(('CmdLine.option: option %s has no default value'):format(key), 2)
  end
  kind = kind or type(default)
  if type(default) ~= kind then
    error(('CmdLine.option: option %s has a default of type %s, not %s'):format(key, type(default), kind), 2)
  end
  local row = {key = key, default = default, help = help, type = kind, is_option = true}
  self.options[key] = row
  table.insert(self.helplines, row)
end

--- All options with their defaults, by key without dashes.
function CmdLine:default()
  local params = {}
  for key, row in pairs(self.options) do
    params[bare(key)] = row.default
  end
  return params
end

-- ---------------------------------------------------------------------------------------------------------
-- Parsing
-- ---------------------------------------------------------------------------------------------------------

local articles = {number = 'a number', string = 'a string'}

-- Value of a type; nil when the text is not one.
local function convert(text, kind)
  if kind == 'number' then
    return tonumber(text)
  end
  return text
end

-- Option with the same letters, for a wrong number of dashes or wrong case
local function resembling(self, text)
  local wanted = bare(text):lower()
  for key in pairs(self.options) do
    if bare(key):lower() == wanted then
      return key
    end
  end
end

local function check_tables(who, params, arg, i)
  if type(params) ~= 'table' or type(arg) ~= 'table' or i == nil then
    error(('CmdLine.%s: tables of parameters and arguments and a position expected, got %s, %s, %s'):format(who,
      class.type(params), class.type(arg), class.type(i)), 3)
  end
end

--- Read the option at `arg[i]` into `params`; classes that extend this one call it and put their own in its place.
-- @return how many texts it took
function CmdLine:__readOption__(params, arg, i)
  check_tables('__readOption__', params, arg, i)
  local row = arg[i] ~= nil and self.options[arg[i]]
  if not row then
    self:error('unknown option ' .. tostring(arg[i]))
  end
  local key = bare(row.key)
  if row.type == 'boolean' then
    params[key] = not params[key]
    return 1
  end
  local text = arg[i + 1]
  if text == nil then
    self:error('missing argument for option ' .. row.key)
  elseif not kinds[row.type] then
    self:error(('option %s is of type %s, which a command line cannot give'):format(row.key, row.type))
  end
  local value = convert(text, row.type)
  if value == nil then
    self:error(('option %s: %s expected, got "%s"'):format(row.key, articles[row.type], text))
  end
  params[key] = value
  return 2
end

--- Read `arg[i]` as argument number `n` into `params`.
-- @return how many texts it took
function CmdLine:__readArgument__(params, arg, i, n)
  check_tables('__readArgument__', params, arg, i)
  local row, text = n ~= nil and self.arguments[n], arg[i]
  if not row then
    local meant = resembling(self, tostring(text))
    self:error(('invalid argument: %s%s'):format(tostring(text), meant and (' (did you mean %s?)'):format(meant) or ''))
  end
  local value = convert(text, row.type)
  if value == nil then
    self:error(('argument %s: %s expected, got "%s"'):format(bare(row.key), articles[row.type], text))
  end
  params[bare(row.key)] = value
  return 1
end

--- Read the command line.
-- @tab arg list of texts, such as the global `arg`
-- @return table key without dashes -> value
function CmdLine:parse(arg)
  if type(arg) ~= 'table' then
    error(('CmdLine.parse: argument 1: table of arguments expected, got %s'):format(class.type(arg)), 2)
  end
  local params, i, n = self:default(), 1, 0
  while i <= #arg do
    local text = arg[i]
    if text == '-h' or text == '-help' or text == '--help' then
      self:help(arg)
      os.exit(0)
    elseif self.options[text] then
      i = i + self:__readOption__(params, arg, i)
    else
      n = n + 1
      i = i + self:__readArgument__(params, arg, i, n)
    end
  end
  if n < #self.arguments then
    self:error(('not enough arguments: %s is missing'):format(bare(self.arguments[n + 1].key)))
  end
  return params
end

--- Print the help and a message, and exit with status 1.
function CmdLine:error(message)
  io.stdout:flush()
  io.stderr:write('\n', tostring(message), '\n\n')
  self:help()
  os.exit(1)
end

-- ---------------------------------------------------------------------------------------------------------
-- Help
-- ---------------------------------------------------------------------------------------------------------

local function label(row)
  return row.is_option and row.key or '<' .. bare(row.key) .. '>'
end

--- Print the help.
function CmdLine:help(arg)
  local usage = {'Usage:'}
  if arg and arg[0] then
    usage[#usage + 1] = arg[0]
  end
  usage[#usage + 1] = '[options]'
  for _, row in ipairs(self.arguments) do
    usage[#usage + 1] = label(row)
  end
  io.write(table.concat(usage, ' '), '\n')
  local width = 0
  for _, row in ipairs(self.helplines) do
    if type(row) == 'table' then
      width = math.max(width, #label(row))
    end
  end
  for _, row in ipairs(self.helplines) do
    if type(row) == 'string' then
      io.write(row, '\n')
    else
      io.write(('  %-' .. width .. 's'):format(label(row)), row.help and ' ' .. row.help or '',
        row.is_option and (' [%s]'):format(tostring(row.default)) or '', '\n')
    end
  end
end

-- ---------------------------------------------------------------------------------------------------------
-- Names and logs
-- ---------------------------------------------------------------------------------------------------------

local function argument_number(self, key)
  for i, row in ipairs(self.arguments) do
    if bare(row.key) == key then
      return i
    end
  end
end

local function flag(v)
  if type(v) == 'boolean' then
    return v and 't' or 'f'
  end
  return tostring(v)
end

--- Name for the folder of an experiment: a prefix, the arguments, and the options that differ from their defaults,
-- which are also printed.
-- @string prefix
-- @tab params from `parse`
-- @tab[opt] ignore key -> true: leave this one out; false: keep it even at its default
-- @usage
-- local cmd = torch.CmdLine()
-- cmd:option('-lr', 0.1)
-- assert(cmd:string('run', {lr = 0.5}, {}) == 'run,lr=0.5')
function CmdLine:string(prefix, params, ignore)
  if type(params) ~= 'table' then
    error(('CmdLine.string: argument 2: table of parameters expected, got %s'):format(class.type(params)), 2)
  end
  prefix, ignore = prefix or '', ignore or {}
  local arguments, options = {}, {}
  for key, value in pairs(params) do
    local row = self.options['-' .. key] or self.options['--' .. key] or self.options[key]
    local n = not row and argument_number(self, key)
    local text = key .. self.keyseparator .. flag(value)
    if ignore[key] then
      print('-- ignore option ' .. key)
    elseif n then
      arguments[n] = text
    elseif not row then
      print('WARNING: unknown option/argument: ' .. key .. ' IGNORING for DIRECTORY NAME')
    elseif value ~= row.default or ignore[key] == false then
      options[#options + 1] = text
      print(key, value, row.default)
    end
  end
  local parts = {}
  if prefix ~= '' then
    parts[1] = prefix
  end
  for i = 1, #self.arguments do
    parts[#parts + 1] = arguments[i]
  end
  table.sort(options)
  for _, text in ipairs(options) do
    parts[#parts + 1] = text
  end
  return table.concat(parts, self.argseparator)
end

--- Put a time (os.date format) and a name in front of the lines of a log.
function CmdLine:addTime(name, format)
  format = format or '%Y-%m-%d %H:%M:%S'
  check_string('addTime', 2, 'format', format)
  self.dateformat = format .. (name ~= nil and ('[%s]: '):format(name) or ' ')
end

--- Print into the log only.
function CmdLine:silent()
  self.silentio = true
end

local screen

--- From now on, `print` also writes into a file.
-- @param file name or open file
-- @tab[opt] params from `parse`, listed at the head of the log
function CmdLine:log(file, params)
  local f = file
  if io.type(file) ~= 'file' then
    check_string('log', 1, 'file name', file)
    local why
    f, why = io.open(file, 'w')
    if not f then
      error(('CmdLine.log: cannot write the log: %s'):format(why), 2)
    end
  end
  screen = screen or print
  local function log_print(...)
    if not self.silentio then
      screen(...)
    end
    local parts = {}
    if self.dateformat then
      parts[1] = os.date(self.dateformat)
    end
    for i = 1, select('#', ...) do
      parts[#parts + 1] = tostring((select(i, ...)))
    end
    f:write(table.concat(parts, ' '), '\n')
    f:flush()
  end
  rawset(_G, 'print', log_print)
  log_print('[program started on ' .. os.date() .. ']')
  log_print '[command line arguments]'
  for key, value in pairs(params or {}) do
    log_print(key, value)
  end
  log_print '[----------------------]'
end

return M
