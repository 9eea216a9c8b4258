--- xlua.Profiler: named stopwatches, with the processor's time and the wall clock's.
-- @module xlua.Profiler

local sys = require 'sys'

local Profiler = {}
Profiler.__index = Profiler

local function check(who, name)
  if type(name) ~= 'string' then
    error(('Profiler.%s: argument 1: name (string) expected, got %s'):format(who, type(name)), 3)
  end
end

--- Start a stopwatch; with "fps" it is shown as a rate.
function Profiler:start(name, mode)
  check('start', name)
  local row = self._rows[name]
  if not row then
    row = {name = name, cpu = 0, real = 0}
    self._rows[name] = row
    table.insert(self._order, name)
  end
  row.fps = mode == 'fps'
  row.cpu0, row.real0 = os.clock(), sys.clock()
  if self._verbose then
    self:_say('<%s> started', name)
  end
end

function Profiler:_say(fmt, ...)
  if not self._off then
    print(fmt:format(...))
  end
end

local function row_of(self, who, name)
  check(who, name)
  local row = self._rows[name]
  if not row then
    error(('Profiler.%s: %s was never started'):format(who, name), 3)
  end
  return row
end

--- Take the time since `start`; returns seconds of the processor and of the wall clock.
function Profiler:lap(name)
  local row = row_of(self, 'lap', name)
  row.cpu, row.real = os.clock() - row.cpu0, sys.clock() - row.real0
  if self._verbose then
    self:print(name)
  end
  return row.cpu, row.real
end

--- Seconds of the last lap.
function Profiler:cpu(name)
  return row_of(self, 'cpu', name).cpu
end

function Profiler:real(name)
  return row_of(self, 'real', name).real
end

--- One line about a stopwatch.
function Profiler:format(name)
  local row = row_of(self, 'format', name)
  if row.fps then
    return ('%s: %.2f fps'):format(name, row.real > 0 and 1 / row.real or 0)
  end
  return ('%s: cpu %.4f s, real %.4f s'):format(name, row.cpu, row.real)
end

--- Print it.
function Profiler:print(name)
  local row = self:format(name)
  self:_say('%s%s%s', self._color or '', row, self._color and '\27[0m' or '')
end

--- Lines about all stopwatches.
function Profiler:formatAll()
  local lines = {}
  for i, name in ipairs(self._order) do
    lines[i] = self:format(name)
  end
  return table.concat(lines, '\n')
end

--- Print them.
function Profiler:printAll()
  for _, name in ipairs(self._order) do
    self:print(name)
  end
end

--- Colour of what is printed: a name of sys.COLORS.
function Profiler:setColor(name)
  self._color = sys.COLORS[name] or error(('Profiler.setColor: there is no colour %s'):format(tostring(name)), 2)
end

--- Show all in a text window; where there is none, print.
function Profiler:displayAll(parameters)
  local painter = type(parameters) == 'table' and (parameters.painter or parameters.win)
  if not painter then
    self:printAll()
    return
  end
  local zoom = parameters.zoom or 1
  for i, name in ipairs(self._order) do
    painter:moveto((parameters.x or 0) * zoom, (parameters.y or 0) * zoom + i * 16)
    painter:show(self:format(name))
  end
end

--- `xlua.Profiler([mode], [verbose])`: with mode "off" nothing is printed.
return function(mode, verbose)
  return setmetatable({_rows = {}, _order = {}, _off = mode == 'off', _verbose = verbose and true or false}, Profiler)
end
