--- AdaGrad: steps divided by the root of the sum of squared gradients.
--
-- config: learningRate = 1e-3, learningRateDecay = 0, weightDecay = 0. state: evalCounter, paramVariance, paramStd.
local settings = require 'optim.settings'

--- @param opfunc x → f, df/dx
-- @param x parameters, changed in place
-- @return x, {f}
-- @usage optim.adagrad(function(x) return x:dot(x), x * 2 end, torch.ones(2))
return function(opfunc, x, config, state)
  config, state = settings.check('adagrad', opfunc, x, config, state)
  local weightDecay, n = config.weightDecay or 0, state.evalCounter or 0

  local fx, dfdx = settings.evaluate('adagrad', opfunc, x)
  state.paramVariance = state.paramVariance or settings.like(dfdx)
  state.paramStd = state.paramStd or settings.like(dfdx)

  local rate = (config.learningRate or 1e-3) / (1 + n * (config.learningRateDecay or 0))
  settings.step('adagrad', x, dfdx, state.paramVariance, state.paramStd, nil, nil, weightDecay, -rate)
  state.evalCounter = n + 1
  return x, { fx }
end
