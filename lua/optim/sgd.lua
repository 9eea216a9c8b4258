--- Stochastic gradient descent with momentum.
--
-- config: learningRate = 1e-3, learningRateDecay = 0, weightDecay = 0, weightDecays (a tensor), momentum = 0,
-- dampening = momentum, nesterov = false, learningRates (a tensor of factors).
-- state: evalCounter, dfdx, deltaParameters, decayParameters.
--
-- The n-th step goes lr / (1 + n*learningRateDecay); the momentum buffer starts as the undamped first gradient.
-- No step after the first allocates a tensor.
local settings = require 'optim.settings'

local function decay(state, x, dfdx, weightDecay, weightDecays)
  if weightDecay ~= 0 then
    dfdx:add(weightDecay, x)
  elseif weightDecays then
    state.decayParameters = state.decayParameters or x.new():resizeAs(dfdx)
    state.decayParameters:copy(weightDecays):cmul(x)
    dfdx:add(state.decayParameters)
  end
end

local function accelerate(state, dfdx, momentum, dampening, nesterov)
  local v = state.dfdx
  if v then
    v:mul(momentum):add(1 - dampening, dfdx)
  else
    v = dfdx.new():resizeAs(dfdx):copy(dfdx)
    state.dfdx = v
  end
  if nesterov then return dfdx:add(momentum, v) end
  return v
end

--- @param opfunc x → f, df/dx
-- @param x parameters, changed in place
-- @return x, {f}
-- @usage optim.sgd(function(x) return (x * x), x * 2 end, torch.ones(2), {learningRate = 0.1})
return function(opfunc, x, config, state)
  config, state = settings.check('sgd', opfunc, x, config, state)
  local momentum = config.momentum or 0
  local dampening = config.dampening or momentum
  local weightDecay, rates = config.weightDecay or 0, config.learningRates
  if config.nesterov and (momentum <= 0 or dampening ~= 0) then
    error('optim.sgd: nesterov momentum requires a momentum > 0 and zero dampening', 2)
  end
  if weightDecay ~= 0 and config.weightDecays then
    error('optim.sgd: weightDecay and weightDecays exclude each other', 2)
  end
  local n = state.evalCounter or 0

  local fx, dfdx = settings.evaluate('sgd', opfunc, x)
  decay(state, x, dfdx, weightDecay, config.weightDecays)
  if momentum ~= 0 then dfdx = accelerate(state, dfdx, momentum, dampening, config.nesterov) end

  local rate = (config.learningRate or 1e-3) / (1 + n * (config.learningRateDecay or 0))
  if rates then
    state.deltaParameters = state.deltaParameters or x.new():resizeAs(dfdx)
    state.deltaParameters:copy(rates):cmul(dfdx)
    dfdx = state.deltaParameters
  end
  x:add(-rate, dfdx)
  state.evalCounter = n + 1
  return x, { fx }
end
