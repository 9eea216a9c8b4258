--- Rectified Adam (Liu et al., 2020): plain momentum until the variance of the adaptive step is known.
--
-- config: learningRate = 0.001, learningRateDecay = 0, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0.
-- state: t, m, v.
local settings = require 'optim.settings'

--- r_inf = 2/(1 - beta2) - 1, r = r_inf - 2*t*beta2^t/(1 - beta2^t); for r > 5
-- x = x - lr*R*m/(1 - beta1^t)*sqrt(1 - beta2^t)/(sqrt(v) + epsilon) with
-- R = sqrt((r - 4)(r - 2)r_inf / ((r_inf - 4)(r_inf - 2)r)), else x = x - lr*m/(1 - beta1^t)
-- @param opfunc x → f, df/dx
-- @param x parameters, changed in place
-- @return x, {f}
-- @usage optim.radam(function(x) return x:dot(x), x * 2 end, torch.ones(2), {learningRate = 0.1})
return function(opfunc, x, config, state)
  config, state = settings.check('radam', opfunc, x, config, state)
  local beta1, beta2 = config.beta1 or 0.9, config.beta2 or 0.999
  local fx, dfdx = settings.evaluate('radam', opfunc, x)
  state.m, state.v = state.m or settings.like(dfdx), state.v or settings.like(dfdx)
  local rate = (config.learningRate or 0.001) / (1 + (state.t or 0) * (config.learningRateDecay or 0))
  local t = (state.t or 0) + 1
  state.t = t
  local rest = 1 - beta2 ^ t
  local limit = 2 / (1 - beta2) - 1
  local length = limit - 2 * t * beta2 ^ t / rest
  local step = rate / (1 - beta1 ^ t)
  if length > 5 then
    step = step * math.sqrt(rest * (length - 4) * (length - 2) * limit / ((limit - 4) * (limit - 2) * length))
  end
  settings.step('radam', x, dfdx, state.m, state.v, nil, nil, config.weightDecay or 0, beta1, beta2, 1 - beta2,
    config.epsilon or 1e-8, -step, length > 5 and 1 or 0)
  return x, { fx }
end
