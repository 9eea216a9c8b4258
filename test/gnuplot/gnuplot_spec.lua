--- The gnuplot package: files of each kind, argument forms, settings, and wrong calls.
require 'torch'
require 'gnuplot'
local data = require 'gnuplot.data'
local process = require 'gnuplot.process'

local has_program = process.exe() ~= nil
local when_there = has_program and it or pending

local contents = require 'helpers'.content

local function temporary(f)
  local path = os.tmpname()
  local ok, message = pcall(f, path)
  os.remove(path)
  gnuplot.closeall()
  if not ok then error(message, 0) end
end

describe('gnuplot curves', function()
  local y, x = torch.linspace(0, 1, 5), torch.range(1, 5)

  it('take a name, data and a format in every form', function()
    local function command(...) return (data.plot('plot', 'with points', ...):match '^[^\n]*') end
    assert.equal("plot '-' notitle with points", command(y))
    assert.equal("plot '-' notitle with lines", command(x, y, '-'))
    assert.equal("plot '-' title 'a' with points", command('a', y))
    assert.equal("plot '-' title 'a' with linespoints", command('a', x, y, '+-'))
    assert.equal("plot '-' title 'a' with lines, '-' notitle with dots", command({'a', x, y, '-'}, {y, '.'}))
    assert.equal("plot '-' title 'a' with lines, '-' notitle with boxes", command {{'a', x, y, '-'}, {y, '|'}})
    assert.equal("plot '-' title 'it''s' with lines lw 3", command {"it's", y, 'lines lw 3'})
    assert.equal("plot '-' notitle with points pt 3", command(y, 'with points pt 3'))
    assert.equal("plot '-' smooth csplines title 'a' with lines", command('a', y, '~'))
    assert.equal("plot '-' notitle with points", command {1, 4, 9})
  end)

  it('are written as x and y, numbers that are none as NaN', function()
    assert.equal("plot '-' notitle with points\n1 5\n2 NaN\n3 7\ne\n", data.plot('plot', 'with points',
      torch.FloatTensor {5, 0 / 0, 7}))
    local matrix = torch.Tensor {{1, 2}, {3, 4}}
    assert.equal("plot '-' notitle with lines\n1 2\n3 4\ne\n", data.plot('plot', '', matrix, '-'))
    local strided = torch.range(1, 6):view(3, 2):select(2, 2)
    assert.equal("plot '-' notitle with points\n2 2\n4 4\n6 6\ne\n", data.plot('plot', 'with points', strided, strided))
  end)

  it('of surfaces are broken into rows', function()
    assert.equal("splot '-' notitle with lines\n1 1 5\n1 2 6\n\n2 1 7\n2 2 8\ne\n",
      data.splot('splot', torch.Tensor {{5, 6}, {7, 8}}))
    assert.equal("splot '-' title 's' with pm3d\n3 1 5\n3 2 6\n\n4 1 7\n4 2 8\ne\n",
      data.splot('splot', 's', torch.Tensor {3, 4}, torch.Tensor {1, 2}, torch.Tensor {{5, 6}, {7, 8}}, 'surf'))
  end)
end)

