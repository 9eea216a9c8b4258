--- RMSprop: steps divided by a running root mean square of the gradient.
--
-- config: learningRate = 1e-2, alpha = 0.99, epsilon = 1e-8, weightDecay = 0, initialMean = 0. state: m, tmp.
local settings = require 'optim.settings'

--- @param opfunc x → f, df/dx
-- @param x parameters, changed in place
-- @return x, {f}
-- @usage optim.rmsprop(function(x) return x:dot(x), x * 2 end, torch.ones(2))
return function(opfunc, x, config, state)
  config, state = settings.check('rmsprop', opfunc, x, config, state)
  local alpha, weightDecay = config.alpha or 0.99, config.weightDecay or 0

  local fx, dfdx = settings.evaluate('rmsprop', opfunc, x)
  state.m = state.m or settings.like(dfdx, config.initialMean)
  state.tmp = state.tmp or settings.like(dfdx)
  settings.step('rmsprop', x, dfdx, state.m, state.tmp, nil, nil, weightDecay, alpha, 1 - alpha, config.epsilon or 1e-8,
    -(config.learningRate or 1e-2))
  return x, { fx }
end
