--- gnuplot: plots through the program gnuplot, as in Torch7.
--
-- A figure keeps its settings and what is to be drawn. Figures of files (pngfigure, svgfigure, pdffigure, epsfigure)
-- are written by plotflush, close, the next figure, or the end of the program; whatever was set before that counts.
-- Others are drawn at once: in a window, or without a display as text on standard output.
-- @module gnuplot
local torch = require 'torch'
local data = require 'gnuplot.data'
local process = require 'gnuplot.process'

local gnuplot = {}

local figures, current = {}, nil
local quoted = data.quoted

-- Errors of the parts get the place of the program's call.
local function protected(f)
  return function(...)
    local ok, result = pcall(f, ...)
    if not ok then error(result, 2) end
    return result
  end
end

-- -- figures ------------------------------------------------------------------------

-- What a figure's script holds: settings and drawings in the order of the calls for a multiplot, else the settings and
-- the last drawing.
local function body(figure)
  local multi, last = false, nil
  for i, entry in ipairs(figure.log) do
    multi = multi or entry.text:match '^%s*set%s+multiplot' ~= nil
    if entry.draws then last = i end
  end
  local lines = {}
  for i, entry in ipairs(figure.log) do
    if multi or not entry.draws then lines[#lines + 1] = entry.text end
    if multi and i == #figure.log then lines[#lines + 1] = 'unset multiplot' end
  end
  if not multi and last then lines[#lines + 1] = figure.log[last].text end
  return table.concat(lines, '\n') .. '\n', last ~= nil
end

local function write(figure, terminal, path)
  local text, drawn = body(figure)
  if not drawn then return end
  local output = path and ("set output '%s'\n"):format((path:gsub("'", "''"))) or ''
  return process.run(('set terminal %s\n%s%sunset output\n'):format(terminal, output, text))
end

local function to_window(figure)
  local text, drawn = body(figure)
  if not drawn then return end
  text = ('reset\nset terminal %s %d\n%s'):format(figure.terminal, figure.number, text)
  for _ = 1, 2 do -- again when the window's program has ended meanwhile
    figure.pipe = figure.pipe or process.open()
    if not figure.pipe or process.send(figure.pipe, text) then return end
    figure.pipe:close()
    figure.pipe = nil
  end
  error('gnuplot: the program of the window ended; gnuplot.setterm chooses another terminal', 0)
end

-- Bring what is seen up to date with the figure.
local function draw(figure)
  if not figure.dirty then return end
  figure.dirty = false
  if figure.path then
    write(figure, figure.terminal, figure.path)
  elseif process.is_window(figure.terminal) then
    to_window(figure)
  else
    io.stdout:write(write(figure, figure.terminal) or '')
    io.stdout:flush()
  end
end

local function free_number()
  local n = 1
  while figures[n] do n = n + 1 end
  return n
end

local function new_figure(number, terminal, path)
  local figure = { number = number, terminal = terminal, path = path, log = {}, dirty = false }
  figures[number] = figure
  return figure
end

local function the_figure()
  if not current or not figures[current.number] then
    current = new_figure(free_number(), process.default())
  end
  return current
end

-- Add a command. Drawings show at once where there is no file; settings redraw a window.
local function add(text, draws)
  local figure = the_figure()
  if draws then
    local multi = false
    for _, entry in ipairs(figure.log) do multi = multi or entry.text:match '^%s*set%s+multiplot' ~= nil end
    for i = #figure.log, 1, -1 do
      if not multi and figure.log[i].draws then table.remove(figure.log, i) end
    end
  end
  figure.log[#figure.log + 1] = { text = text, draws = draws }
  figure.dirty = true
  if not figure.path and (draws or process.is_window(figure.terminal)) then draw(figure) end
end

local function check_number(name, n)
  if type(n) ~= 'number' or n < 1 or n ~= math.floor(n) then
    data.fail(name, 'the number of a figure (1, 2 ...) expected, got %s', data.describe(n))
  end
  return n
end

--- Make figure n the current one, new if there is none; without n a new one.
-- @return its number
-- @usage local n = gnuplot.figure(); gnuplot.close(n)
gnuplot.figure = protected(function(n)
  if n ~= nil then check_number('figure', n) end
  if current and current.path then draw(current) end
  n = n or free_number()
  current = figures[n] or new_figure(n, process.default())
  return n
end)

local function shut(figure)
  figures[figure.number] = nil
  if current == figure then current = nil end
  if figure.path then draw(figure) end
  if figure.pipe then
    figure.pipe:close()
    figure.pipe = nil
  end
end

--- Close a figure (the current one), its file written.
gnuplot.close = protected(function(n)
  local figure = n == nil and current or figures[n ~= nil and check_number('close', n) or 0]
  if figure then shut(figure) end
end)

--- Close all figures, their files written.
gnuplot.closeall = protected(function()
  local list = {}
  for _, figure in pairs(figures) do list[#list + 1] = figure end
  for _, figure in ipairs(list) do shut(figure) end
end)

--- Bring the file or the window of a figure (the current one) up to date.
gnuplot.plotflush = protected(function(n)
  local figure = n == nil and current or figures[n ~= nil and check_number('plotflush', n) or 0]
  if figure then draw(figure) end
end)

-- pngfigure and so on: the terminals to choose from, the first that is there.
local files = {
  png = { 'pngcairo size 640,480', 'png size 640,480' }, svg = { 'svg' }, pdf = { 'pdfcairo', 'pdf' },
  eps = { 'postscript eps enhanced color' }, jpg = { 'jpeg size 640,480' },
}

local function file_figure(name, kind)
  return protected(function(path, n)
    if type(path) ~= 'string' then data.fail(name, 'a file name expected, got %s', data.describe(path)) end
    if n ~= nil then check_number(name, n) end
    local file, why = io.open(path, 'ab')
    if not file then data.fail(name, 'cannot write %s', why) end
    file:close()
    if current and current.path then draw(current) end
    if n and figures[n] then shut(figures[n]) end
    current = new_figure(n or free_number(), process.first(unpack(files[kind])), path)
    return current.number
  end)
end

--- Open a figure that is a PNG file. @param path of the file
-- @return the number of the figure
-- @usage local n = gnuplot.pngfigure '/dev/null'; gnuplot.plot(torch.rand(9), '-'); gnuplot.close(n)
gnuplot.pngfigure = file_figure('pngfigure', 'png')
--- The same, an SVG file.
gnuplot.svgfigure = file_figure('svgfigure', 'svg')
--- The same, a PDF file.
gnuplot.pdffigure = file_figure('pdffigure', 'pdf')
--- The same, an encapsulated PostScript file.
gnuplot.epsfigure = file_figure('epsfigure', 'eps')

--- Write the current figure to a file too; the extension (png, svg, pdf, eps, jpg) says how.
-- @usage gnuplot.svgfigure '/dev/null'; gnuplot.plot(torch.rand(9)); gnuplot.figprint '/tmp/a.svg'
gnuplot.figprint = protected(function(path)
  local kind = type(path) == 'string' and path:lower():match '%.(%w+)$'
  if kind == 'ps' then kind = 'eps' end
  if not files[kind] then
    data.fail('figprint', 'a file name (.png, .svg, .pdf, .eps or .jpg) expected, got %s', data.describe(path))
  end
  if not current then data.fail('figprint', 'there is no figure') end
  write(current, process.first(unpack(files[kind])), path)
end)

-- -- drawing ------------------------------------------------------------------------

--- Draw curves. A curve is `[name,] y`, `[name,] x, y` or `[name,] matrix` (columns x, y, ...), then perhaps a format:
-- '-' lines, '+' points, '.' dots, '+-' both, '|' boxes, '~' smooth lines, 'v' vectors (x, y, dx, dy), or gnuplot's.
-- @param ... one curve; or a table for each curve; or a table of such tables
-- @usage gnuplot.svgfigure '/dev/null'; gnuplot.plot({'a', torch.rand(9), '-'}, {torch.rand(9), '.'}); gnuplot.close()
gnuplot.plot = protected(function(...) add(data.plot('plot', 'with points', ...), true) end)

--- Draw surfaces: `[name,] z` or `[name,] x, y, z`, then perhaps a format; z a matrix.
-- @usage gnuplot.svgfigure '/dev/null'; gnuplot.splot(torch.rand(8, 8)); gnuplot.close()
gnuplot.splot = protected(function(...) add(data.splot('splot', ...), true) end)

--- Draw points in space: `[name,] x, y, z`, then perhaps a format.
-- @usage gnuplot.svgfigure '/dev/null'; gnuplot.scatter3(torch.rand(9), torch.rand(9), torch.rand(9)); gnuplot.close()
gnuplot.scatter3 = protected(function(...) add(data.scatter3('scatter3', ...), true) end)

local palettes = {
  gray = 'set palette gray', grey = 'set palette gray', color = 'set palette color\nset palette rgbformulae 7,5,15',
  jet = 'set palette defined (0 0 0 0.5, 1 0 0 1, 2 0 0.5 1, 3 0 1 1, 4 0.5 1 0.5, 5 1 1 0, 6 1 0.5 0, 7 1 0 0, '
    .. '8 0.5 0 0)',
  hot = 'set palette rgbformulae 21,22,23', rainbow = 'set palette rgbformulae 33,13,10',
}

local function palette(name, which)
  if type(which) ~= 'string' then data.fail(name, 'the name of a palette expected, got %s', data.describe(which)) end
  return palettes[which] or (which:match '^%s*set%s' and which or 'set palette ' .. which)
end

--- Colours for numbers: 'gray', 'color', 'jet', 'hot', 'rainbow', or what gnuplot's "set palette" takes.
gnuplot.colormap = protected(function(which) add(palette('colormap', which)) end)

--- Draw a matrix as an image, its first row on top.
-- @param z matrix
-- @param[opt='color'] which 'gray', 'color', 'jet', 'hot', 'rainbow' or gnuplot's own
-- @usage gnuplot.svgfigure '/dev/null'; gnuplot.imagesc(torch.rand(8, 8), 'gray'); gnuplot.close()
gnuplot.imagesc = protected(function(z, which)
  local command, h, w = data.image('imagesc', z)
  add(palette('imagesc', which or 'color'))
  add(('set xrange [-0.5:%d.5]\nset yrange [%d.5:-0.5]\nset size ratio -1'):format(w - 1, h - 1))
  add(command, true)
end)

--- Draw bars at heights y, or at x.
-- @param ... as for gnuplot.plot
-- @usage gnuplot.svgfigure '/dev/null'; gnuplot.bar(torch.rand(5)); gnuplot.close()
gnuplot.bar = protected(function(...)
  add 'set style fill solid 0.5 border\nset offsets 0.5, 0.5, 0, 0\nset yrange [*<0:0<*]'
  add(data.plot('bar', 'with boxes', ...), true)
end)

local function histogram(name, x, bins, low, high)
  if not torch.isTensor(x) or x:nElement() == 0 then
    data.fail(name, 'argument 1: a tensor with elements expected, got %s', data.describe(x))
  end
  x = x:double()
  bins = bins or math.max(1, math.ceil(math.sqrt(x:nElement())))
  if type(bins) ~= 'number' or bins < 1 then data.fail(name, 'bins: a positive number expected') end
  bins, low, high = math.floor(bins), low or x:min(), high or x:max()
  if type(low) ~= 'number' or type(high) ~= 'number' then data.fail(name, 'min and max: numbers expected') end
  if low > high or low ~= low or high ~= high then data.fail(name, 'min %g is above max %g', low, high) end
  if low == high then low, high = low - 0.5, high + 0.5 end
  local width = (high - low) / bins
  return torch.histc(x, bins, low, high), torch.range(0, bins - 1):double():add(0.5):mul(width):add(low), width
end

--- Counts of the values of a tensor in bins between min and max.
-- @return a table: the counts, and fields `centers` and `binwidth`
-- @usage local h = gnuplot.histc(torch.randn(100), 10)
gnuplot.histc = protected(function(x, bins, low, high)
  local counts, centers, width = histogram('histc', x, bins, low, high)
  local list = counts:totable()
  list.centers, list.binwidth, list.raw = centers, width, counts
  return list
end)

--- Draw a histogram of the values of a tensor.
-- @param x tensor
-- @param[opt] bins default: the square root of the number of values
-- @param[opt] low default: the smallest value
-- @param[opt] high default: the largest value
-- @usage gnuplot.svgfigure '/dev/null'; gnuplot.hist(torch.randn(1000), 20); gnuplot.close()
gnuplot.hist = protected(function(x, bins, low, high)
  local counts, centers, width = histogram('hist', x, bins, low, high)
  add(('set style fill solid 0.5 border\nset boxwidth %.9g\nset yrange [0:*]'):format(width))
  add(data.plot('hist', 'with boxes', centers, counts), true)
end)

-- -- settings -----------------------------------------------------------------------

for _, name in ipairs { 'title', 'xlabel', 'ylabel', 'zlabel' } do
  gnuplot[name] = protected(function(text)
    if type(text) ~= 'string' and type(text) ~= 'number' then
      data.fail(name, 'a text expected, got %s', data.describe(text))
    end
    add(('set %s %s'):format(name, quoted(text)))
  end)
end

--- Grid lines, or none: true, false, 'on', 'off'.
gnuplot.grid = protected(function(on)
  if on == nil or on == true or on == 'on' or on == '' then
    add 'set grid'
  elseif on == false or on == 'off' then
    add 'unset grid'
  else
    data.fail('grid', "true or false ('on' or 'off') expected, got %s", data.describe(on))
  end
end)

local named_axes = {
  auto = 'set xrange [*:*]\nset yrange [*:*]\nset zrange [*:*]\nset size noratio',
  image = 'set size ratio -1\nset yrange [*:*] reverse', equal = 'set size ratio -1',
  fill = 'set size noratio\nset autoscale fix', normal = 'set xrange [*:*] noreverse\nset yrange [*:*] noreverse',
}

--- What the axes show: 'auto', 'image' (y downwards, square pixels), 'equal', 'fill', or a table {xmin, xmax, ymin,
-- ymax, [zmin, zmax]}, where '' leaves an end to gnuplot.
-- @usage gnuplot.axis {0, 10, '', 1}; gnuplot.close()
gnuplot.axis = protected(function(what)
  if named_axes[what] then
    add(named_axes[what])
    return
  end
  if torch.isTensor(what) then what = what:double():contiguous():view(-1):totable() end
  if type(what) ~= 'table' then
    data.fail('axis', "'auto', 'image', 'equal', 'fill' or a table of limits expected, got %s", data.describe(what))
  end
  for i, axis in ipairs { 'x', 'y', 'z' } do
    local ends = { what[2 * i - 1], what[2 * i] }
    for k = 1, 2 do
      local v = ends[k]
      if v ~= nil and v ~= '' and type(v) ~= 'number' then
        data.fail('axis', "limit %d: a number or '' expected, got %s", 2 * i - 2 + k, data.describe(v))
      end
      ends[k] = type(v) == 'number' and ('%.9g'):format(v) or '*'
    end
    if what[2 * i - 1] ~= nil or what[2 * i] ~= nil then add(('set %srange [%s:%s]'):format(axis, ends[1], ends[2])) end
  end
end)

local sides = { left = 1, right = 1, center = 1, top = 2, bottom = 2, middle = 2 }

--- Where the names of the curves stand: 'left', 'right' or 'center', and 'top', 'bottom' or 'middle'.
-- @usage gnuplot.movelegend('left', 'bottom'); gnuplot.close()
gnuplot.movelegend = protected(function(horizontal, vertical)
  if sides[horizontal] ~= 1 or sides[vertical] ~= 2 and vertical ~= 'center' then
    data.fail('movelegend', "('left', 'right' or 'center', 'top', 'bottom' or 'middle') expected, got (%s, %s)",
      tostring(horizontal), tostring(vertical))
  end
  add(('set key %s %s'):format(horizontal, vertical == 'middle' and 'center' or vertical))
end)

--- Send a command to gnuplot as it is; one that plots replaces what the figure shows.
-- @usage gnuplot.raw 'set logscale y'; gnuplot.close()
gnuplot.raw = protected(function(command)
  if type(command) ~= 'string' then data.fail('raw', 'a command expected, got %s', data.describe(command)) end
  local draws = false
  for line in command:gmatch '[^\n;]+' do
    draws = draws or line:match '^%s*s?plot%s' ~= nil
  end
  add(command, draws)
end)

--- The program to use. @param path of the program, or a name in PATH
function gnuplot.setgnuplotexe(path) process.set_exe(path) end

--- The program in use, or nil where there is none.
function gnuplot.getgnuplotexe() return process.exe() end

--- The terminal of figures that are not files: 'dumb', 'x11', 'qt', 'wxt' ..., perhaps with options.
-- @usage gnuplot.setterm 'dumb size 60,15'
function gnuplot.setterm(name)
  local ok, message = pcall(process.set_default, name)
  if not ok then error((tostring(message):gsub('^[^:]*:%d+: ', '')), 2) end
  if current and not current.path and not current.pipe then current.terminal = name end
end

-- Files of figures that were never flushed are written at the end of the program.
local guard = newproxy(true)
getmetatable(guard).__gc = function()
  for _, figure in pairs(figures) do
    if figure.path then
      local ok, message = pcall(draw, figure)
      if not ok then io.stderr:write(tostring(message), '\n') end
    end
  end
end
gnuplot._guard = guard

rawset(_G, 'gnuplot', gnuplot)
return gnuplot