describe('gnuplot figures', function()
  local kinds = {png = '^\137PNG', svg = '<svg', pdf = '^%%PDF', eps = '^%%!PS'}
  for kind, mark in pairs(kinds) do
    when_there('are written as ' .. kind, function()
      temporary(function(path)
        local n = gnuplot[kind .. 'figure'](path)
        gnuplot.plot({'a', torch.rand(10), '-'}, {'b', torch.range(1, 10), torch.rand(10), '~'})
        gnuplot.title 'a "title" \\ of\ntwo lines'
        gnuplot.xlabel 'x'
        gnuplot.ylabel 'y'
        gnuplot.grid(true)
        gnuplot.axis {0, 11, '', 1.5}
        gnuplot.movelegend('left', 'bottom')
        gnuplot.plotflush(n)
        assert.truthy(contents(path):find(mark))
      end)
    end)
  end

  when_there('are written when the next one is opened or all are closed', function()
    temporary(function(path)
      temporary(function(other)
        gnuplot.svgfigure(path)
        gnuplot.splot(torch.rand(4, 5))
        gnuplot.zlabel 'height'
        assert.equal('', contents(path))
        gnuplot.svgfigure(other)
        assert.truthy(contents(path):find('height', 1, true))
        gnuplot.imagesc(torch.rand(4, 5), 'gray')
        gnuplot.closeall()
        assert.truthy(contents(other):find('<image', 1, true))
      end)
    end)
  end)

  when_there('show the last drawing, all drawings of a multiplot', function()
    temporary(function(path)
      gnuplot.svgfigure(path)
      gnuplot.plot('first', torch.rand(3))
      gnuplot.plot('second', torch.rand(3))
      gnuplot.plotflush()
      local text = contents(path)
      assert.truthy(text:find('second', 1, true))
      assert.falsy(text:find('first', 1, true))
      gnuplot.svgfigure(path)
      gnuplot.raw 'set multiplot layout 1,2'
      gnuplot.plot('first', torch.rand(3))
      gnuplot.plot('second', torch.rand(3))
      gnuplot.raw "plot sin(x) title 'third'"
      gnuplot.plotflush()
      text = contents(path)
      for _, name in ipairs {'first', 'second', 'third'} do assert.truthy(text:find(name, 1, true)) end
    end)
  end)

  when_there('take histograms, bars, points in space and vectors', function()
    temporary(function(path)
      for _, draw in ipairs {
        function() gnuplot.hist(torch.randn(100), 10) end, function() gnuplot.hist(torch.ones(4)) end,
        function() gnuplot.bar(torch.rand(4)) end, function() gnuplot.plot(torch.rand(5, 4), 'v') end,
        function() gnuplot.scatter3('p', torch.rand(4), torch.rand(4), torch.rand(4)) end,
        function() gnuplot.scatter3({torch.rand(4, 3)}, {torch.rand(4), torch.rand(4), torch.rand(4), '+'}) end,
        function() gnuplot.raw 'plot sin(x)' end,
        function() gnuplot.imagesc(torch.ByteTensor(3, 4):fill(1), 'jet') end,
      } do
        gnuplot.svgfigure(path)
        draw()
        gnuplot.close()
        assert.is_true(#contents(path) > 1000)
      end
    end)
  end)

  when_there('print the current one by its extension', function()
    temporary(function(path)
      gnuplot.svgfigure(path)
      gnuplot.plot(torch.rand(3))
      gnuplot.figprint(path .. '.png')
      assert.truthy(contents(path .. '.png'):find '^\137PNG')
      os.remove(path .. '.png')
    end)
  end)

  when_there('are numbered', function()
    local first, second = gnuplot.figure(), gnuplot.figure()
    assert.is_true(second ~= first)
    assert.equal(first, gnuplot.figure(first))
    assert.equal(7, gnuplot.figure(7))
    gnuplot.closeall()
  end)

  it('histc counts', function()
    local h = gnuplot.histc(torch.Tensor {0, 0, 1, 3, 4}, 4)
    assert.same({2, 1, 0, 2}, {h[1], h[2], h[3], h[4]})
    assert.equal(1, h.binwidth)
    assert.same({0.5, 1.5, 2.5, 3.5}, h.centers:totable())
  end)
end)

describe('gnuplot errors', function()
  local function says(text, f, ...)
    local ok, message = pcall(f, ...)
    assert.is_false(ok)
    assert.truthy(tostring(message):find(text, 1, true), tostring(message))
  end

  it('say what was expected', function()
    says('gnuplot.plot: curve 1: data', gnuplot.plot)
    says('gnuplot.plot: curve 1: data', gnuplot.plot, 'name')
    says('3 and 4 elements', gnuplot.plot, torch.rand(3), torch.rand(4))
    says('DoubleTensor [2x2x2]', gnuplot.plot, torch.rand(2, 2, 2))
    says('curve 2', gnuplot.plot, {torch.rand(3)}, {torch.rand(3), {}})
    says('curve 1: its data is empty', gnuplot.plot, torch.Tensor())
    says('z: a matrix expected', gnuplot.splot, torch.rand(3))
    says('x and y for z', gnuplot.splot, torch.rand(3), torch.rand(3), torch.rand(4, 5))
    says('three columns', gnuplot.scatter3, torch.rand(3), torch.rand(3))
    says('a matrix expected', gnuplot.imagesc, 3)
    says('a matrix expected', gnuplot.imagesc, torch.Tensor())
    says('min and max: numbers expected', gnuplot.hist, torch.rand(3), 2, {})
    says('a matrix expected', gnuplot.imagesc, torch.rand(2, 2, 2))
    says('bins', gnuplot.hist, torch.rand(3), -1)
    says('above max', gnuplot.hist, torch.rand(3), 2, 5, 1)
    says('a text expected', gnuplot.xlabel, {})
    says('true or false', gnuplot.grid, 'perhaps')
    says('limit 2', gnuplot.axis, {1, {}})
    says('a table of limits', gnuplot.axis, 5)
    says('movelegend', gnuplot.movelegend, 'up')
    says('a command expected', gnuplot.raw)
    says('number of a figure', gnuplot.figure, 'a')
    says('cannot write', gnuplot.pngfigure, '/nonexistent/a.png')
    says('a file name', gnuplot.figprint, 'a.doc')
    says('is not a program', gnuplot.setgnuplotexe, '/nonexistent/gnuplot')
  end)

  when_there('of the program itself arrive', function()
    temporary(function(path)
      gnuplot.svgfigure(path)
      gnuplot.plot(torch.rand(3))
      gnuplot.raw 'set nonsense'
      says('nonsense', gnuplot.plotflush)
    end)
    says('no terminal', gnuplot.setterm, 'nonsense')
  end)
end)

describe('gnuplot windows', function()
  -- In place of the program: it lists terminals, and ends after the first drawing.
  local program = [[
#!/bin/sh
case "$*" in
  *'set terminal'*) printf '   x11 X Window System\n   dumb text\n' >&2 ;;
  *-persist*) head -c 100 >>"$0.log" ;;
esac
]]

  it('survive that their program ends', function()
    local path = os.tmpname()
    local file = assert(io.open(path, 'w'))
    file:write(program)
    file:close()
    os.execute('chmod +x ' .. path)
    gnuplot.setgnuplotexe(path)
    gnuplot.setterm 'x11'
    for _ = 1, 4 do
      assert.is_true(pcall(gnuplot.plot, torch.rand(50), '-'))
      os.execute 'sleep 0.05'
    end
    gnuplot.closeall()
    local log = contents(path .. '.log')
    assert.truthy(log:find('set terminal x11 1', 1, true))
    local _, count = log:gsub('reset', '')
    assert.is_true(count >= 2)
    os.remove(path)
    os.remove(path .. '.log')
    if has_program then gnuplot.setgnuplotexe 'gnuplot' end
  end)
end)

describe('gnuplot without the program', function()
  it('lets programs go on, and says so once', function()
    local code = os.tmpname()
    local file = assert(io.open(code, 'w'))
    file:write [[
      require 'gnuplot'
      for _ = 1, 2 do gnuplot.plot(torch.rand(3), '-') gnuplot.imagesc(torch.rand(3, 3)) end
      gnuplot.setterm 'x11' gnuplot.xlabel 'x' gnuplot.plotflush()
      print(gnuplot.getgnuplotexe(), pcall(gnuplot.plot, 'no data'))]]
    file:close()
    local pipe = io.popen(('env PATH=/nonexistent %s %s 2>&1'):format(arg[-1], code))
    local text = pipe:read '*a'
    pipe:close()
    os.remove(code)
    assert.truthy(text:match 'nil\tfalse\tgnuplot.plot: ')
    local _, warnings = text:gsub('gnuplot is not installed', '')
    assert.equal(1, warnings)
  end)
end)
