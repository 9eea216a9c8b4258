--- AdamW (Loshchilov and Hutter, 2019): Adam with a weight decay that does not pass through the moments.
--
-- config: learningRate = 0.001, learningRateDecay = 0, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8,
-- weightDecay = 0.01. state: t, m, v. epsilon is added to the corrected root, as in PyTorch; optim.adam adds it before.
local settings = require 'optim.settings'

--- x = (1 - lr*weightDecay)*x - lr * m/(1 - beta1^t) / (sqrt(v/(1 - beta2^t)) + epsilon)
-- @param opfunc x → f, df/dx
-- @param x parameters, changed in place
-- @return x, {f}
-- @usage optim.adamw(function(x) return x:dot(x), x * 2 end, torch.ones(2), {learningRate = 0.1})
return function(opfunc, x, config, state)
  config, state = settings.check('adamw', opfunc, x, config, state)
  local beta1, beta2 = config.beta1 or 0.9, config.beta2 or 0.999
  local fx, dfdx = settings.evaluate('adamw', opfunc, x)
  state.m, state.v = state.m or settings.like(dfdx), state.v or settings.like(dfdx)
  local rate = (config.learningRate or 0.001) / (1 + (state.t or 0) * (config.learningRateDecay or 0))
  local t = (state.t or 0) + 1
  state.t = t
  settings.step('adamw', x, dfdx, state.m, state.v, nil, nil, 1 - rate * (config.weightDecay or 0.01), beta1, 1 - beta1,
    beta2, 1 - beta2, config.epsilon or 1e-8, -rate / (1 - beta1 ^ t), math.sqrt(1 - beta2 ^ t))
  return x, { fx }
end
