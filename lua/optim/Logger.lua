--- optim.Logger: a table of numbers that grows by a row at a time, in a text file, and its plot.
--
-- Columns are separated by tabs, numbers printed %11.4e; the first line holds the names. plot() draws all columns to
-- `<filename>.png` and `<filename>.eps` (field epsfile) with the program gnuplot, where that is installed.
local Logger = torch.class 'optim.Logger'

local function make_folder(path)
  local folder = path:match '^(.*)/[^/]*$'
  if folder and folder ~= '' then os.execute(("mkdir -p '%s' 2>/dev/null"):format((folder:gsub("'", "'\\''")))) end
end

--- @param[opt] filename where the rows go; without one, standard output
-- @param[opt] timestamp a true value appends date and time to the name
-- @usage local log = optim.Logger(os.tmpname()); log:setNames {'loss'}; log:add {0.5}
function Logger:__init(filename, timestamp)
  if filename then
    if timestamp then filename = filename .. '-' .. os.date '%Y_%m_%d_%X' end
    make_folder(filename)
    local file, message = io.open(filename, 'w')
    if not file then error('optim.Logger: cannot write ' .. message, 2) end
    self.name, self.file, self.epsfile = filename, file, filename .. '.eps'
  else
    self.name, self.file = 'stdout', io.stdout
  end
  self.empty = true
  self.names, self.symbols, self.styles, self.idx = {}, {}, {}, {}
  self.showPlot = true
  self.defaultStyle = '+'
  self.logscale = false
end

local function column(self, key, name)
  self.symbols[key] = {}
  self.styles[key] = { self.defaultStyle }
  self.names[key] = name
  self.idx[name] = key
  self.file:write(tostring(name), '\t')
end

--- Name the columns; writes the first line.
-- @return self
function Logger:setNames(names)
  if torch.type(names) ~= 'table' then
    error('optim.Logger: setNames: expected a list of names, got ' .. torch.type(names), 2)
  end
  self.empty = false
  self.names, self.symbols, self.styles, self.idx = {}, {}, {}, {}
  self.nsymbols = #names
  for i, name in ipairs(names) do column(self, i, name) end
  self.file:write '\n'
  self.file:flush()
  return self
end

