--- The steps in one pass (core/updates.h) against the same arithmetic as tensor operations, written here as Torch7
-- computed it: the very same bits, any layout, size, thread count and instruction set.
require 'optim'

local references = {}
function references.sgd(x, g, s, c)
  local lr, mom = c.learningRate or 1e-3, c.momentum or 0
  if c.weightDecay then g:add(c.weightDecay, x) end
  if mom ~= 0 then
    if s.v then s.v:mul(mom):add(1 - (c.dampening or mom), g) else s.v = g:clone() end
    if c.nesterov then g:add(mom, s.v) else g = s.v end
  end
  x:add(-lr / (1 + s.n * (c.learningRateDecay or 0)), g)
end
function references.adam(x, g, s, c)
  if c.weightDecay then g:add(c.weightDecay, x) end
  s.m, s.v = s.m or g:clone():zero(), s.v or g:clone():zero()
  s.m:mul(0.9):add(1 - 0.9, g)
  s.v:mul(0.999):addcmul(1 - 0.999, g, g)
  local t = s.n + 1
  x:addcdiv(-(c.learningRate or 0.001) * math.sqrt(1 - 0.999 ^ t) / (1 - 0.9 ^ t), s.m, torch.sqrt(s.v):add(1e-8))
end
function references.adagrad(x, g, s, c)
  if c.weightDecay then g:add(c.weightDecay, x) end
  s.v = s.v or g:clone():zero()
  s.v:addcmul(1, g, g)
  x:addcdiv(-(c.learningRate or 1e-3), g, torch.sqrt(s.v):add(1e-10))
end
function references.rmsprop(x, g, s, c)
  if c.weightDecay then g:add(c.weightDecay, x) end
  s.m = s.m or g:clone():zero()
  s.m:mul(0.99):addcmul(1 - 0.99, g, g)
  x:addcdiv(-(c.learningRate or 1e-2), g, torch.sqrt(s.m):add(1e-8))
end
function references.adadelta(x, g, s, c)
  if c.weightDecay then g:add(c.weightDecay, x) end
  s.v, s.d = s.v or g:clone():zero(), s.d or g:clone():zero()
  s.v:mul(0.9):addcmul(1 - 0.9, g, g)
  local delta = torch.add(s.d, 1e-6):sqrt():cdiv(torch.add(s.v, 1e-6):sqrt()):cmul(g)
  x:add(-1, delta)
  s.d:mul(0.9):addcmul(1 - 0.9, delta, delta)
end
function references.adamax(x, g, s, c)
  if c.weightDecay then g:add(c.weightDecay, x) end
  s.m, s.u = s.m or g:clone():zero(), s.u or g:clone():zero()
  s.m:mul(0.9):add(1 - 0.9, g)
  s.u:mul(0.999):cmax(torch.abs(g):add(1e-38))
  x:addcdiv(-(c.learningRate or 0.002) / (1 - 0.9 ^ (s.n + 1)), s.m, s.u)
end
function references.nag(x, g, s, c)
  if c.weightDecay then g:add(c.weightDecay, x) end
  s.v = s.v or g:clone():zero()
  s.v:mul(0.9)
  x:add(-(c.learningRate or 1e-3), g)
  s.v:add(-(c.learningRate or 1e-3), g)
end
function references.asgd(x, g, s, c)
  s.eta = s.eta or 1e-4
  x:mul(1 - 1e-4 * s.eta):add(-s.eta, g)
  s.ax = s.ax or x:clone():zero()
  local mu = 1 / math.max(1, s.n - (c.t0 or 1e6))
  if s.n == 0 or mu == 1 then s.ax:copy(x) else s.ax:add(mu, x - s.ax) end
  s.eta = 1e-4 / (1 + 1e-4 * 1e-4 * (s.n + 1)) ^ 0.75
end

local settings = {
  sgd = { {}, { momentum = 0.9 }, { momentum = 0.9, dampening = 0, nesterov = true, weightDecay = 0.01 },
    { weightDecay = 0.1, learningRateDecay = 0.1 }, { momentum = 0.5, dampening = 0.2, weightDecay = 0.3 } },
  adam = { {}, { weightDecay = 0.1, learningRate = 0.1 } }, adagrad = { {}, { weightDecay = 0.1 } },
  rmsprop = { {}, { weightDecay = 0.1 } }, adadelta = { {}, { weightDecay = 0.1 } },
  adamax = { {}, { weightDecay = 0.1 } }, nag = { {}, { weightDecay = 0.1 } }, asgd = { {}, { t0 = 2 } },
}

