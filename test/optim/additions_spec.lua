--- What Torch7's optim did not have: newer methods and schedules, against numbers of PyTorch 2.15 in float64; clipping,
-- groups, accumulation, early stopping, averages.
require 'optim'
require 'nn'

local diagonal = torch.Tensor { 1, 3, 0.5, 2 }
local function bowl(x)
  local g = torch.cmul(diagonal:viewAs(x), x)
  return 0.5 * g:dot(x), g
end
local function start() return torch.Tensor { 1, -2, 3, 0.5 } end

local function near(want, got, tolerance)
  if type(tolerance) ~= 'number' then tolerance = 1e-12 end
  for i, v in ipairs(want) do
    assert.is_true(math.abs(v - got[i]) <= tolerance, ('%d: %.15g instead of %.15g'):format(i, got[i], v))
  end
end

describe('newer methods', function()
  local expected = {
    adamw = { { weightDecay = 0.05 },
      { -0.07720860405774747, -0.7641099384331413, 1.6860721106128929, -0.18773302541121156 } },
    nadam = { { weightDecay = 0.05 },
      { 0.2208801020809034, -1.1089489436198559, 2.0763924537284897, -0.03498982915555397 } },
    radam = { { weightDecay = 0.05 },
      { 0.5051015887873413, 0.15878169929426353, 2.1941801484034538, 0.07234764580192016 } },
  }
  for name, row in pairs(expected) do
    it(name .. ' goes where PyTorch goes', function()
      local x, state = start(), {}
      for _ = 1, 12 do
        optim[name](bowl, x, { learningRate = 0.1, weightDecay = row[1].weightDecay }, state)
      end
      near(row[2], x)
    end)
  end

  it('muon orthogonalises; PyTorch does so in bfloat16', function()
    local x, state = start():view(2, 2), {}
    for _ = 1, 12 do optim.muon(bowl, x, { learningRate = 0.1 }, state) end
    near({ 0.663928743248964, -0.9519912782536164, 1.8413745268173898, 0.21973282297342417 }, x:view(-1), 0.02)
  end)

  it('muon finds the matrices in flat parameters and gives the rest to adamw', function()
    local net = nn.Sequential():add(nn.Linear(5, 3)):add(nn.Tanh()):add(nn.Linear(3, 2))
    local w, g = net:getParameters()
    local x, y, loss = torch.randn(20, 5), torch.randn(20, 2), nn.MSECriterion()
    local function f()
      g:zero()
      local l = loss:forward(net:forward(x), y)
      net:backward(x, loss:backward(net.output, y))
      return l, g
    end
    local first, config = f(), { learningRate = 0.02, parameters = net:parameters() }
    for _ = 1, 60 do optim.muon(f, w, config) end
    assert.is_true(f() < 0.8 * first)
    local copy = torch.deserialize(torch.serialize(config))
    copy.parameters = nil
    optim.muon(f, w, copy)
    assert.error_matches(function() optim.muon(f, w, {}) end, 'config.parameters must list')
    assert.error_matches(function() optim.muon(f, w, { parameters = { torch.ones(3) } }) end, 'no part of x')
  end)

  it('lion steps by the sign', function()
    local x, state = torch.Tensor { 1, -1, 0 }, {}
    local function f(v) return 0, v * 1 end
    optim.lion(f, x, { learningRate = 0.1, weightDecay = 1 }, state)
    near({ 0.8, -0.8, 0 }, x, 1e-15)
    near({ 0.01, -0.01, 0 }, state.m, 1e-15)
  end)

  for _, name in ipairs { 'adamw', 'nadam', 'radam', 'lion', 'muon' } do
    it(name .. ': float, resuming, wrong calls', function()
      local x = start():view(2, 2):float()
      local function f(v) return v:dot(v), v * 2 end
      local config = { learningRate = 0.02 }
      for _ = 1, 100 do optim[name](f, x, config) end
      assert.is_true(x:norm() < 3)
      local y, copy = x:clone(), torch.deserialize(torch.serialize(config))
      optim[name](f, x, config)
      optim[name](f, y, copy)
      assert.are.equal(0, (x - y):abs():max())
      assert.error_matches(function() optim[name](nil, x) end, 'optim.' .. name .. ': argument 1')
      assert.error_matches(function() optim[name](f, 1) end, 'optim.' .. name .. ': argument 2')
      assert.error_matches(function() optim[name](function() return 1 end, x, {}) end, 'a gradient like x')
    end)
  end
end)

