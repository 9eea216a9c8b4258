--- Optimisers and schedules under PyTorch's names: seven steps of each give the numbers of PyTorch 2.15; training of a
-- net; files; wrong calls.
require 'optim'
require 'nn'

-- Kind, options; digest of the parameters, last loss: sum c x^2 / 2 + sin x, c = 0.5, 1, 1.5 ...
local optimisers = {
  { 'SGD', 'lr = 0.1', -0.05416420500427, 3.184728547939 },
  { 'SGD', 'lr = 0.1, momentum = 0.9, weight_decay = 0.1', 2.56941158381, 2.536839114491 },
  { 'SGD', 'lr = 0.1, momentum = 0.9, nesterov = true', 1.819398132745, 0.2824262429011 },
  { 'SGD', 'lr = 0.1, momentum = 0.5, dampening = 0.3', 0.4507980202143, 2.014797508535 },
  { 'Adam', 'lr = 0.1', -1.529668519067, 6.025415821947 },
  { 'Adam', 'lr = 0.1, betas = { 0.8, 0.9 }, eps = 0.1, weight_decay = 0.2', -1.487554404251, 6.234513307555 },
  { 'AdamW', 'lr = 0.1, weight_decay = 0.3', -1.204769596095, 4.441345470875 },
  { 'NAdam', 'lr = 0.1, weight_decay = 0.1', -1.548802432953, 7.06555281965 },
  { 'RAdam', 'lr = 0.1, weight_decay = 0.1', -0.437075585784, 3.25941239427 },
  { 'RMSprop', 'lr = 0.05, alpha = 0.9, weight_decay = 0.1', -1.434400721542, 6.11230716078 },
  { 'Adagrad', 'lr = 0.1, lr_decay = 0.1', -1.690592318406, 8.544508625089 },
  { 'Adadelta', 'rho = 0.8', -1.814979111251, 11.5344753623 },
  { 'Adadelta', 'rho = 0.8, lr = 0.3', -1.8184285451, 11.65060831769 },
  { 'Adamax', 'lr = 0.1', -1.418461253458, 6.206658671774 },
  { 'ASGD', 'lr = 0.1', -0.05416971069137, 3.184472955374 },
  { 'Rprop', 'lr = 0.05, etas = { 0.4, 1.3 }', -1.345815109007, 5.751247188649 },
  { 'RMSprop', 'lr = 0.05, alpha = 0.9, momentum = 0.8, weight_decay = 0.1', -0.0992428139036, 0.1815575721882 },
  { 'RMSprop', 'lr = 0.05, alpha = 0.9, centered = true', -1.311183296019, 5.291335096089 },
  { 'RMSprop', 'lr = 0.05, alpha = 0.9, centered = true, momentum = 0.5', -0.701259254303, 2.06282706809 },
  { 'Adam', 'lr = 0.1, betas = { 0.8, 0.5 }, amsgrad = true, weight_decay = 0.2', -1.436302251713, 6.005064996991 },
  { 'AdamW', 'lr = 0.1, betas = { 0.8, 0.5 }, amsgrad = true', -1.426085765583, 5.957486508449 },
  { 'LBFGS', 'lr = 0.5, max_iter = 4', 0.1935096934428, -1.872511193336 },
  { 'SGD', 'lr = 0.01, momentum = 0.9, weight_decay = 0.1, maximize = true', -2.322128588625, 16.53157586539 },
  { 'Adam', 'lr = 0.1, weight_decay = 0.2, maximize = true, fused = true', -2.106056711571, 19.52793759685 },
  { 'AdamW', 'lr = 0.1, weight_decay = 0.2, maximize = true', -1.761127788036, 17.37380125181 },
  { 'Adam', 'lr = 0.1, weight_decay = 0.2, decoupled_weight_decay = true', -1.306223615371, 4.933376929104 },
  { 'NAdam', 'lr = 0.1, weight_decay = 0.2, decoupled_weight_decay = true', -1.344477471771, 5.892484581923 },
  { 'RAdam', 'lr = 0.1, weight_decay = 0.2, decoupled_weight_decay = true', -0.3832850779236, 2.943363990944 },
  { 'NAdam', 'lr = 0.1, weight_decay = 0.2, maximize = true', -2.034577654686, 18.01620140223 },
  { 'RAdam', 'lr = 0.1, maximize = true', -2.963411149529, 30.80118328169 },
  { 'RMSprop', 'lr = 0.05, maximize = true, weight_decay = 0.1', -2.366123660638, 49.57159969068 },
  { 'Adagrad', 'lr = 0.1, eps = 0.1, initial_accumulator_value = 0.5, weight_decay = 0.1', -1.610917805218,
    8.277766218488 },
  { 'Adagrad', 'lr = 0.1, maximize = true', -1.905702645889, 16.39131847876 },
  { 'Adadelta', 'lr = 0.5, maximize = true', -1.823038536861, 11.81362976107 },
  { 'Adamax', 'lr = 0.1, maximize = true', -2.104106588079, 19.0759414944 },
  { 'ASGD', 'lr = 0.1, weight_decay = 0.2', -0.00654670490459, 2.547009056 },
  { 'ASGD', 'lr = 0.01, maximize = true, weight_decay = 0.2', -1.961149929537, 13.11988444603 },
  { 'Rprop', 'lr = 0.05, maximize = true', -1.997889182021, 18.04514688217 },
  { 'LBFGS', "line_search_fn = 'strong_wolfe', max_iter = 4", 0.1935007926962, -1.872511193471 },
  { 'LBFGS', "line_search_fn = 'strong_wolfe', lr = 0.3, max_iter = 3", 0.26164827208, -1.857886960959 },
}
-- Schedule, options; the rates of eight steps from a rate of 0.2.
local schedules = {
  { 'StepLR', 'step_size = 3',
    { 0.2, 0.2, 0.2, 0.02, 0.02, 0.02, 0.002, 0.002 } },
  { 'MultiStepLR', 'milestones = { 2, 5 }, gamma = 0.5',
    { 0.2, 0.2, 0.1, 0.1, 0.1, 0.05, 0.05, 0.05 } },
  { 'ExponentialLR', 'gamma = 0.9',
    { 0.2, 0.18, 0.162, 0.1458, 0.13122, 0.118098, 0.1062882, 0.09565938 } },
  { 'CosineAnnealingLR', 'T_max = 10, eta_min = 0.01',
    { 0.2, 0.195350369, 0.181856614, 0.160839598, 0.134356614, 0.105, 0.075643385, 0.049160401 } },
  { 'CosineAnnealingWarmRestarts', 'T_0 = 3, T_mult = 2',
    { 0.2, 0.15, 0.05, 0.2, 0.186602540, 0.15, 0.1, 0.05 } },
  { 'PolynomialLR', 'total_iters = 6, power = 2',
    { 0.2, 0.138888888, 0.088888888, 0.05, 0.022222222, 0.005555555, 0, 0 } },
  { 'OneCycleLR', 'max_lr = 0.5, total_steps = 10',
    { 0.02, 0.26, 0.5, 0.475242316, 0.405872826, 0.305631010, 0.194370989, 0.094129173 } },
  { 'ConstantLR', 'factor = 0.5, total_iters = 4',
    { 0.1, 0.1, 0.1, 0.1, 0.2, 0.2, 0.2, 0.2 } },
  { 'LinearLR', 'total_iters = 4',
    { 0.066666666, 0.1, 0.133333333, 0.166666666, 0.2, 0.2, 0.2, 0.2 } },
  { 'CyclicLR', '0.01, 0.1, { step_size_up = 3, step_size_down = 2 }',
    { 0.01, 0.04, 0.07, 0.1, 0.055, 0.01, 0.04, 0.07 } },
  { 'CyclicLR', "0.01, 0.1, { step_size_up = 2, mode = 'triangular2', cycle_momentum = false }",
    { 0.01, 0.055, 0.1, 0.055, 0.01, 0.0325, 0.055, 0.0325 } },
  { 'CyclicLR', "0.01, 0.1, { step_size_up = 2, mode = 'exp_range', gamma = 0.9 }",
    { 0.01, 0.0505, 0.0829, 0.042805, 0.01, 0.03657205, 0.05782969, 0.031523361 } },
  { 'MultiplicativeLR', 'function(t) return 0.9 + 0.01 * t end',
    { 0.2, 0.182, 0.16744, 0.1557192, 0.146376048, 0.139057246, 0.133494956, 0.129490107 } },
  { 'LambdaLR', 'lr_lambda = function(t) return 1 / (t + 1) end',
    { 0.2, 0.1, 0.066666666, 0.05, 0.04, 0.033333333, 0.028571428, 0.025 } },
}

