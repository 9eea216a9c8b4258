--- Covariance matrix adaptation (Hansen's CMA-ES), without gradients.
--
-- Settings, read from state (the config table by default): sigma (first step size) and verb_disp (print every so many
-- iterations, 0 never) must be given; maxEval = 1000 N^2, ftarget (stop below it), popsize = 4 + floor(3 ln N),
-- min_iterations = 1. Random numbers come from the global generator.
local settings = require 'optim.settings'

local function required(state, name)
  if type(state[name]) ~= 'number' then
    error(('optim.cmaes: %s: expected a number in the settings, got %s'):format(name, torch.type(state[name])), 3)
  end
  return state[name]
end

-- The constants of the strategy, after Hansen's tutorial.
local function strategy(n, lambda, x)
  local k = { n = n, lambda = lambda, mu = lambda / 2 }
  local list, sum, squares = {}, 0, 0
  for i = 1, math.floor(k.mu - 1) + 1 do
    list[i] = math.log(k.mu + 0.5) - math.log(i)
    sum = sum + list[i]
  end
  for i = 1, #list do
    list[i] = list[i] / sum
    squares = squares + list[i] ^ 2
  end
  k.parents, k.weights = #list, x.new(list)
  local eff = 1 / squares
  k.eff = eff
  k.cc = (4 + eff / n) / (n + 4 + 2 * eff / n)
  k.cs = (eff + 2) / (n + eff + 5)
  k.c1 = 2 / ((n + 1.3) ^ 2 + eff)
  k.cmu = math.min(1 - k.c1, 2 * (eff - 2 + 1 / eff) / ((n + 2) ^ 2 + eff))
  k.damps = 2 * eff / lambda + 0.3 + k.cs
  return k
end

local function start(x, sigma)
  local n = x:nElement()
  return { mean = x:clone():view(-1), sigma = sigma, pc = x.new(n):zero(), ps = x.new(n):zero(),
    C = torch.eye(n):typeAs(x), B = torch.eye(n):typeAs(x), D = x.new(n):fill(1), root = torch.eye(n):typeAs(x),
    decomposed = 0, counted = 0 }
end

-- Draw the candidates m + sigma * B * D * N(0, I); the decomposition is renewed only now and then.
local function ask(s, k, candidates)
  if s.counted - s.decomposed > k.lambda / (k.c1 + k.cmu) / k.n / 10 then
    s.decomposed = s.counted
    s.C = torch.triu(s.C) + torch.triu(s.C, 1):t()
    s.D, s.B = torch.symeig(s.C, 'V')
    s.D:sqrt()
    s.root = s.B * torch.diag(torch.pow(s.D, -1)) * s.B:t()
  end
  for i = 1, k.lambda do
    local z = s.D:clone():normal(0, 1):cmul(s.D)
    candidates[i] = torch.add(s.mean, torch.mv(s.B, z) * s.sigma)
  end
end

-- The covariance moves towards the path and the steps of the best. Element by element in the original's order: where
-- eigenvalues coincide, the last bits decide about the eigenvectors.
local function adapt(s, k, best, old, c1a)
  local n, C, pc, weights = k.n, s.C, s.pc:totable(), k.weights:totable()
  local from, rows = old:totable(), best:totable()
  for i = 1, n do
    local row = C[i]
    for j = 1, n do
      local sum = 0
      for p = 1, k.parents do sum = sum + weights[p] * (rows[p][i] - from[i]) * (rows[p][j] - from[j]) end
      row[j] = row[j] + ((-c1a - k.cmu) * row[j] + k.c1 * pc[i] * pc[j] + k.cmu * (sum / s.sigma ^ 2))
    end
  end
end

-- Move mean, paths, covariance and step size by the candidates, best first.
local function tell(s, k, best)
  s.counted = s.counted + k.lambda
  local old, n = s.mean:clone(), k.n
  s.mean:zero():addmv(best:t(), k.weights)
  local y = s.mean - old
  s.ps = s.ps - s.ps * k.cs + torch.mv(s.root, y) * (math.sqrt(k.cs * (2 - k.cs) * k.eff) / s.sigma)
  local length = s.ps:dot(s.ps)
  local hsig = length / (1 - (1 - k.cs) ^ (2 * s.counted / k.lambda)) / n < 2 + 4 / (n + 1) and 1 or 0
  s.pc = s.pc - s.pc * k.cc + y * (math.sqrt(k.cc * (2 - k.cc) * k.eff) / s.sigma * hsig)

  local c1a = k.c1 - (1 - hsig) * k.c1 * k.cc * (2 - k.cc)
  adapt(s, k, best:contiguous(), old, c1a)
  s.sigma = s.sigma * math.exp(math.min(0.6, k.cs / k.damps * (length / n - 1) / 2))
end

local function finished(s, state, fitness, maxEval)
  if s.counted == 0 then return nil end
  local widest = s.D:max()
  if s.counted >= maxEval then return 'evaluations' end
  if state.ftarget and fitness[1] <= state.ftarget then return 'ftarget' end
  if widest > 1e7 * s.D:min() then return 'condition' end
  if fitness:size(1) > 1 and fitness[fitness:size(1)] - fitness[1] < 1e-12 then return 'tolfun' end
  if s.sigma * widest < 1e-11 then return 'tolx' end
end

--- @param opfunc x → f
-- @param x where the search starts; not changed
-- @return best x found, {f(x), best f of each generation, best f of all}, evaluations
-- @usage optim.cmaes(function(x) return x:dot(x) end, torch.ones(3), {sigma = 0.5, verb_disp = 0, maxEval = 100})
return function(opfunc, x, config, state)
  local _, settings_ = settings.check('cmaes', opfunc, x, config, state)
  local sigma, every = required(settings_, 'sigma'), required(settings_, 'verb_disp')
  local n = x:nElement()
  local maxEval = tonumber(settings_.maxEval) or 1e3 * n ^ 2
  local k = strategy(n, settings_.popsize or 4 + math.floor(3 * math.log(n)), x)
  local s = start(x, sigma)
  local candidates, fitness = x.new(k.lambda, n), torch.Tensor(k.lambda)
  local values, iteration = { (opfunc(x)) }, 0
  local best, least = x:clone():view(-1), math.huge
  repeat
    iteration = iteration + 1
    ask(s, k, candidates)
    for i = 1, k.lambda do fitness[i] = opfunc(candidates[i]:viewAs(x)) end
    local order
    fitness, order = torch.sort(fitness)
    local parents = candidates:index(1, order:narrow(1, 1, k.parents))
    tell(s, k, parents)
    values[#values + 1] = fitness[1]
    if fitness[1] < least then
      best, least = parents[1]:clone(), fitness[1]
    end
    if every > 0 and iteration % every == 0 then
      print(('<optim.cmaes> iteration %d: %d evaluations, value %g, sigma %g'):format(iteration, s.counted, fitness[1],
        s.sigma))
    end
  until finished(s, settings_, fitness, maxEval) and iteration >= (settings_.min_iterations or 1)
  values[#values + 1] = least
  return best:viewAs(x), values, s.counted
end
