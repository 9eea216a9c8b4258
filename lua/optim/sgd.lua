--- Stochastic gradient descent with momentum.
--
-- config: learningRate = 1e-3, learningRateDecay = 0, weightDecay = 0, weightDecays (a tensor), momentum = 0,
-- dampening = momentum, nesterov = false, learningRates (a tensor of factors).
-- state: evalCounter, dfdx, deltaParameters, decayParameters.
--
-- The n-th step goes lr / (1 + n*learningRateDecay); the momentum buffer starts as the undamped first gradient.
-- No step after the first allocates a tensor; without tensors of decays or rates a step is one pass over the memory.
local settings = require 'optim.settings'

-- Gradient and parameters in one pass.
local function step(state, x, dfdx, weightDecay, rate, momentum, dampening, nesterov)
  if momentum == 0 then
    settings.step('sgd', x, dfdx, nil, nil, nil, nil, weightDecay, -rate)
    return
  end
  local first = state.dfdx == nil
  if first then state.dfdx = dfdx.new():resizeAs(dfdx) end
  settings.step('momentum', x, dfdx, state.dfdx, nil, nil, nil, weightDecay, -rate, momentum, 1 - dampening,
    first and 1 or 0, nesterov and 1 or 0)
end

local function decay(state, x, dfdx, weightDecays)
  state.decayParameters = state.decayParameters or x.new():resizeAs(dfdx)
  state.decayParameters:copy(weightDecays):cmul(x)
  dfdx:add(state.decayParameters)
end

-- The step with a rate of its own for each parameter.
local function step_rates(state, x, dfdx, rate, rates, momentum, dampening, nesterov)
  if momentum ~= 0 then
    local v = state.dfdx
    if v then
      v:mul(momentum):add(1 - dampening, dfdx)
    else
      v = dfdx.new():resizeAs(dfdx):copy(dfdx)
      state.dfdx = v
    end
    if nesterov then dfdx:add(momentum, v) else dfdx = v end
  end
  state.deltaParameters = state.deltaParameters or x.new():resizeAs(dfdx)
  state.deltaParameters:copy(rates):cmul(dfdx)
  x:add(-rate, state.deltaParameters)
end

--- @param opfunc x → f, df/dx
-- @param x parameters, changed in place
-- @return x, {f}
-- @usage optim.sgd(function(x) return x:dot(x), x * 2 end, torch.ones(2), {learningRate = 0.1})
return function(opfunc, x, config, state)
  config, state = settings.check('sgd', opfunc, x, config, state)
  local momentum = config.momentum or 0
  local dampening = config.dampening or momentum
  local weightDecay, weightDecays, rates = config.weightDecay or 0, config.weightDecays, config.learningRates
  if config.nesterov and (momentum <= 0 or dampening ~= 0) then
    error('optim.sgd: nesterov momentum requires a momentum > 0 and zero dampening', 2)
  end
  if weightDecay ~= 0 and weightDecays then
    error('optim.sgd: weightDecay and weightDecays exclude each other', 2)
  end
  local n = state.evalCounter or 0

  local fx, dfdx = settings.evaluate('sgd', opfunc, x)
  local rate = (config.learningRate or 1e-3) / (1 + n * (config.learningRateDecay or 0))
  if weightDecays then decay(state, x, dfdx, weightDecays) end
  if rates then
    if weightDecay ~= 0 then dfdx:add(weightDecay, x) end
    step_rates(state, x, dfdx, rate, rates, momentum, dampening, config.nesterov)
  else
    step(state, x, dfdx, weightDecay, rate, momentum, dampening, config.nesterov)
  end
  state.evalCounter = n + 1
  return x, { fx }
end
