--- xlua.
require 'torch'
local xlua = require 'xlua'

local fails = require 'helpers'.fails

-- What io.write and print are given while f runs
local function captured(f)
  local lines, write, print_ = {}, io.write, print
  io.write = function(...) -- luacheck: ignore 122
    lines[#lines + 1] = table.concat {...}
  end
  rawset(_G, 'print', function(x)
    lines[#lines + 1] = tostring(x) .. '\n'
  end)
  local ok, err = pcall(f)
  io.write = write -- luacheck: ignore 122
  rawset(_G, 'print', print_)
  assert(ok, err)
  return table.concat(lines)
end

describe('progress', function()
  it('prints the finished bar only when not on a terminal', function()
    xlua.progressOnTerminal = false
    local text = captured(function()
      for i = 1, 50 do
        xlua.progress(i, 50)
      end
    end)
    assert.truthy(text:find '^ %[=+ 50/50 =+%]  Tot: .* | Step: .*\n$', text)
  end)

  it('draws on a terminal', function()
    xlua.progressOnTerminal = true
    local text = captured(function()
      xlua.progress(1, 4)
      xlua.progress(4, 4)
    end)
    xlua.progressOnTerminal = nil
    assert.truthy(text:find '\r %[=.*1/4.*ETA.*\r %[=.*4/4.*Tot.*\n$', text)
    fails('two numbers', xlua.progress, 1)
  end)

  it('tells times', function()
    local times = {[0] = '0ms', [0.25] = '250ms', [1] = '1s', [61.5] = '1m1s', [3725] = '1h2m', [90061] = '1D1h'}
    for seconds, text in pairs(times) do
      assert.equal(text, xlua.formatTime(seconds))
    end
    fails('number', xlua.formatTime)
  end)
end)

describe('unpack', function()
  it('takes a table of options for others, too', function()
    local function seed(...)
      local args, n = xlua.unpack({...}, 'seed', 'of a sampler', {arg = 'seed', type = 'number', default = 7})
      assert.equal(n, args[1])
      return n
    end
    assert.equal(7, seed {batch = 32})
    assert.equal(3, seed {batch = 32, seed = 3})
    local function first(...) return select(2, xlua.unpack({...}, 'first', '', {arg = 'list', type = 'table'})) end
    assert.equal('b', first {a = 'b'}.a)
    assert.equal(4, first({list = {4}})[1])
    local args = xlua.unpack({}, 'seed', 'of a sampler', {arg = 'seed'})
    assert.truthy(tostring(args.usage):find 'of a sampler')
  end)

  local function area(...)
    local args, w, h = xlua.unpack({...}, 'area', 'of a box', {arg = 'w', type = 'number', req = true},
      {arg = 'h', type = 'number', defaulta = 'w'})
    assert.equal(w, args.w)
    return w * h
  end

  it('takes positions and names', function()
    assert.equal(9, area(3))
    assert.equal(10, area(2, 5))
    assert.equal(10, area {h = 5, w = 2})
    fails('missing argument: w', area)
    fails('missing argument: w', area, {})
    local o = {}
    xlua.unpack_class(o, {5}, 'f', '', {arg = 'a'}, {arg = 'b', default = false})
    assert.same({a = 5, b = false}, o)
    local function net(...)
      return (xlua.unpack({...}, 'net', '', {arg = 'pool', type = 'nn.Module'},
        {arg = 'sizes', type = 'table | torch.Tensor'}, {arg = 'words', type = 'list of words'},
        {arg = 'pad', type = 'boolean'}))
    end
    local nn, torch = require 'nn', require 'torch'
    assert.truthy(net {pool = nn.ReLU(), sizes = torch.LongTensor {1}, words = 'a b', pad = true}.pad)
    assert.equal(9, area {w = '3'}) -- types are for readers
    assert.is_false(net {sizes = false}.sizes)
    assert.truthy(xlua.usage('area', 'of a box', 'area(2)', {arg = 'w', help = 'width'}):find 'width')
  end)
end)

describe('texts and tables', function()
  it('are printed and converted', function()
    assert.equal('{[1]=1, [2]="x", [3]={y=2}, z=true}', xlua.table2string {1, 'x', {y = 2}, z = true})
    local ring = {1}
    ring[2] = {ring}
    assert.truthy(xlua.table2string(ring):find '^{%[1%]=1, %[2%]={%[1%]=table: 0x%x+}}$')
    assert.equal('{\n  [1] = 1\n  [a] = b\n}\n', captured(function() xprint {1, a = 'b'} end)) -- luacheck: ignore 113
    assert.same({'a', 'b', 'c'}, string.split('a,b,c', ',')) -- luacheck: ignore 143
    assert.same({'a'}, string.split(',a', ',')) -- luacheck: ignore 143
    assert.equal(string.format, string.tosymbol 'string.format') -- luacheck: ignore 143
    local kept, removed = table.splice({1, 2, 3, 4}, 2, 2) -- luacheck: ignore 143
    assert.same({{1, 4}, {2, 3}}, {kept, removed})
    assert.error_matches(function() xlua.splice(3) end, 'table.splice: argument 1: table expected')
    assert.error_matches(function() xlua.prune() end, 'table.prune: argument 1: table expected')
    assert.error_matches(function() xlua.tosymbol(3) end, 'argument 1: string expected')
    assert.error_matches(function() xlua.installed(3) end, 'argument 1: string expected')
    assert.error_matches(function() xlua.trycatch(error) end, 'argument 2: function expected')
    assert.error_matches(function() xlua.envparams(3) end, 'argument 1: table expected')
    assert.equal(3, #table.prune({0 / 0, 1, 1, 0 / 0})) -- luacheck: ignore 143
    local merged = table.prune({1, -1, 2}, math.abs, function(a, b) return a + b end) -- luacheck: ignore 143
    table.sort(merged)
    assert.same({0, 2}, merged)
  end)
end)

describe('modules and errors', function()
  it('are found, missed and caught', function()
    assert.is_true((xlua.installed 'xlua'))
    assert.is_false((xlua.installed 'no_such_module'))
    local stderr = io.stderr
    io.stderr = {write = function() end} -- luacheck: ignore 122
    assert.is_false(xlua.require 'no_such_module')
    io.stderr = stderr -- luacheck: ignore 122
    fails('<there> message', xlua.error, 'message', 'there')
    local caught
    xlua.trycatch(function() error('x', 0) end, function(e) caught = e end)
    assert.equal('x', caught)
    assert.same({RK_NO_SUCH = 5}, xlua.envparams {RK_NO_SUCH = 5})
    assert.equal('number', type(xlua.envparams({SHLVL = 7, RK_NO_SUCH = 1}).SHLVL))
  end)

  it('globals come and go', function()
    rawset(_G, 'some_global', 5)
    assert.truthy(captured(xlua.who):find 'some_global = 5')
    xlua.clear 'some_global'
    assert.error_matches(function() xlua.clear() end, 'expected the name of a global')
    assert.is_nil(rawget(_G, 'some_global'))
  end)
end)

describe('OptionParser', function()
  it('parses', function()
    local op = xlua.OptionParser 'prog [options]'
    op:option {'-x', '--ex', default = 3, help = 'the x'}
    op:option {'-v', '--verbose', action = 'store_true'}
    op:option {'-q', '--quiet', action = 'store_false', dest = 'loud'}
    op:option {'--name', dest = 'n', default = 'none'}
    local o, rest = op:parse {'-x', '5', 'file', '--name=a b', '-v'}
    assert.same({ex = 5, verbose = true, loud = true, n = 'a b'}, o)
    assert.same({'file'}, rest)
    assert.equal('ex=5,verbose=true,loud=true,n=a_b', op:tostring(true))
    assert.truthy(captured(function() op:help() end):find('-x, --ex EX', 1, true))
    assert.truthy(captured(function() op:summarize(true) end):find 'ex=5')
    op:option {'-z', dest = 'z', note = 'keys of a program'}
    fails('unknown action', op.option, op, {'-z', action = 'run'})
    fails('names of the option', op.option, op, {})
  end)
end)

describe('Profiler', function()
  it('measures', function()
    local p = xlua.Profiler 'off'
    p:start 'a'
    sys.sleep(0.01)
    local cpu, real = p:lap 'a'
    assert.is_true(real >= 0.01 and cpu >= 0)
    assert.equal(real, p:real 'a')
    p:start('b', 'fps')
    p:lap 'b'
    assert.truthy(p:formatAll():find '^a: cpu .* s, real .* s\nb: .* fps$')
    assert.equal('', captured(function() p:printAll() end))
    fails('zz was never started', p.lap, p, 'zz')
    fails('no colour', p.setColor, p, 'puce')
  end)

  it('usage_module makes the text of a module', function()
    local module = { b = function() end }
    assert.are.equal(module, xlua.usage_module(module, 'thing', 'does things') or module)
    assert.matches('thing', tostring(module))
    assert.matches('does things', tostring(module))
    assert.error_matches(function() xlua.usage_module(1, 'thing') end, 'usage_module')
  end)
end)
