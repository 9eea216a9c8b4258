--- The optimisers: each goes downhill, remembers its state through a file, and refuses wrong calls; the arithmetic
-- itself is held against the original's vectors by test/golden_spec.lua.
require 'optim'

local function bowl(x) return (x[1] - 1) ^ 2 + 10 * (x[2] + 2) ^ 2, torch.Tensor { 2 * (x[1] - 1), 20 * (x[2] + 2) } end

local settings = {
  sgd = { learningRate = 0.02, momentum = 0.5 }, adam = { learningRate = 0.3 }, adamax = { learningRate = 0.3 },
  adagrad = { learningRate = 1 }, adadelta = { eps = 1e-2 }, rmsprop = { learningRate = 0.05 }, rprop = {},
  nag = { learningRate = 0.01, momentum = 0.5 }, asgd = { eta0 = 0.02 },
}

describe('optim', function()
  for name, config in pairs(settings) do
    local function copy()
      local c = {}
      for k, v in pairs(config) do c[k] = v end
      return c
    end

    it(name .. ' finds a minimum', function()
      local x, state = torch.Tensor { 0, 0 }, {}
      local before = bowl(x)
      local result, values
      for _ = 1, 200 do result, values = optim[name](bowl, x, copy(), state) end
      assert.are.equal(torch.pointer(x), torch.pointer(result))
      assert.are.equal('number', type(values[1]))
      assert.is_true(bowl(x) < 0.01 * before, name .. ' is at ' .. bowl(x))
    end)

    it(name .. ' goes on from a saved state bit for bit', function()
      local a, sa = torch.Tensor { 0, 0 }, copy()
      for _ = 1, 3 do optim[name](bowl, a, sa) end
      local b, sb = a:clone(), torch.deserialize(torch.serialize(sa))
      for _ = 1, 3 do
        optim[name](bowl, a, sa)
        optim[name](bowl, b, sb)
      end
      assert.are.equal(0, (a - b):abs():max())
    end)

    it(name .. ' refuses wrong calls', function()
      assert.has_error(function() optim[name](nil, torch.ones(2)) end)
      assert.has_error(function() optim[name](bowl, 3) end)
      assert.has_error(function() optim[name](bowl, torch.ones(2), 0.1) end)
    end)
  end

  it('sgd: momentum, decay, rates an element', function()
    local function one() return 0, torch.Tensor { 1, 1 } end
    local x, config = torch.Tensor { 0, 0 }, { learningRate = 1, momentum = 0.5, dampening = 0 }
    optim.sgd(one, x, config)
    optim.sgd(one, x, config)
    assert.are.equal(-2.5, x[1])
    x = torch.Tensor { 0, 0 }
    config = { learningRate = 1, learningRateDecay = 1, learningRates = torch.Tensor { 1, 0 } }
    optim.sgd(one, x, config)
    optim.sgd(one, x, config)
    assert.are.same({ -1.5, 0 }, x:totable())
    assert.has_error(function() optim.sgd(one, x, { nesterov = true }) end)
    assert.has_error(function() optim.sgd(one, x, { weightDecay = 1, weightDecays = torch.ones(2) }) end)
  end)
end)

describe('optim.ConfusionMatrix', function()
  it('counts and prints', function()
    local c = optim.ConfusionMatrix { 'a', 'b' }
    c:batchAdd(torch.Tensor { { 0.9, 0.1 }, { 0.2, 0.8 }, { 0.6, 0.4 } }, torch.LongTensor { 1, 2, 2 })
    c:add(1, 1)
    c:add(torch.Tensor { 0, 1 }, torch.Tensor { 1, 0 })
    c:add(1, 0)
    assert.are.same({ { 2, 1 }, { 1, 1 } }, c.mat:totable())
    assert.are.equal(table.concat({
      'ConfusionMatrix:',
      '[[       2       1]   66.667% \t[class: a]',
      ' [       1       1]]  50.000% \t[class: b]',
      ' + average row correct: 58.333334326744% ',
      ' + average rowUcol correct (VOC measure): 41.666667163372% ',
      ' + global correct: 60%' }, '\n'), tostring(c))
    c:zero()
    assert.are.equal(0, c.mat:sum())
  end)

  it('counts a batch as it counts one by one', function()
    torch.manualSeed(4)
    local a, b = optim.ConfusionMatrix(5), optim.ConfusionMatrix(5)
    local p, t = torch.randn(200, 5), torch.LongTensor(200):random(0, 5)
    a:batchAdd(p, t)
    a:batchAdd(t:clone():clamp(1, 5):double(), t)
    for i = 1, 200 do b:add(p[i], t[i]) end
    for i = 1, 200 do b:add(math.max(t[i], 1), t[i]) end
    assert.are.same(b.mat:totable(), a.mat:totable())
    a:batchAdd(torch.LongTensor { 9 }, torch.LongTensor { 0 })
    assert.error_matches(function() a:batchAdd(torch.LongTensor { 1, 9 }, torch.LongTensor { 1, 2 }) end,
      'prediction 9, target 2')
    assert.error_matches(function() a:batchAdd(torch.LongTensor { 1 }, torch.LongTensor { 6 }) end, 'target 6')
    assert.are.same(b.mat:totable(), a.mat:totable())
  end)

  it('rejects and accepts', function()
    local c = optim.ConfusionMatrix(3)
    c:batchAdd(torch.LongTensor { 1, 1, 2, 2 }, torch.LongTensor { 1, 2, 2, 2 })
    local frr, far, seen = c:farFrr()
    assert.are.same({ 0, 1 / 3, -1 }, frr:totable())
    assert.are.same({ 1 / 3, 0, -1 }, far:totable())
    assert.are.equal(2, seen:size(1))
  end)

  it('refuses what does not fit', function()
    local c = optim.ConfusionMatrix(3)
    for _, f in ipairs {
      function() c:add(4, 1) end, function() c:add(1, 4) end, function() c:add(1.5, 1) end,
      function() c:add('1', 1) end,
      function() c:add(torch.ones(2), 1) end, function() c:batchAdd(torch.ones(2, 4), torch.ones(2)) end,
      function() c:batchAdd(torch.ones(2), torch.ones(3)) end, function() c:batchAdd(1, 1) end,
      function() optim.ConfusionMatrix() end, function() c:render() end,
    } do assert.has_error(f) end
  end)
end)

