--- Nadam (Dozat, 2016): Adam that looks ahead along its momentum, whose factor grows from step to step.
--
-- config: learningRate = 0.002, learningRateDecay = 0, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0,
-- momentumDecay = 0.004. state: t, m, v, product (of the factors so far).
local settings = require 'optim.settings'

--- mu_t = beta1*(1 - 0.96^(t*momentumDecay)/2);
-- x = x - lr*((1 - mu_t)/(1 - P_t)*g + mu_{t+1}/(1 - P_{t+1})*m) / (sqrt(v/(1 - beta2^t)) + epsilon), P the products
-- @param opfunc x → f, df/dx
-- @param x parameters, changed in place
-- @return x, {f}
-- @usage optim.nadam(function(x) return x:dot(x), x * 2 end, torch.ones(2), {learningRate = 0.1})
return function(opfunc, x, config, state)
  config, state = settings.check('nadam', opfunc, x, config, state)
  local beta1, beta2, psi = config.beta1 or 0.9, config.beta2 or 0.999, config.momentumDecay or 4e-3
  local fx, dfdx = settings.evaluate('nadam', opfunc, x)
  state.m, state.v = state.m or settings.like(dfdx), state.v or settings.like(dfdx)
  local rate = (config.learningRate or 0.002) / (1 + (state.t or 0) * (config.learningRateDecay or 0))
  local t = (state.t or 0) + 1
  local now = beta1 * (1 - 0.5 * 0.96 ^ (t * psi))
  local after = beta1 * (1 - 0.5 * 0.96 ^ ((t + 1) * psi))
  local product = (state.product or 1) * now
  state.t, state.product = t, product
  settings.step('nadam', x, dfdx, state.m, state.v, nil, nil, config.weightDecay or 0, beta1, beta2, 1 - beta2,
    config.epsilon or 1e-8, math.sqrt(1 - beta2 ^ t), -rate * (1 - now) / (1 - product),
    -rate * after / (1 - product * after))
  return x, { fx }
end
