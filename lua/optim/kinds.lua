--- What optim.Optimizer knows of PyTorch's optimisers: the function that steps, the options and their settings.
local optim = require 'optim'
local fail = require 'torch.position'.fail

local M = {}

-- Method, the settings by PyTorch's names, and the defaults that are not the method's own. coupled: the decay passes
-- through the gradient; rate: PyTorch's default; scaled: Torch7's method has no rate; parts: see optim.parts; varies:
-- settings under which optim.variants has the step.
local kinds = {
  SGD = { 'sgd', { momentum = 'momentum', dampening = 'dampening', nesterov = 'nesterov' }, { dampening = 0 },
    rate = 1e-3 },
  Adam = { 'adamw', { betas = 'betas', eps = 'epsilon', amsgrad = 'amsgrad',
    decoupledWeightDecay = 'decoupledWeightDecay' }, { weightDecay = 0 }, coupled = true, rate = 1e-3,
    varies = { 'amsgrad' } },
  AdamW = { 'adamw', { betas = 'betas', eps = 'epsilon', amsgrad = 'amsgrad' }, {}, rate = 1e-3,
    varies = { 'amsgrad' } },
  NAdam = { 'nadam', { betas = 'betas', eps = 'epsilon', momentumDecay = 'momentumDecay',
    decoupledWeightDecay = 'decoupledWeightDecay' }, {}, rate = 2e-3 },
  RAdam = { 'radam', { betas = 'betas', eps = 'epsilon', decoupledWeightDecay = 'decoupledWeightDecay' }, {},
    rate = 1e-3 },
  RMSprop = { 'rmsprop', { alpha = 'alpha', eps = 'epsilon', momentum = 'momentum', centered = 'centered' }, {},
    rate = 1e-2, varies = { 'centered', 'momentum' } },
  Adagrad = { 'adagrad', { lrDecay = 'learningRateDecay', eps = 'epsilon',
    initialAccumulatorValue = 'initialAccumulatorValue' }, {}, rate = 1e-2,
    varies = { 'epsilon', 'initialAccumulatorValue' } },
  Adadelta = { 'adadelta', { rho = 'rho', eps = 'eps' }, {}, rate = 1, scaled = true },
  Adamax = { 'adamax', { betas = 'betas', eps = 'epsilon' }, { epsilon = 1e-8 }, rate = 2e-3 },
  ASGD = { 'asgd', { lr = 'eta0', lambd = 'lambda', alpha = 'alpha', t0 = 't0' }, { eta0 = 0.01 }, coupled = true },
  Rprop = { 'rprop', { lr = 'stepsize', etas = 'etas', stepSizes = 'stepSizes' }, { stepsize = 0.01 },
    no_decay = true },
  LBFGS = { 'lbfgs', { maxIter = 'maxIter', maxEval = 'maxEval', toleranceGrad = 'tolFun', toleranceChange = 'tolX',
    historySize = 'nCorrection', lineSearchFn = 'lineSearch' }, { tolFun = 1e-7, nCorrection = 100 }, no_decay = true,
    closure = true, rate = 1 },
  Adafactor = { 'adafactor', { beta2Decay = 'beta2Decay', eps = 'epsilons', d = 'clip' }, { weightDecay = 0 },
    rate = 1e-2, parts = true },
  Muon = { 'muon', { momentum = 'momentum', nesterov = 'nesterov', nsCoefficients = 'coefficients', eps = 'epsilon',
    nsSteps = 'steps', adjustLrFn = 'adjust' }, {}, rate = 1e-3, parts = true },
}
M.list = kinds

-- Options of all kinds that say how PyTorch is to compute: they change no number, and are left out.
local ignored = { foreach = true, fused = true, capturable = true, differentiable = true }
-- Options that are a pair: the settings of both.
local couples = { betas = { 'beta1', 'beta2' }, etas = { 'etaminus', 'etaplus' },
  stepSizes = { 'stepsizemin', 'stepsizemax' }, epsilons = { 'epsilon1', 'epsilon2' } }

-- What options of a kind may be called → the setting.
local function known(kind)
  local out = { maximize = 'maximize' }
  if kind.rate then out.lr = 'learningRate' end
  if not kind.no_decay then out.weightDecay = 'weightDecay' end
  for name, setting in pairs(kind[2]) do out[name] = setting end
  for _, setting in pairs(kind[2]) do
    for _, each in ipairs(couples[setting] or { setting }) do out[each] = each end
  end
  if out.lr then out[out.lr] = out.lr end
  return out
end