describe('optim.Logger', function()
  local folder
  before_each(function()
    folder = os.tmpname()
    os.remove(folder)
  end)
  after_each(function() os.execute("rm -rf '" .. folder .. "'") end)

  local content = require 'helpers'.content

  it('writes rows', function()
    local log = optim.Logger(folder .. '/deep/run.log')
    log:setNames { 'a', 'b' }
    log:add { 0.5, 'x' }
    log:add { a = 1, b = 2 }
    assert.are.equal('a\tb\t\n 5.0000e-01\tx\t\n 1.0000e+00\t 2.0000e+00\t\n', content(folder .. '/deep/run.log'))
    assert.has_error(function() log:add { c = 1 } end)
    assert.has_error(function() log:add { {}, 2 } end)
    local named = optim.Logger(folder .. '/named.log')
    named:add { loss = 3 }
    assert.are.equal('loss\t\n 3.0000e+00\t\n', content(folder .. '/named.log'))
    assert.has_error(function() optim.Logger '/proc/no/such.log' end)
    assert.error_matches(function() named:add() end, 'add: expected a table of values, got nil')
    assert.error_matches(function() named:setNames 'loss' end, 'setNames: expected a list of names, got string')
  end)

  it('plots with gnuplot', function()
    local log = optim.Logger(folder .. "/it's.log")
    log:setNames { "it's", 'b' }
    assert.is_nil((log:plot()))
    for i = 1, 5 do log:add { i * i, 0 / 0 } end
    log:style { '-', '+-' }
    local path = log:plot()
    local found = os.execute 'command -v gnuplot >/dev/null 2>&1'
    if found == 0 or found == true then
      assert.are.equal('\137PNG', content(path):sub(1, 4))
      assert.are.equal('%!PS-Adobe', content(folder .. "/it's.log.eps"):sub(1, 10))
    else
      assert.is_nil(path)
    end
  end)

  it('draws text', function()
    local log = optim.Logger(folder .. '/text.log')
    assert.is_nil((log:chart()))
    for i = 1, 9 do log:add { down = 10 - i, up = i } end
    local text = log:chart(9, 9)
    local lines = {}
    for line in (text .. '\n'):gmatch '(.-)\n' do lines[#lines + 1] = line end
    assert.are.equal('         9 |*       +', lines[1])
    assert.are.equal('           |    +', lines[5])
    assert.are.equal('         1 |+       *', lines[9])
    assert.matches('%* down   %+ up', lines[11])
    local middle = lines[7]
    log:setlogscale(true)
    log:add { down = -1, up = 0 / 0 }
    assert.matches('^ +9 |', log:chart())
    assert.not_equal(middle, select(7, log:chart(9, 9):match(('(.-)\n'):rep(7))))
    log:setlogscale(false)
    log:style { down = '.', up = { '+-' } }
    assert.are.same({ down = { '.' }, up = { '+-' } }, log.styles)
    assert.are.equal(log, log:style '-')
    assert.are.same({ down = { '-' }, up = { '-' } }, log.styles)
    assert.has_error(function() log:style { sideways = '-' } end)
    log:display(false)
    assert.is_false(log.showPlot)
    local flat = optim.Logger(folder .. '/flat.log')
    flat:add { 3 }
    assert.matches('3 |%*', flat:chart(5, 2))
  end)

  it('take digits in strings as numbers and name settings that are none', function()
    for name, key in pairs { sgd = 'momentum', adam = 'beta1', adagrad = 'learningRateDecay', asgd = 'alpha',
      cg = 'rho', lbfgs = 'learningRate', rmsprop = 'alpha', rprop = 'etaplus', nag = 'weightDecay' } do
      local a, b = torch.Tensor { 0, 0 }, torch.Tensor { 0, 0 }
      for _ = 1, 2 do
        optim[name](bowl, a, { [key] = 0.25 })
        optim[name](bowl, b, { [key] = '0.25' })
      end
      assert.are.equal(0, a:dist(b))
      for _, wrong in ipairs { 'fast', true, {}, torch.ones(1) } do
        assert.error_matches(function() optim[name](bowl, a, { [key] = wrong }) end,
          ('optim.%s: %s: expected a number, got '):format(name, key))
      end
    end
  end)

  it('name a gradient that does not fit x', function()
    for _, name in ipairs { 'sgd', 'adam', 'adamax', 'adagrad', 'adadelta', 'rmsprop', 'rprop', 'nag', 'asgd' } do
      local x = torch.ones(3)
      for _, wrong in ipairs { torch.ones(2), 'x', false } do
        assert.error_matches(function() optim[name](function() return 1, wrong end, x) end,
          'optim.' .. name .. ': the function must return f%(x%) and a gradient like x, torch.DoubleTensor of 3')
      end
      assert.same({ 1, 1, 1 }, x:totable())
    end
  end)
end)
