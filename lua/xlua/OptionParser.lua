--- xlua.OptionParser: command lines with short and long options, in the manner of Python's optparse.
-- @module xlua.OptionParser

local OptionParser = {}
OptionParser.__index = OptionParser

local actions = {store = true, store_true = true, store_false = true}

--- Add an option: `op:option {'-x', '--long', dest =, action =, default =, help =, req =, metavar =}`.
-- Actions: "store" (the default) takes a value, of the type of the default; "store_true" and "store_false" take none.
function OptionParser:option(row)
  if type(row) ~= 'table' or type(row[1]) ~= 'string' then
    error('OptionParser.option: a table with the names of the option is expected', 2)
  end
  row.action = row.action or 'store'
  if not actions[row.action] then
    error(('OptionParser.option: %s: unknown action %s'):format(row[1], tostring(row.action)), 2)
  end
  if not row.dest then
    -- the long name is the better one
    for _, name in ipairs(row) do
      local long = name:match '^%-%-(.+)$'
      row.dest = long or row.dest or name:match '^%-*(.+)$'
    end
  end
  for _, name in ipairs(row) do
    self._by_name[name] = row
  end
  table.insert(self._rows, row)
end

--- Print a message and exit with status 1.
function OptionParser:fail(message)
  io.stderr:write(message, '\n')
  self:help()
  os.exit(1)
end
OptionParser.error = OptionParser.fail

local function convert(self, row, name, text)
  if type(row.default) == 'number' or row.type == 'number' then
    local value = tonumber(text)
    if not value then
      self:fail(('%s: number expected, got "%s"'):format(name, text))
    end
    return value
  elseif type(row.default) == 'boolean' and (text == 'true' or text == 'false') then
    return text == 'true'
  end
  return text
end

local function read_value(self, row, name, text, options)
  if row.action == 'store' then
    if text == nil then
      self:fail(('%s: a value is missing'):format(name))
    end
    options[row.dest] = convert(self, row, name, text)
  else
    options[row.dest] = row.action == 'store_true'
  end
end

-- Options whose value was not given
local function complete(self, options)
  for _, row in ipairs(self._rows) do
    if options[row.dest] == nil then
      if row.req then
        self:fail(('%s is required'):format(row[#row]))
      end
      options[row.dest] = row.default
      if row.default == nil and row.action ~= 'store' then
        options[row.dest] = row.action == 'store_false'
      end
    end
  end
end

--- Read the global `arg`: a table of values by dest, and the list of what is not an option.
function OptionParser:parse(arguments)
  local list = arguments or rawget(_G, 'arg') or {}
  local options, rest, i = {}, {}, 1
  while i <= #list do
    local text = list[i]
    local name, value = text:match '^(%-%-[^=]+)=(.*)$'
    local row = self._by_name[name or text]
    if not row then
      if text:match '^%-%-?[%a]' then
        self:fail(('unknown option %s'):format(text))
      end
      rest[#rest + 1] = text
    elseif row.is_help then
      self:help()
      os.exit(0)
    else
      if row.action == 'store' and value == nil then
        i = i + 1
        value = list[i]
      end
      read_value(self, row, name or text, value, options)
    end
    i = i + 1
  end
  complete(self, options)
  self.options, self.args = options, rest
  return options, rest
end

local function left_column(row)
  local names = table.concat(row, ', ')
  if row.action == 'store' and not row.is_help then
    names = names .. ' ' .. (row.metavar or row.dest:upper())
  end
  return names
end

--- Print the help; `%prog` in its usage is the program's name.
function OptionParser:help()
  local program = tostring(rawget(_G, 'arg') and _G.arg[0] or 'th'):match '[^/]*$'
  io.write(('Usage: %s\n\nOptions:\n'):format((self._usage:gsub('%%prog', (program:gsub('%%', '%%%%'))))))
  local width = 0
  for _, row in ipairs(self._rows) do
    width = math.max(width, #left_column(row))
  end
  for _, row in ipairs(self._rows) do
    local default = row.default ~= nil and (' [default = %s]'):format(tostring(row.default)) or ''
    io.write(('  %-' .. width .. 's  %s%s%s\n'):format(left_column(row), row.help or '', default,
      row.req and ' (required)' or ''))
  end
end

--- Print the values that `parse` found; compact: on one line.
function OptionParser:summarize(compact)
  local parts = {}
  for _, row in ipairs(self._rows) do
    if not row.is_help and self.options then
      parts[#parts + 1] = ('%s=%s'):format(row.dest, tostring(self.options[row.dest]))
    end
  end
  print(compact and table.concat(parts, ' ') or '  ' .. table.concat(parts, '\n  '))
end

--- The values that differ from their defaults, as a text; for a file name, one without blanks and slashes.
function OptionParser:tostring(for_filename)
  local parts = {}
  for _, row in ipairs(self._rows) do
    local value = self.options and self.options[row.dest]
    if not row.is_help and value ~= nil and value ~= row.default then
      parts[#parts + 1] = ('%s=%s'):format(row.dest, tostring(value))
    end
  end
  local text = table.concat(parts, ',')
  return for_filename and (text:gsub('[%s/]', '_')) or text
end

--- `xlua.OptionParser(usage)`
return function(usage)
  local self = setmetatable({_usage = usage or '[options]', _rows = {}, _by_name = {}}, OptionParser)
  local help = {'-h', '--help', dest = 'help', action = 'store', help = 'show this help', is_help = true}
  self._rows[1] = help
  self._by_name['-h'], self._by_name['--help'] = help, help
  return self
end
