--- Adam (Kingma and Ba, 2014).
--
-- config: learningRate = 0.001, learningRateDecay = 0, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0.
-- state: t, m, v, denom. epsilon is added to sqrt(v) before the bias correction, which the step size carries.
local settings = require 'optim.settings'

--- @param opfunc x → f, df/dx
-- @param x parameters, changed in place
-- @return x, {f}
-- @usage optim.adam(function(x) return x:dot(x), x * 2 end, torch.ones(2), {learningRate = 0.1})
return function(opfunc, x, config, state)
  config, state = settings.check('adam', opfunc, x, config, state)
  local beta1, beta2 = config.beta1 or 0.9, config.beta2 or 0.999
  local weightDecay = config.weightDecay or 0

  local fx, dfdx = settings.evaluate('adam', opfunc, x)
  local t = state.t or 0
  state.m = state.m or settings.like(dfdx)
  state.v = state.v or settings.like(dfdx)
  state.denom = state.denom or settings.like(dfdx)

  local rate = (config.learningRate or 0.001) / (1 + t * (config.learningRateDecay or 0))
  t = t + 1
  state.t = t
  local step = rate * math.sqrt(1 - beta2 ^ t) / (1 - beta1 ^ t)
  settings.step('adam', x, dfdx, state.m, state.v, state.denom, nil, weightDecay, beta1, 1 - beta1, beta2, 1 - beta2,
    config.epsilon or 1e-8, -step)
  return x, { fx }
end