--- Raise "optim.Adam: text".
function M.refuse(who, text, ...) fail(('optim.%s: '):format(who) .. text:format(...)) end
local refuse = M.refuse

local function flag(who, setting, v)
  if type(v) ~= 'boolean' then refuse(who, '%s: expected true or false, got %s', setting, torch.type(v)) end
end
-- Checks of settings that are no numbers.
local checks = { nesterov = flag, amsgrad = flag, centered = flag, maximize = flag, decoupledWeightDecay = flag }
function checks.coefficients(who, _, v)
  if torch.type(v) ~= 'table' or #v ~= 3 then refuse(who, 'nsCoefficients: expected three numbers') end
end
function checks.adjust(who, _, v)
  if type(v) ~= 'string' then refuse(who, 'adjustLrFn: expected a name, got %s', torch.type(v)) end
end
function checks.lineSearch(who, _, v)
  if v ~= 'strong_wolfe' then refuse(who, "lineSearchFn: expected 'strong_wolfe' or nil, got %s", tostring(v)) end
end

local function set(who, config, setting, value)
  if checks[setting] then
    checks[setting](who, setting, value)
  elseif type(value) ~= 'number' or value ~= value then
    refuse(who, '%s: expected a number, got %s', setting, torch.type(value))
  end
  config[setting] = value
end

--- Put options, under any of their names, into config as settings.
-- @string who the kind, 'Adam'
-- @param options table
-- @param config table that grows
-- @return config
function M.read(who, options, config)
  local names = known(kinds[who])
  for key, value in pairs(options) do
    local name = type(key) == 'string' and key:gsub('_(%w)', string.upper) or key
    local setting = names[name]
    if ignored[name] then
      flag(who, name, value)
    elseif not setting then
      local list = {}
      for each in pairs(names) do list[#list + 1] = each end
      table.sort(list)
      refuse(who, 'there is no option %s; there are: %s', tostring(key), table.concat(list, ', '))
    elseif couples[setting] then
      if type(value) ~= 'table' or #value ~= 2 then refuse(who, '%s: expected two numbers', name) end
      for i, each in ipairs(couples[setting]) do set(who, config, each, value[i]) end
    else
      set(who, config, setting, value)
    end
  end
  return config
end

--- The settings of an optimiser: its kind's defaults, then the options.
function M.settings(who, options)
  local kind, config = kinds[who], {}
  if kind[2].betas then config.beta1, config.beta2 = 0.9, 0.999 end
  for name, value in pairs(kind[3]) do config[name] = value end
  return M.read(who, options, config)
end

-- Is it a step that Torch7's function does not know?
local function varied(kind, config)
  for _, name in ipairs(kind.varies or {}) do
    local v = config[name]
    if v and v ~= 0 then return true end
  end
  return false
end

-- By state: the gradient as the step is to see it, where that is not the one given.
local gradients = setmetatable({}, { __mode = 'k' })
-- sign * g + decay * x
local function changed(g, x, state, sign, decay)
  local out = gradients[state] or g.new()
  gradients[state] = out
  out:resizeAs(g):mul(g, sign)
  return decay ~= 0 and out:add(decay, x) or out
end

--- The step of a kind, a function of (opfunc, x, config, state) as every optimiser, for settings of M.settings.
function M.step(kind)
  return function(opfunc, x, config, state)
    local c, sign, coupled, shrink = {}, config.maximize and -1 or 1, 0, 0
    for k, v in pairs(config) do c[k] = v end
    local decay = c.weightDecay or 0
    if kind.scaled then c.scale = c.learningRate end
    if kind.coupled and not c.decoupledWeightDecay then
      coupled, c.weightDecay = decay, 0
    elseif not kind.coupled and c.decoupledWeightDecay then
      shrink, c.weightDecay = decay * c.learningRate, 0
    end
    if c.lineSearch then c.lineSearch = optim.lswolfe end
    if kind.closure then c.maxEval = c.maxEval or math.floor((c.maxIter or 20) * 5 / 4) end
    local method = (varied(kind, c) and require 'optim.variants' or optim)[kind[1]]
    local function evaluate(at)
      local loss, g = opfunc(at)
      if sign ~= 1 or coupled ~= 0 then g = changed(g, at, state, sign, coupled) end
      if shrink ~= 0 then at:mul(1 - shrink) end
      return loss and sign * loss, g
    end
    local _, losses = method(evaluate, x, c, state)
    for i, loss in ipairs(losses or {}) do losses[i] = sign * loss end
    return x, losses
  end
end

return M