-- Three steps both ways
local function agree(name, config, x, draw)
  local before, y, c, state, s = x:clone(), x:clone(), {}, {}, { n = 0 }
  for k, v in pairs(config) do c[k] = v end
  for _ = 1, 3 do
    if name == 'nag' and s.v then y:add(0.9, s.v) end
    local g = draw()
    references[name](y, g:clone(), s, config)
    optim[name](function() return 0, g end, x, c, state)
    s.n = s.n + 1
  end
  assert.are.equal(0, (x:contiguous() - y:contiguous()):abs():max(), name)
  assert.is_true(x:ne(x):sum() == 0 and (y - before):abs():max() > 0)
end

describe('steps in one pass', function()
  for name, list in pairs(settings) do
    it(name .. ' has the bits of tensor operations', function()
      torch.manualSeed(5)
      for i, config in ipairs(list) do
        for _, kind in ipairs { 'torch.FloatTensor', 'torch.DoubleTensor' } do
          for _, n in ipairs { 1, 7, 1000, i == 1 and 70001 or 33 } do
            agree(name, config, torch.randn(n):type(kind), function() return torch.randn(n):type(kind) end)
          end
          local x = torch.randn(6, 10):type(kind)
          agree(name, config, x:t(), function() return torch.randn(10, 6):type(kind) end)
          agree(name, config, x:narrow(2, 3, 4), function() return torch.randn(4, 6):type(kind):t() end)
        end
      end
    end)
  end

  it('has the same bits past the caches and at any number of threads', function()
    local n, threads = 2100003, torch.getnumthreads()
    local function result(k, first)
      torch.setnumthreads(k)
      torch.manualSeed(1)
      local x, g = torch.randn(n):float(), torch.randn(n):float()
      x, g = x:narrow(1, first, n - 5), g:narrow(1, 2, n - 5)
      local state = {}
      for _ = 1, 2 do optim.adam(function() return 0, g end, x, { learningRate = 0.1 }, state) end
      assert.are.equal(0, (torch.sqrt(state.v):add(1e-8) - state.denom):abs():max())
      return x:clone()
    end
    local a, b = result(1, 3), result(3, 3)
    torch.setnumthreads(threads)
    assert.are.equal(0, (a - b):abs():max())
    agree('rmsprop', {}, torch.randn(n):float():narrow(1, 2, n - 3), function() return torch.randn(n - 3):float() end)
  end)

  it('takes half types, gradients that are the parameters, and empty tensors', function()
    local x = torch.randn(50):bfloat16()
    local y, state = x:float(), {}
    for _ = 1, 3 do
      optim.sgd(function(v) return 0, v end, x, { learningRate = 0.1, momentum = 0.5 }, state)
      optim.sgd(function(v) return 0, v end, y, { learningRate = 0.1, momentum = 0.5 })
    end
    assert.is_true((x:float() - y):abs():max() < 0.1)
    assert.are.equal('torch.BFloat16Tensor', state.dfdx:type())
    optim.adam(function(v) return 0, v end, torch.Tensor(), {})
  end)

  it('allocates nothing after the first step', function()
    local C = require 'torch.ffi'
    local x, g = torch.randn(1000), torch.randn(1000)
    for name in pairs(settings) do
      local config = { momentum = 0.9 }
      local function opfunc() return 0, g end
      for _ = 1, 2 do optim[name](opfunc, x, config) end
      local before = C.rk_allocations()
      for _ = 1, 5 do optim[name](opfunc, x, config) end
      assert.are.equal(0, tonumber(C.rk_allocations() - before), name)
    end
  end)

  it('names what does not fit', function()
    local x = torch.ones(4)
    local function with(g) return function() return 0, g end end
    assert.error_matches(function() optim.adam(with(torch.ones(4):float()), x) end, 'optim.adam: .*FloatTensor')
    assert.error_matches(function() optim.sgd(with(torch.ones(4):long()), x:long()) end, 'floating type')
    assert.error_matches(function() optim.adam(with(torch.ones(4)), x, {}, { m = torch.ones(3), t = 1 }) end,
      'optim.adam: state 1')
    local long = torch.ones(6)
    assert.error_matches(function() optim.sgd(with(long:narrow(1, 2, 4)), long:narrow(1, 1, 4)) end, 'share part')
    assert.error_matches(function() optim.sgd(with(x), x, {}, 3) end, 'argument 4')
    assert.are.same({ 1, 1, 1, 1 }, x:totable())
  end)
end)
