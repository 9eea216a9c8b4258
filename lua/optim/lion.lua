--- Lion (Chen et al., 2023): steps of one size, along the sign of an interpolated momentum.
--
-- config: learningRate = 1e-4, learningRateDecay = 0, beta1 = 0.9, beta2 = 0.99, weightDecay = 0. state: t, m.
local settings = require 'optim.settings'

--- x = (1 - lr*weightDecay)*x - lr*sign(beta1*m + (1 - beta1)*g), then m = beta2*m + (1 - beta2)*g
-- @param opfunc x → f, df/dx
-- @param x parameters, changed in place
-- @return x, {f}
-- @usage optim.lion(function(x) return x:dot(x), x * 2 end, torch.ones(2), {learningRate = 0.01})
return function(opfunc, x, config, state)
  config, state = settings.check('lion', opfunc, x, config, state)
  local fx, dfdx = settings.evaluate('lion', opfunc, x)
  state.m = state.m or settings.like(dfdx)
  local rate = (config.learningRate or 1e-4) / (1 + (state.t or 0) * (config.learningRateDecay or 0))
  state.t = (state.t or 0) + 1
  settings.step('lion', x, dfdx, state.m, nil, nil, nil, 1 - rate * (config.weightDecay or 0), config.beta1 or 0.9,
    config.beta2 or 0.99, -rate)
  return x, { fx }
end