local function value(text, net) return assert(loadstring('local net = ... return {' .. text .. '}'))(net) end
-- Names alone stand in a table.
local function arguments(text) return text:find '^[%w_]+ =' and { value(text) } or value(text) end
local function near(got, want)
  assert.is_true(math.abs(got - want) < 5e-9 * (1 + math.abs(want)), ('%.12g, not %.12g'):format(got, want))
end
local function message(f, ...)
  local ok, err = pcall(f, ...)
  assert.is_false(ok)
  return err
end

local c = torch.range(1, 6):mul(0.5)
local function problem()
  local x, dx = torch.range(0, 5):mul(0.3):cos():mul(2), torch.zeros(6)
  return x, dx, function()
    dx:cmul(c, x):add(torch.cos(x))
    return torch.cmul(x, x):dot(c) / 2 + torch.sin(x):sum()
  end
end

describe("PyTorch's names of optim", function()
  for _, row in ipairs(optimisers) do
    local name, options, digest, loss = unpack(row)
    it(('%s(%s)'):format(name, options), function()
      local x, dx, closure = problem()
      local opt = optim[name]({ x, dx }, value(options))
      local last
      for i = 1, 7 do
        last = opt:step(closure)
        if i == 3 then -- through a file, and on
          opt = torch.deserialize(torch.serialize(opt))
          x:copy(opt.x)
          opt.x, opt.dx = x, dx
        end
      end
      near(last, loss)
      near(x:dot(torch.range(1, 6):cos()), digest)
    end)
  end

  -- Three parameters or two, digest, last loss; the rates halve after so many steps.
  for _, row in ipairs {
    { 'Adafactor', '', true, 14.85408338515, 162.8215043938 },
    { 'Adafactor', 'lr = 0.1, beta2_decay = -0.5, eps = { 1e-3, 1e-2 }, d = 1.5, weight_decay = 0.1', true,
      8.326494419712, 53.89585448974 },
    { 'Adafactor', 'lr = 0.1, maximize = true', true, 27.53108318152, 557.509066547 },
    { 'Adafactor', 'lr = 0.1, groups = { { first = 1, last = 17 }, '
      .. '{ params = net:get(3), lr = 0.05, weight_decay = 0.1 } }', true, 10.92510584356, 89.96455883129 },
    { 'Muon', 'lr = 0.05, groups = { { params = { net:get(2) }, lr = 0.02, momentum = 0.5 } }', false, 4.84413726999,
      64.80458202101 },
    { 'Adam', 'lr = 0.05, weight_decay = 0.3, groups = { { params = net:get(1).weight, weight_decay = 0 }, '
      .. '{ params = { net:get(2), net:get(3) }, lr = 0.02, betas = { 0.8, 0.9 } } }', true, 14.33939660333,
      146.2951719128 },
    { 'SGD', 'lr = 0.01, groups = { { params = { net:get(2), net:get(3) }, lr = 0.002, maximize = true } }', true,
      16.00692831635, 185.4877293805, 2 },
    { 'Muon', 'lr = 0.05', false, 5.07562715903, 60.27157215123 },
    { 'Muon', "lr = 0.05, momentum = 0.8, nesterov = false, weight_decay = 0.2, ns_steps = 3, "
      .. "adjust_lr_fn = 'match_rms_adamw', ns_coefficients = { 3, -4, 2 }", false, 4.61738322728, 61.43467908656 },
    { 'Muon', "lr = 0.05, adjust_lr_fn = 'spectral_unclamped'", false, 5.06473625146, 60.91675924245 },
  } do
    local name, options, all, digest, loss, halve = unpack(row)
    it(('%s(%s)'):format(name, options), function()
      local net = nn.Sequential()
      for i, sizes in ipairs(all and { { 3, 4 }, { 5 }, { 2, 3, 2, 2 } } or { { 3, 4 }, { 5, 2 } }) do
        local p = torch.Tensor(unpack(sizes))
        net:add(nn.Parameter(p:copy(torch.range(0, p:nElement() - 1):mul(0.3):add(i - 1):cos():mul(2))))
      end
      local opt = optim[name](net, value(options, net))
      local schedule = halve and optim.lr_scheduler.StepLR(opt, halve, 0.5)
      local list, slopes = net:parameters()
      local function closure()
        local sum = 0
        for i, p in ipairs(list) do
          local k = torch.range(1, p:nElement()):viewAs(p):mul(0.5)
          slopes[i]:cmul(k, p):add(torch.cos(p))
          sum = sum + torch.cmul(p, p):dot(k) / 2 + torch.sin(p):sum()
        end
        return sum
      end
      local last
      for _ = 1, 7 do
        last = opt:step(closure)
        if schedule then schedule:step() end
      end
      near(last, loss)
      local sum = 0
      for i, p in ipairs(list) do sum = sum + i * p:view(-1):dot(torch.range(0, p:nElement() - 1):cos()) end
      near(sum, digest)
      if name == 'Muon' or name == 'Adafactor' then
        local flat = { net:getParameters() }
        optim[name](flat, { parameters = net:parameters() }):step()
      end
      assert.is_truthy(tostring(opt):find('optim.' .. name, 1, true))
    end)
  end

  for _, row in ipairs(schedules) do
    local name, options, rates = unpack(row)
    it(('%s(%s)'):format(name, options), function()
      local x, dx = problem()
      for _, target in ipairs { optim.SGD({ x, dx }, { lr = 0.2 }), { learningRate = 0.2 } } do
        local config = target.config or target
        local schedule = optim.lr_scheduler[name](target, unpack(arguments(options)))
        for _, want in ipairs(rates) do
          assert.is_true(math.abs(config.learningRate - want) < 1e-8)
          schedule:step()
        end
      end
    end)
  end

  it('schedules follow each other, and act together', function()
    local L = optim.lr_scheduler
    local function rates(config, schedule, wants)
      for _, want in ipairs(wants) do
        near(config.learningRate, want)
        schedule:step()
      end
    end
    local c1 = { learningRate = 0.2 }
    rates(c1, L.SequentialLR(c1, { L.LinearLR(c1, 0.25, { total_iters = 3 }), L.ExponentialLR(c1, 0.5) }, { 3 }),
      { 0.05, 0.1, 0.15, 0.2, 0.1, 0.05, 0.025 })
    local sgd = optim.SGD({ problem() }, { lr = 0.2 })
    local list = { L.ConstantLR(sgd, 0.1, 2), L.CosineAnnealingLR(sgd, 4), L.StepLR(sgd, 2) }
    rates(sgd.config, L.SequentialLR(sgd, { schedulers = list, milestones = { 2, 6 } }),
      { 0.02, 0.02, 0.2, 0.1707106781186548, 0.1, 0.0292893218813452, 0.2, 0.2, 0.02 })
    local c2 = { learningRate = 0.2 }
    rates(c2, L.ChainedScheduler { L.ConstantLR(c2, 0.1, 2), L.ExponentialLR(c2, 0.9) },
      { 0.02, 0.018, 0.162, 0.1458, 0.13122 })
    local c3 = { learningRate = 0.2, momentum = 0.9 }
    local cycle = L.CyclicLR(c3, 0.01, 0.1, 3, 2)
    for _, want in ipairs { 0.9, 0.9 - 0.1 / 3, 0.9 - 0.2 / 3, 0.8, 0.85, 0.9 } do
      near(c3.momentum, want)
      cycle:step()
    end
    c3.learningRate = 0.5 -- a rate of the program's own
    L.StepLR(c3, 1)
    near(c3.learningRate, 0.5)
    for text, call in pairs {
      ["mode: expected 'triangular'"] = function() L.CyclicLR(c3, 0.1, 1, { mode = 'sine' }) end,
      ['stepSizeUp: expected a whole number'] = function() L.CyclicLR(c3, 0.1, 1, 0) end,
      ['baseLr: expected a number'] = function() L.CyclicLR(c3) end,
      ['milestones: expected 1 steps'] = function() L.SequentialLR(c3, { L.StepLR(c3, 1), L.StepLR(c3, 1) }, {}) end,
      ['schedulers[1]: expected a schedule'] = function() L.SequentialLR(c3, { 3 }, {}) end,
      ['schedulers: expected a list'] = function() L.ChainedScheduler(3) end,
      ['schedulers[1]: expected a schedule that does not watch'] = function()
        L.ChainedScheduler { L.ReduceLROnPlateau(c3) }
      end,
      ['lrLambda(0): expected a number, got nil'] = function() L.LambdaLR(c3, function() end) end,
      ['lrLambda: expected a function'] = function() L.MultiplicativeLR(c3, 3) end,
    } do
      local got = message(call)
      assert.is_truthy(got:find(text, 1, true), got)
    end
  end)

  it('train nets, by groups, too', function()
    torch.manualSeed(5)
    local net = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1))
    local x = torch.randn(32, 2)
    local t, loss = x:select(2, 1):clone():view(-1, 1), nn.MSELoss()
    local opt = optim.Adam(net, { lr = 0.05, groups = { { modules = { net:get(1) }, frozen = true } } })
    local frozen = net:get(1).weight:clone()
    local first
    for _ = 1, 60 do
      opt:zeroGrad()
      local l = loss:forward(net:forward(x), t)
      first = first or l
      net:backward(x, loss:backward(net.output, t))
      assert.is_nil(opt:step())
    end
    assert.is_true(loss:forward(net:forward(x), t) < first / 5)
    assert.are.equal(0, (net:get(1).weight - frozen):abs():max())
    local plateau = optim.lr_scheduler.ReduceLROnPlateau(opt, 'min', 0.5, 0)
    plateau:step(1)
    plateau:step(2)
    assert.are.equal(0.025, opt.config.learningRate)
    opt:zero_grad()
    assert.are.equal(0, opt.dx:norm())
    assert.is_truthy(tostring(opt):find('optim.Adam(33 parameters; ', 1, true))
  end)

  it("take PyTorch's list of groups, and functions take groups of matrices", function()
    torch.manualSeed(3)
    local a, b = nn.Linear(2, 3), nn.Linear(3, 1)
    local opt = optim.SGD({ { params = a, lr = 0.5 }, { params = { b }, weight_decay = 0.1 } }, { lr = 0.1 })
    opt.dx:fill(1)
    local x = opt.x:clone()
    opt:step()
    near((x:narrow(1, 1, 9) - opt.x:narrow(1, 1, 9) - 0.5):abs():max(), 0)
    x:narrow(1, 10, 4):mul(0.99):add(-0.1)
    near((x:narrow(1, 10, 4) - opt.x:narrow(1, 10, 4)):abs():max(), 0)
    assert.are.equal(13, opt.dx:sum())
    local net = nn.Sequential(nn.Linear(4, 5), nn.Linear(5, 2))
    local w, g = net:getParameters()
    local groups = optim.Groups(w, { { modules = { net:get(1) }, scale = 0 } })
    local before, state = w:clone(), {}
    for _ = 1, 2 do
      groups:wrap(optim.muon)(function() return 0, g:fill(1) end, w,
        { learningRate = 0.1, weightDecay = 0, adamw = { learningRate = 0 }, parameters = net:parameters() }, state)
    end
    assert.are.equal(0, (w - before):narrow(1, 1, 25):abs():max())
    assert.is_true((w - before):narrow(1, 26, 10):abs():min() > 0)
  end)

  it('say what is wrong', function()
    local x, dx, closure = problem()
    local pair = { x, dx }
    for _, case in ipairs {
      { 'optim.SGD: there is no option learn; there are: dampening, learningRate, lr', optim.SGD, pair, { learn = 1 } },
      { 'optim.SGD: learningRate: expected a number, got string', optim.SGD, pair, { lr = 'fast' } },
      { 'optim.SGD: nesterov: expected true or false', optim.SGD, pair, { nesterov = 1 } },
      { 'optim.Adam: amsgrad: expected true or false', optim.Adam, pair, { amsgrad = 1 } },
      { 'optim.Adam: betas: expected two numbers', optim.Adam, pair, { betas = 0.9 } },
      { 'optim.Adam: betas: expected two numbers', optim.Adam, pair, { betas = { 0.9 } } },
      { 'optim.Adam: beta1: expected a number, got string', optim.Adam, pair, { betas = { 'a', 0.9 } } },
      { 'optim.Rprop: there is no option weight_decay', optim.Rprop, pair, { weight_decay = 1 } },
      { 'optim.Muon: nesterov: expected true', optim.Muon, nn.Linear(2, 3), { nesterov = 1 } },
      { 'optim.Muon: nsCoefficients: expected three', optim.Muon, nn.Linear(2, 3), { ns_coefficients = { 1, 2 } } },
      { 'optim.Muon: adjustLrFn: expected a name', optim.Muon, nn.Linear(2, 3), { adjust_lr_fn = true } },
      { 'optim.muon: x is a vector: config.parameters must list', optim.Muon, pair },
      { 'optim.adafactor: config.parameters[1] is no part of x', optim.Adafactor, pair, { parameters = { dx } } },
      { 'optim.adafactor: a group holds places 1 to 4 of x and so only a part of parameter 1', optim.Adafactor,
        nn.Linear(2, 3), { groups = { { first = 1, last = 4 } } } },
      { 'optim.LBFGS: groups: not with', optim.LBFGS, pair, { groups = {} } },
      { 'optim.Adam: there is no option rate', optim.Adam, pair, { groups = { { first = 1, last = 2, rate = 1 } } } },
      { 'optim.Adam: group 1: params: expected modules', optim.Adam, pair, { groups = { { params = 3 } } } },
      { 'optim.Adam: argument 1: group 1: params: expected modules, got torch.DoubleTensor', optim.Adam,
        { { params = { x } } } },
      { 'optim.Adam: maximize: expected true', optim.Adam, pair, { maximize = 1 } },
      { 'optim.Adam: fused: expected true', optim.Adam, pair, { fused = 1 } },
      { "optim.LBFGS: lineSearchFn: expected 'strong_wolfe'", optim.LBFGS, pair, { line_search_fn = 'wolfe' } },
      { 'optim.Adafactor: eps: expected two', optim.Adafactor, nn.Linear(2, 3), { eps = 1 } },
      { 'optim.Adam: argument 1: expected an nn module', optim.Adam },
      { 'optim.Adam: argument 1: expected an nn module', optim.Adam, x },
      { 'optim.Adam: argument 1: expected an nn module', optim.Adam, { x, torch.ones(2) } },
      { 'optim.Adam: argument 1: nn.Tanh has no parameters', optim.Adam, nn.Tanh() },
      { 'optim.Adam: argument 2: expected a table of options', optim.Adam, pair, 0.1 },
      { 'optim.Groups: argument 2', optim.Adam, pair, { groups = 3 } },
      { 'optim.Optimizer: argument 1: expected the name of a kind', optim.Optimizer, 'Adamm', pair },
      { 'optim.Optimizer: argument 1: expected the name of a kind', optim.Optimizer, nil },
      { 'optim.lr_scheduler.StepLR: stepSize: expected a whole number from 1', optim.lr_scheduler.StepLR, {} },
      { 'optim.lr_scheduler.StepLR: argument 1: expected an optimizer', optim.lr_scheduler.StepLR, nil, 3 },
      { 'StepLR: argument 1: expected an optimizer with a learning', optim.lr_scheduler.StepLR, optim.ASGD(pair), 3 },
      { 'milestones: expected a list of numbers', optim.lr_scheduler.MultiStepLR, {}, 3 },
      { 'there is no option T_maxx', optim.lr_scheduler.CosineAnnealingLR, {}, { T_maxx = 3 } },
      { 'lrLambda: expected a function', optim.lr_scheduler.LambdaLR, {}, 3 },
    } do
      local text = message(case[2], case[3], case[4])
      assert.is_truthy(text:find(case[1], 1, true), text)
    end
    local opt = optim.LBFGS(pair)
    assert.is_truthy(message(opt.step, opt):find('optim.LBFGS: step: expected a function that computes', 1, true))
    opt = optim.SGD(pair)
    assert.is_truthy(message(opt.step, opt, 3):find('optim.SGD: step: expected a function, got number', 1, true))
    closure()
    opt:step()
  end)
end)