describe('optim.Schedule', function()
  local function rates(options, n, values)
    local config, list = { learningRate = 0.1, momentum = 0.9 }, {}
    local s = optim.Schedule(config, options)
    for i = 1, n do
      list[i] = config.learningRate
      assert.are.equal(config.learningRate, s:step(values and values[i]) and list[i])
    end
    return list, s, config
  end

  it('is that of PyTorch', function()
    near({ 0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.025, 0.025 }, rates({ kind = 'step', every = 3, factor = 0.5 }, 8))
    near({ 0.1, 0.1, 0.01, 0.01, 0.01, 0.001, 0.001 }, rates({ kind = 'multistep', at = { 2, 5 } }, 7))
    near({ 0.1, 0.09, 0.081, 0.0729 }, rates({ kind = 'exponential', factor = 0.9 }, 4))
    near({ 0.1, 0.064, 0.036, 0.016, 0.004, 0, 0 }, rates({ kind = 'polynomial', steps = 5, power = 2 }, 7))
    near({ 0.1, 0.091405764747, 0.068905764747, 0.041094235253, 0.018594235253, 0.01, 0.01 },
      rates({ kind = 'cosine', steps = 5, minimum = 0.01 }, 7), 1e-11)
    near({ 0.1, 0.0775, 0.0325, 0.1, 0.09397114317, 0.0775, 0.055, 0.0325, 0.01602885683, 0.1, 0.098466662183 },
      rates({ kind = 'restarts', steps = 3, growth = 2, minimum = 0.01 }, 11), 1e-11)
    near({ 0.004, 0.052, 0.1, 0.095048463201, 0.081174565395, 0.061126202194, 0.038874197806, 0.018825834605,
      0.004951936799, 4e-07 }, rates({ kind = 'onecycle', steps = 10 }, 10), 1e-11)
    near({ 0.1, 0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.025, 0.025, 0.025, 0.025, 0.025, 0.0125, 0.0125 },
      rates({ kind = 'plateau', patience = 1, factor = 0.5, cooldown = 1 }, 14,
        { 5, 4, 4, 4, 4, 4, 4, 4, 4, 3, 3, 3, 3, 3 }))
    near({ 0.025, 0.04375, 0.0625, 0.08125, 0.1, 0.1 }, rates({ kind = 'constant', warmup = 4, warmupFrom = 0.25 }, 6))
    near({ 0.1, 0.05, 0.1 / 3 },
      rates({ kind = 'function', f = function(t, base) return base / (1 + t) end }, 3))
    near({ 0.1, 0.1, 0.1, 0.1, 0.1, 0.1 * math.sqrt(4 / 5) }, rates({ kind = 'inverse', after = 4 }, 6))
  end)

  it('moves the momentum in a cycle', function()
    local _, s, config = rates({ kind = 'onecycle', steps = 10 }, 2)
    assert.are.equal(0.85, config.momentum)
    assert.matches('onecycle, step 2', tostring(s))
    local quiet = { learningRate = 1, momentum = 0.5 }
    optim.Schedule(quiet, { kind = 'onecycle', steps = 10, momentum = false })
    assert.are.equal(0.5, quiet.momentum)
  end)

  it('warms up before another kind and goes through a file with its config', function()
    local config = { learningRate = 1 }
    local s = optim.Schedule(config, { kind = 'cosine', steps = 4, warmup = 2 })
    local seen = {}
    for i = 1, 7 do
      seen[i] = config.learningRate
      s:step()
      local both = torch.deserialize(torch.serialize { config = config, s = s })
      config, s = both.config, both.s
    end
    near({ 0.5, 0.75, 1, 0.853553390593, 0.5, 0.146446609407, 0 }, seen, 1e-11)
    local other = {}
    s:apply(other)
    assert.are.equal(s:rateAt(7), other.learningRate)
  end)

  it('refuses what it does not know', function()
    local config = { learningRate = 1 }
    for text, f in pairs {
      ['with a learningRate'] = function() optim.Schedule({}, { kind = 'step', every = 1 }) end,
      ['warmup: expected a number'] = function()
        optim.Schedule(config, { kind = 'cosine', steps = 9, warmup = 'long' })
      end,
      ['cosine, cyclic, exponential'] = function() optim.Schedule(config, { kind = 'cosin' }) end,
      ['option every is missing'] = function() optim.Schedule(config, { kind = 'step' }) end,
      ['unknown option gamma'] = function() optim.Schedule(config, { kind = 'step', every = 1, gamma = 2 }) end,
      ['positive number'] = function() optim.Schedule(config, { kind = 'step', every = 0 }) end,
      ['option factor: expected a number'] = function()
        optim.Schedule(config, { kind = 'step', every = 1, factor = 'x' })
      end,
      ['the value to watch'] = function() optim.Schedule(config, { kind = 'plateau' }):step() end,
      ['mode'] = function() optim.Schedule(config, { kind = 'plateau', mode = 'least' }) end,
    } do
      assert.error_matches(f, text)
    end
    assert.are.equal(1, config.learningRate)
  end)
end)

