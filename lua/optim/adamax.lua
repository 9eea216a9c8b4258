--- Adamax: Adam with the infinity norm.
--
-- config: learningRate = 0.002, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-38, weightDecay = 0.
-- state: t, m, u (1 x n), max (2 x n).
local settings = require 'optim.settings'

--- @param opfunc x → f, df/dx
-- @param x parameters, changed in place
-- @return x, {f}
-- @usage optim.adamax(function(x) return x:dot(x), x * 2 end, torch.ones(2))
return function(opfunc, x, config, state)
  config, state = settings.check('adamax', opfunc, x, config, state)
  local beta1, beta2 = config.beta1 or 0.9, config.beta2 or 0.999
  local weightDecay = config.weightDecay or 0

  local fx, dfdx = settings.evaluate('adamax', opfunc, x)
  if x:nElement() == 0 then return x, { fx } end -- which has no rows
  state.m = state.m or settings.like(dfdx)
  state.u = state.u or settings.rows(1, dfdx)
  state.max = state.max or settings.rows(2, dfdx)
  local t = (state.t or 0) + 1
  state.t = t

  local step = (config.learningRate or 0.002) / (1 - beta1 ^ t)
  settings.step('adamax', x, dfdx, state.m, state.u, state.max[1], state.max[2], weightDecay, beta1, 1 - beta1, beta2,
    config.epsilon or 1e-38, -step)
  return x, { fx }
end
