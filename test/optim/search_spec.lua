--- The methods that search along lines or in populations: minima, resuming, wrong calls; the arithmetic is held against
-- the original's vectors by test/golden_spec.lua.
require 'optim'

local function rosenbrock(x)
  local t = x[2] - x[1] * x[1]
  return 100 * t * t + (1 - x[1]) ^ 2, x.new { -400 * t * x[1] - 2 * (1 - x[1]), 200 * t }
end
local function bowl(x) return x:dot(x), x * 2 end

describe('optim', function()
  local function minimum(name, config, dtype, tolerance)
    local x = torch.Tensor { -1.2, 1 }:type(dtype)
    local result, values, evaluations
    for _ = 1, 4 do result, values, evaluations = optim[name](rosenbrock, x, config) end
    assert.are.equal(torch.pointer(x), torch.pointer(result))
    assert.is_true((x - 1):abs():max() < tolerance, tostring(x))
    assert.are.equal('number', type(values[1]))
    assert.are.equal('number', type(evaluations))
  end

  it('lbfgs with lswolfe finds the minimum of a bent valley', function()
    minimum('lbfgs', { maxIter = 60, lineSearch = optim.lswolfe, learningRate = 1 }, 'torch.DoubleTensor', 1e-4)
    minimum('lbfgs', { maxIter = 60, lineSearch = optim.lswolfe, nCorrection = 3 }, 'torch.FloatTensor', 1e-2)
  end)

  it('cg finds it, too', function()
    minimum('cg', { maxIter = 60 }, 'torch.DoubleTensor', 1e-4)
    minimum('cg', { maxIter = 60 }, 'torch.FloatTensor', 1e-2)
  end)

  for name, config in pairs { lbfgs = { maxIter = 4, learningRate = 0.5 }, cg = { maxIter = 6 } } do
    it(name .. ' goes on from a saved state bit for bit', function()
      local function valley(x) return rosenbrock(x) end
      local a, state = torch.Tensor { -1.2, 1 }, {}
      local rate = { maxIter = config.maxIter, learningRate = name == 'lbfgs' and 1e-3 or nil }
      for _ = 1, 3 do optim[name](valley, a, rate, state) end
      local b, copy = a:clone(), torch.deserialize(torch.serialize(state))
      for _ = 1, 3 do
        optim[name](valley, a, rate, state)
        optim[name](valley, b, rate, copy)
      end
      assert.are.equal(0, (a - b):abs():max())
    end)
  end

  it('lbfgs stops at once at a minimum and stays within its evaluations', function()
    local x = torch.zeros(3)
    local _, values, n = optim.lbfgs(bowl, x, {})
    assert.are.same({ { 0 }, 1 }, { values, n })
    local count = 0
    optim.lbfgs(function(v)
      count = count + 1
      return rosenbrock(v)
    end, torch.Tensor { -1.2, 1 }, { maxIter = 100, maxEval = 7, learningRate = 1e-3 })
    assert.are.equal(7, count)
  end)

  it('lswolfe satisfies both conditions', function()
    for k = 1, 20 do
      torch.manualSeed(k)
      local x = torch.randn(2)
      local f, g = rosenbrock(x)
      local d, from = g * -1, x:clone()
      local f1, g1, at, t, n = optim.lswolfe(rosenbrock, x, 1, d, f, g, g:dot(d), { maxIter = 40 })
      assert.is_true(f1 <= f + 1e-4 * t * g:dot(d) and math.abs(g1:dot(d)) <= -0.9 * g:dot(d), 'seed ' .. k)
      assert.is_true((at - (from + d * t)):abs():max() < 1e-12 and n > 0)
    end
  end)

  it('polyinterp finds minima of polynomials', function()
    local function at(f, df, ...)
      local rows = {}
      for i, x in ipairs { ... } do rows[i] = { x, f(x), df(x) } end
      return torch.Tensor(rows)
    end
    local function f(x) return x ^ 3 - 3 * x end
    local function df(x) return 3 * x * x - 3 end
    assert.is_true(math.abs(optim.polyinterp(at(f, df, 0, 2)) - 1) < 1e-12)
    local x, y = optim.polyinterp(at(f, df, 0, 2), 0.5, 3)
    assert.is_true(math.abs(x - 1) < 1e-9 and math.abs(y + 2) < 1e-9)
    x = optim.polyinterp(at(f, df, 0, 2), 1.5, 3)
    assert.are.equal(1.5, x)
    local function quartic(v) return (v - 0.3) ^ 4 end
    x, y = optim.polyinterp(at(quartic, function(v) return 4 * (v - 0.3) ^ 3 end, -1, 0, 1))
    assert.is_true(math.abs(x - 0.3) < 1e-3 and y < 1e-6)
    assert.are.equal(1, optim.polyinterp(torch.Tensor { { 0, 1, -2 }, { 2, 1, -2 } }, 1, 1))
    for _, wrong in ipairs { torch.ones(3), torch.ones(2, 2), 'x', false } do
      assert.error_matches(function() optim.polyinterp(wrong) end, 'optim.polyinterp: argument 1')
    end
    assert.error_matches(function() optim.polyinterp(torch.ones(2, 3), 'a') end, 'argument 2')
  end)

  it('FistaLS shrinks', function()
    local target = torch.Tensor { 3, 0.05, -2 }
    local function smooth(x, what)
      local r = x - target
      return 0.5 * r:dot(r), what and r or nil
    end
    local function shrink(x, L) x:copy(torch.cmul(torch.sign(x), torch.clamp(torch.abs(x) - 0.1 / L, 0, math.huge))) end
    for _, momentum in ipairs { true, false } do
      local x, params = torch.zeros(3), { doFistaUpdate = momentum, errthres = 1e-12, maxiter = 200 }
      local y, history = optim.FistaLS(smooth, function(v) return 0.1 * v:norm(1) end, shrink, x, params)
      assert.is_true((y - torch.Tensor { 2.9, 0, -1.9 }):abs():max() < 1e-4)
      assert.are.equal(0, (x - y):abs():max())
      assert.are.equal(params.L, history[#history].L)
      assert.are.equal(params.y, y)
    end
    assert.error_matches(function() optim.FistaLS(1, smooth, shrink, target) end, 'argument 1')
    assert.error_matches(function() optim.FistaLS(print, smooth, shrink, target:clone()) end, 'a number and a gradient')
    assert.error_matches(function() optim.FistaLS(smooth, smooth, shrink) end, 'argument 4')
  end)

  it('de and cmaes find minima without gradients', function()
    local x = torch.ones(4)
    local best, values = optim.de(function(v) return v:dot(v) end, x, { popsize = 20, scaleFactor = 0.6,
      crossoverRate = 0.5, maxFEs = 2000, maxRegion = 2, minRegion = -2 })
    assert.is_true(best:dot(best) < 1e-2)
    assert.are.equal(2000, values:size(1))
    assert.are.equal(4, x:sum())
    for _, kind in ipairs { 'torch.DoubleTensor', 'torch.FloatTensor' } do
      torch.manualSeed(3)
      local from = torch.ones(2, 2):type(kind)
      local found, f, n = optim.cmaes(function(v) return v:dot(v) end, from,
        { sigma = 0.5, verb_disp = 0, maxEval = 800, ftarget = 1e-6 })
      assert.is_true(found:dot(found) < 1e-5)
      assert.are.same({ 2, 2 }, found:size():totable())
      assert.is_true(n <= 808 and f[#f] <= 1e-6 and f[1] == 4)
    end
    assert.error_matches(function() optim.cmaes(bowl, x, { verb_disp = 0 }) end, 'optim.cmaes: sigma')
    assert.error_matches(function() optim.cmaes(bowl, x, { sigma = 1 }) end, 'optim.cmaes: verb_disp')
    assert.error_matches(function() optim.de(bowl, x, {}) end, 'optim.de: config.scaleFactor')
    assert.error_matches(function()
      optim.de(bowl, x, { popsize = 2, scaleFactor = 1, crossoverRate = 1, maxFEs = 9 })
    end, 'at least 3')
  end)

  it('checkgrad', function()
    local x = torch.randn(2, 3)
    local before = x:clone()
    local diff, exact, estimate = optim.checkgrad(function(v) return v:dot(v), v * 2 end, x)
    assert.is_true(diff < 1e-6)
    assert.are.same({ 2, 3 }, estimate:size():totable())
    assert.is_true((exact - x * 2):abs():max() == 0 and torch.all(x:eq(before)))
    diff = optim.checkgrad(function(v) return v:dot(v), v * 3 end, x, 1e-5)
    assert.is_true(math.abs(diff - 0.2) < 1e-6)
    assert.error_matches(function() optim.checkgrad(bowl, x, 'x') end, 'argument 3')
  end)

  it('refuses wrong calls', function()
    local x = torch.ones(2)
    for _, name in ipairs { 'lbfgs', 'cg', 'de', 'cmaes', 'checkgrad' } do
      assert.error_matches(function() optim[name](nil, x) end, 'optim.' .. name .. ': argument 1')
      assert.error_matches(function() optim[name](bowl, 3) end, 'optim.' .. name .. ': argument 2')
    end
    for _, name in ipairs { 'lbfgs', 'cg', 'checkgrad' } do
      assert.error_matches(function() optim[name](function() return 1, torch.ones(5) end, x) end,
        'optim.' .. name .. ': the function must return f%(x%) and a gradient like x')
    end
    local d = torch.ones(2)
    assert.error_matches(function() optim.lswolfe(bowl, x, 'a', d, 1, d, -1) end, 'argument 3')
    assert.error_matches(function() optim.lswolfe(bowl, x, 1, torch.ones(3), 1, d, -1) end, 'argument 4')
    assert.error_matches(function() optim.lswolfe(bowl, x, 1, d, 1) end, 'argument 6')
  end)
end)