describe('gradients', function()
  it('are clipped by norm, value and layer', function()
    local g = torch.Tensor { 3, 4 }
    assert.are.equal(5, optim.clipNorm(g, 10))
    assert.are.equal(4, g[2])
    assert.are.equal(5, optim.clipNorm(g, 1))
    assert.is_true(math.abs(g:norm() - 1) < 1e-6)
    local list = { torch.ones(2) * 3, torch.ones(2) }
    assert.is_true(math.abs(optim.clipNorm(list, 1) - math.sqrt(20)) < 1e-12)
    assert.are.equal(4, optim.clipNorm({ torch.Tensor { -4, 1 } }, 8, math.huge))
    near({ 6, 2 }, { optim.clipNorm(torch.ones(6), 1, 1), optim.clipLayers({ torch.ones(4) }, 1)[1] }, 1e-12)
    local v = torch.Tensor { -3, 0.2, 9 }
    optim.clipValue(v, 0.5)
    assert.are.same({ -0.5, 0.2, 0.5 }, v:totable())
    local net = nn.Linear(3, 2)
    net.gradWeight:fill(5)
    net.gradBias:fill(0.1)
    optim.clipLayers(net, 1)
    assert.is_true(math.abs(net.gradWeight:norm() - 1) < 1e-6 and net.gradBias[1] == 0.1)
    optim.clipNorm(net, 0.5)
    assert.is_true(math.abs(math.sqrt(net.gradWeight:norm() ^ 2 + net.gradBias:norm() ^ 2) - 0.5) < 1e-6)
    local x = torch.zeros(2)
    optim.sgd(optim.clipped(function() return 0, torch.Tensor { 30, 40 } end, { norm = 1 }), x, { learningRate = 1 })
    near({ -0.6, -0.8 }, x, 1e-6)
    optim.sgd(optim.clipped(function() return 0, torch.Tensor { 30, 40 } end, { value = 1 }), x, { learningRate = 1 })
    near({ -1.6, -1.8 }, x, 1e-6)
    assert.error_matches(function() optim.clipNorm(3, 1) end, 'optim.clipNorm: argument 1')
    assert.error_matches(function() optim.clipNorm({ 1 }, 1) end, 'entry 1 is number')
    assert.error_matches(function() optim.clipValue(v, -1) end, 'not negative')
    assert.error_matches(function() optim.clipped(bowl, {}) end, 'optim.clipped: argument 2')
  end)

  it('are accumulated', function()
    local k = 0
    local f = optim.accumulate(function(x)
      k = k + 1
      return k, x * k
    end, 4)
    local fx, g = f(torch.ones(2))
    assert.are.same({ 2.5, 2.5, 4 }, { fx, g[1], k })
    assert.error_matches(function() optim.accumulate(bowl) end, 'argument 2')
  end)
end)