local function ordered(t)
  local keys = {}
  for key in pairs(t) do keys[#keys + 1] = key end
  table.sort(keys, function(a, b)
    if type(a) == type(b) and (type(a) == 'number' or type(a) == 'string') then return a < b end
    return type(a) == 'number'
  end)
  return keys
end

--- Write a row: values in the order of the names, or by name.
-- @usage optim.Logger(os.tmpname()):add {loss = 0.5, accuracy = 0.9}
function Logger:add(row)
  if torch.type(row) ~= 'table' then
    error('optim.Logger: add: expected a table of values, got ' .. torch.type(row), 2)
  end
  local keys = ordered(row)
  if self.empty then
    self.empty = false
    self.nsymbols = #keys
    for _, key in ipairs(keys) do column(self, key, key) end
    self.file:write '\n'
  end
  for _, key in ipairs(keys) do
    local value = row[key]
    local list = self.symbols[key] or self.symbols[self.idx[key]]
    if not list then error(('optim.Logger: add: no column %s'):format(tostring(key)), 2) end
    if type(value) == 'number' then
      self.file:write(('%11.4e'):format(value), '\t')
    elseif type(value) == 'string' then
      self.file:write(value, '\t')
    else
      error(('optim.Logger: add: column %s: expected a number or a string, got %s'):format(tostring(key),
        torch.type(value)), 2)
    end
    list[#list + 1] = value
  end
  self.file:write '\n'
  self.file:flush()
end

--- Styles of the columns: '-' lines, '+' points, '.' dots, '+-' both, or gnuplot's own; a list, a table by name, or
-- one for all.
-- @return self
function Logger:style(...)
  local styles = ...
  if type(styles) ~= 'table' then styles = { ... } end
  if #styles == 1 and #ordered(self.symbols) > 1 and not self.idx[next(styles)] then
    for key in pairs(self.symbols) do self.styles[key] = { styles[1] } end
    return self
  end
  for key, style in pairs(styles) do
    key = self.symbols[key] and key or self.idx[key]
    if not key then error('optim.Logger: style: set names or add a row first', 2) end
    self.styles[key] = type(style) == 'table' and style or { style }
  end
  return self
end

--- Logarithmic vertical axis, or not.
function Logger:setlogscale(on) self.logscale = on end

--- Kept for old programs: plots go to files.
function Logger:display(on) self.showPlot = on end

local with = { ['-'] = 'lines', ['+'] = 'points', ['.'] = 'dots', ['+-'] = 'linespoints', ['|'] = 'boxes',
  ['~'] = 'lines smooth csplines' }

local function quoted(text) return "'" .. tostring(text):gsub("'", "''") .. "'" end

local function finite(y) return type(y) == 'number' and y - y == 0 end

-- The commands that draw the columns to a file by one of gnuplot's terminals.
local function script(self, terminal, path, keys, ylabel, xlabel)
  local lines = { 'set terminal ' .. terminal, 'set output ' .. quoted(path), 'set grid', 'set key outside' }
  if self.logscale then lines[#lines + 1] = 'set logscale y' end
  if ylabel then lines[#lines + 1] = 'set ylabel ' .. quoted(ylabel) end
  if xlabel then lines[#lines + 1] = 'set xlabel ' .. quoted(xlabel) end
  local curves = {}
  for i, key in ipairs(keys) do
    local style = self.styles[key][1]
    curves[i] = ("'-' with %s title %s"):format(with[style] or style, quoted(self.names[key]))
  end
  lines[#lines + 1] = 'plot ' .. table.concat(curves, ', ')
  for _, key in ipairs(keys) do
    for x, y in ipairs(self.symbols[key]) do
      if finite(y) then lines[#lines + 1] = ('%d %.9g'):format(x, y) end
    end
    lines[#lines + 1] = 'e'
  end
  lines[#lines + 1] = 'unset output'
  return table.concat(lines, '\n') .. '\n'
end

local function drawable(self)
  local keys = {}
  for _, key in ipairs(ordered(self.symbols)) do
    for _, y in ipairs(self.symbols[key]) do
      if finite(y) then
        keys[#keys + 1] = key
        break
      end
    end
  end
  return keys
end

-- Least and largest of what chart() draws.
local function range(self, keys)
  local low, high, count = math.huge, -math.huge, 0
  for _, key in ipairs(keys) do
    count = math.max(count, #self.symbols[key])
    for _, y in ipairs(self.symbols[key]) do
      if finite(y) and not (self.logscale and y <= 0) then low, high = math.min(low, y), math.max(high, y) end
    end
  end
  return low, high, count
end

local MARKS = '*+xo#@%&'

--- The columns as text, for a terminal: one mark a column, time to the right.
-- @param[opt=64] width columns of text for the curves
-- @param[opt=16] height lines
-- @return text; nil and the reason when there is nothing to draw
-- @usage local log = optim.Logger(os.tmpname()); log:add {loss = 2}; log:add {loss = 1}; print(log:chart())
function Logger:chart(width, height)
  width, height = width or 64, height or 16
  local keys = drawable(self)
  local low, high, count = range(self, keys)
  if low > high then return nil, 'optim.Logger: nothing to plot' end
  local scale = self.logscale and math.log or function(y) return y end
  local bottom, span = scale(low), math.max(scale(high) - scale(low), 1e-300)
  local rows = {}
  for r = 1, height do
    rows[r] = {}
    for c = 1, width do rows[r][c] = ' ' end
  end
  local legend = {}
  for i, key in ipairs(keys) do
    local mark = MARKS:sub((i - 1) % #MARKS + 1, (i - 1) % #MARKS + 1)
    legend[i] = mark .. ' ' .. tostring(self.names[key])
    for x, y in ipairs(self.symbols[key]) do
      if finite(y) and not (self.logscale and y <= 0) then
        local r = height - math.floor((scale(y) - bottom) / span * (height - 1) + 0.5)
        rows[r][1 + math.floor((x - 1) / math.max(count - 1, 1) * (width - 1) + 0.5)] = mark
      end
    end
  end
  for r = 1, height do
    local label = r == 1 and ('%10.4g'):format(high) or r == height and ('%10.4g'):format(low) or (' '):rep(10)
    rows[r] = label .. ' |' .. table.concat(rows[r]):gsub(' +$', '')
  end
  rows[#rows + 1] = (' '):rep(11) .. '+' .. ('-'):rep(width)
  rows[#rows + 1] = (' '):rep(12) .. table.concat(legend, '   ')
  return table.concat(rows, '\n')
end

--- Draw the columns to `<filename>.png`, and to the file that the field epsfile names (at first `<filename>.eps`, where
-- programs of Torch7 look for it; nil: none). Without the program gnuplot nothing is drawn, and one line says so.
-- @param[opt] ylabel text beside the vertical axis
-- @param[opt] xlabel text below the horizontal axis
-- @return the path of the first picture, or nil and the reason
function Logger:plot(ylabel, xlabel)
  if self.name == 'stdout' then return nil, 'optim.Logger: a logger without a file has no plot' end
  local keys = drawable(self)
  if #keys == 0 then return nil, 'optim.Logger: nothing to plot' end
  local path = self.name .. '.png'
  local found = os.execute 'command -v gnuplot >/dev/null 2>&1'
  if found ~= 0 and found ~= true then
    if not Logger.warned then
      io.stderr:write('optim.Logger: gnuplot is not installed: no plot of ', self.name, '; chart() draws text\n')
      Logger.warned = true
    end
    return nil, 'optim.Logger: gnuplot is not installed'
  end
  local pipe = assert(io.popen('gnuplot >/dev/null 2>&1', 'w'))
  pipe:write(script(self, 'pngcairo size 800,500', path, keys, ylabel, xlabel))
  if self.epsfile then
    pipe:write(script(self, 'postscript eps enhanced color', self.epsfile, keys, ylabel, xlabel))
  end
  pipe:close()
  return path
end

return Logger
