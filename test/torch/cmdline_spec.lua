--- torch.CmdLine. What ends the process is tried in a process of its own.
require 'torch'

local fails = require 'helpers'.fails

local function command()
  local c = torch.CmdLine()
  c:text 'Train a net'
  c:argument('data', 'the data')
  c:option('-lr', 0.1, 'rate')
  c:option('-opt', 'sgd', 'optimiser')
  c:option('-gpu', false, 'use it')
  c:option('--size', 5)
  return c
end

-- Run a program that parses its arguments; its output and status
local function run(arguments)
  local name = os.tmpname()
  local f = io.open(name, 'w')
  f:write [[
    local c = torch.CmdLine()
    c:text 'Train a net'
    c:argument('data', 'the data', 'number')
    c:option('-lr', 0.1, 'rate')
    c:option('-gpu', false)
    local p = c:parse(arg)
    print('parsed', p.data, p.lr, p.gpu)
  ]]
  f:close()
  local text = sys.execute(("'%s' %s %s; echo status $?"):format(arg[-1], name, arguments))
  os.remove(name)
  return text
end

describe('CmdLine', function()
  it('parses options and arguments', function()
    assert.same({data = 'x', lr = 1e-3, opt = 'sgd', gpu = true, size = 12},
      command():parse {'-lr', '1e-3', 'x', '-gpu', '--size', '12'})
    assert.same({lr = 0.1, opt = 'sgd', gpu = false, size = 5}, command():default())
  end)

  it('ends the process on mistakes and for help', function()
    assert.equal('parsed\t3\t0.5\ttrue\nstatus 0', run '3 -lr 0.5 -gpu')
    for arguments, message in pairs {
      [''] = 'not enough arguments: data is missing', ['3 -lr'] = 'missing argument for option %-lr',
      ['3 -lr x'] = 'option %-lr: a number expected, got "x"', ['x'] = 'argument data: a number expected',
      ['3 4'] = 'invalid argument: 4', ['3 --lr 5'] = 'did you mean %-lr%?'} do
      local text = run(arguments)
      assert.truthy(text:find(message), text)
      assert.truthy(text:find 'status 1$', text)
      assert.truthy(text:find('Usage:', 1, true))
    end
    local help = run '-help'
    assert.truthy(help:find('<data> the data', 1, true) and help:find('-lr    rate [0.1]', 1, true), help)
    assert.truthy(help:find 'status 0$')
  end)

  it('names folders', function()
    local c, print_ = command(), print
    rawset(_G, 'print', function() end)
    local a = c:string('exp', {lr = 0.5, opt = 'adam', gpu = true}, {})
    local b = c:string('exp', {lr = 0.5, opt = 'adam', gpu = false}, {lr = true})
    local d = c:string('exp', {lr = 0.1, gpu = false}, {gpu = false})
    local e = c:string('', {data = 'd', size = 6, nonsense = 1})
    rawset(_G, 'print', print_)
    assert.equal('exp,gpu=t,lr=0.5,opt=adam', a)
    assert.equal('exp,opt=adam', b)
    assert.equal('exp,gpu=f', d)
    assert.equal('data=d,size=6', e)
  end)

  it('copies print into a log', function()
    local name, print_ = os.tmpname(), print
    local c = command()
    c:silent()
    c:addTime('run', '%Y')
    c:log(name, {lr = 1})
    print('hello', 5)
    rawset(_G, 'print', print_)
    local text = io.open(name):read '*a'
    os.remove(name)
    assert.truthy(text:find('lr 1\n', 1, true) and text:find(os.date '%Y' .. '%[run%]:  hello 5\n'), text)
    fails('cannot write the log', c.log, c, '/no/such/file')
    rawset(_G, 'print', print_)
  end)

  it('may be extended: options of other types, readers replaced', function()
    local Lists, parent = torch.class('test.ListCmdLine', 'torch.CmdLine', {})
    function Lists:__readOption__(params, arg, i)
      local row = self.options[arg[i]]
      if row.type ~= 'table' then
        return parent.__readOption__(self, params, arg, i)
      end
      local list = {}
      while tonumber(arg[i + 1 + #list]) do
        list[#list + 1] = tonumber(arg[i + 1 + #list])
      end
      params[row.key:gsub('%-', '')] = list
      return 1 + #list
    end
    local c = torch.factory 'test.ListCmdLine' ()
    c:__init()
    c:option('-gpus', {0}, 'list')
    c:option('-flag', false)
    c:argument 'data'
    assert.same({gpus = {0}, flag = false, data = 'x'}, c:parse {'x'})
    assert.same({gpus = {1, 2}, flag = true, data = 'x'}, c:parse {'-gpus', '1', '2', '-flag', 'x'})
    assert.same({gpus = {0}, flag = false, data = 'x'}, c:parse {'-flag', 'x', '-flag'})
    fails('tables of parameters', parent.__readOption__, c, nil, {}, 1)
    fails('tables of parameters', parent.__readArgument__, c, {}, 5, 1)
  end)

  it('refuses wrong declarations', function()
    local c = torch.CmdLine()
    fails('option %-a has no default value', c.option, c, '-a')
    fails('default of type number, not string', c.option, c, '-a', 1, '', 'string')
    fails('key %(string%) expected', c.option, c, 5, 1)
    fails('text %(string%) expected', c.text, c, 5)
    fails('type "string" or "number"', c.argument, c, 'x', '', 'boolean')
    fails('table of arguments', c.parse, c)
    fails('table of parameters', c.string, c, 'x')
  end)
end)