describe('optim.Groups', function()
  local function net()
    torch.manualSeed(1)
    local m = nn.Sequential():add(nn.Linear(3, 4)):add(nn.Linear(4, 2))
    return m, m:getParameters()
  end

  it('moves each group by its settings, with one evaluation', function()
    local m, w, g = net()
    g:fill(1)
    local before, calls = w:clone(), 0
    local groups = optim.Groups(w, { { modules = { m:get(1) }, learningRate = 0.5, name = 'first' },
      { parameters = { m:get(2).bias }, scale = 0.1, weightDecay = 0 } })
    local sgd = groups:wrap(optim.sgd)
    local config = { learningRate = 1, weightDecay = 0.5 }
    local function f()
      calls = calls + 1
      return 7, g
    end
    local x, values = sgd(f, w, config)
    assert.are.equal(torch.pointer(w), torch.pointer(x))
    assert.are.same({ 7 }, values)
    assert.are.equal(1, calls)
    local want = before:clone()
    want:narrow(1, 1, 16):add(-0.5, before:narrow(1, 1, 16) * 0.5 + 1)
    want:narrow(1, 17, 8):add(-1, before:narrow(1, 17, 8) * 0.5 + 1)
    want:narrow(1, 25, 2):add(-0.1)
    assert.is_true((w - want):abs():max() < 1e-12)
    groups:freeze 'first'
    groups:freeze(0)
    groups:freeze(2)
    sgd(f, w, config)
    assert.is_true((w - want):abs():max() < 1e-12)
    groups:unfreeze(0)
    sgd(f, w, config)
    assert.is_true(w[1] == want[1] and w[20] ~= want[20])
  end)

  it('agrees with the method itself where nothing differs, and resumes', function()
    for _, name in ipairs { 'adam', 'nag', 'rprop', 'adamax' } do
      local a, b = start(), start()
      local wrapped = optim.Groups(b, { { first = 2, last = 3 } }):wrap(optim[name])
      local ca, cb = { learningRate = 0.05 }, { learningRate = 0.05 }
      for _ = 1, 5 do
        optim[name](bowl, a, ca)
        wrapped(bowl, b, cb)
        cb = torch.deserialize(torch.serialize(cb))
      end
      assert.are.equal(0, (a - b):abs():max(), name)
    end
  end)

  it('refuses what does not fit', function()
    local m, w = net()
    for text, groups in pairs {
      ['share parameters'] = { { modules = { m } }, { modules = { m:get(1) } } },
      ['no part of x'] = { { parameters = { torch.ones(2) } } },
      ['has no parameters'] = { { learningRate = 1 } },
      ['are not in 1 to 26'] = { { first = 20, last = 30 } },
    } do
      assert.error_matches(function() optim.Groups(w, groups) end, text)
    end
    assert.error_matches(function() optim.Groups(1, {}) end, 'argument 1')
    assert.error_matches(function() optim.Groups(w, { true }) end, 'group 1: expected a table')
    assert.error_matches(function() optim.Groups(w, { { modules = 3 } }) end, 'modules: expected a list')
    assert.error_matches(function() optim.Groups(w, { { first = 1 } }) end, 'places 1 to nil')
    assert.error_matches(function() optim.Groups(w, {}):wrap(3) end, 'expected an optimiser')
    assert.error_matches(function() optim.Groups(w, {}):freeze 'x' end, 'no group x')
    assert.error_matches(function()
      optim.Groups(w, { { first = 1, last = 2 } }):wrap(optim.sgd)(function() error 'mine' end, w, {})
    end, 'mine')
  end)
end)

describe('training aids', function()
  it('optim.EarlyStopping stops and restores', function()
    local stop, x = optim.EarlyStopping { patience = 1 }, torch.ones(2)
    assert.is_false((stop:update(3, x)))
    x:fill(2)
    assert.is_false((stop:update(2, x)))
    x:fill(3)
    assert.is_false((stop:update(0 / 0, x)))
    stop = torch.deserialize(torch.serialize(stop))
    assert.is_true((stop:update(2.5, x)))
    assert.are.same({ 2, 2 }, { stop.best, stop.bestAt })
    assert.are.equal(2, stop:restore(x)[1])
    local most = optim.EarlyStopping { mode = 'max', minimum = 0.1 }
    most:update(0.5)
    assert.is_false((select(2, most:update(0.55))))
    assert.error_matches(function() optim.EarlyStopping { patienc = 2 } end, 'none of that name')
    assert.error_matches(function() optim.EarlyStopping(torch.ones(2)) end, 'expected a table of options')
    assert.error_matches(function() optim.EarlyStopping { mode = 'least' } end, 'mode')
    assert.error_matches(function() most:restore(x) end, 'no parameters')
    assert.error_matches(function() most:update 'x' end, 'expected a number')
  end)

  it('optim.Average follows', function()
    local x = torch.zeros(3)
    local ema = optim.Average(x, 0.9)
    x:fill(1)
    ema:update(x)
    near({ 0.1, 0.1, 0.1 }, ema.average)
    ema:update(x)
    near({ 0.19, 0.19, 0.19 }, ema.average)
    ema:swap(x)
    near({ 0.19 }, x)
    near({ 1 }, ema.average)
    local fast = optim.Average(torch.zeros(1), 0.99, true)
    near({ 0.9 }, fast:update(torch.ones(1)))
    assert.error_matches(function() optim.Average(3) end, 'argument 1')
    assert.error_matches(function() ema:swap() end, 'swap: argument 1: expected a torch')
    assert.error_matches(function() ema:update(torch.ones(x:nElement() + 1)) end, 'update: argument 1: expected')
    assert.error_matches(function() optim.Average(x, 2) end, 'argument 2')
    assert.error_matches(function() ema:update(torch.ones(2)) end, 'optim.Average: update')
  end)
end)
