--- AdaDelta (Zeiler, 2012): steps in the units of the parameters, without a learning rate.
--
-- config: rho = 0.9, eps = 1e-6, weightDecay = 0. state: evalCounter, paramVariance, paramStd, delta, accDelta.
local settings = require 'optim.settings'

--- @param opfunc x → f, df/dx
-- @param x parameters, changed in place
-- @return x, {f}
-- @usage optim.adadelta(function(x) return x:dot(x), x * 2 end, torch.ones(2))
return function(opfunc, x, config, state)
  config, state = settings.check('adadelta', opfunc, x, config, state)
  local rho, eps, weightDecay = config.rho or 0.9, config.eps or 1e-6, config.weightDecay or 0

  local fx, dfdx = settings.evaluate('adadelta', opfunc, x)
  for _, name in ipairs { 'paramVariance', 'paramStd', 'delta', 'accDelta' } do
    state[name] = state[name] or settings.like(dfdx)
  end
  settings.step('adadelta', x, dfdx, state.paramVariance, state.accDelta, state.paramStd, state.delta, weightDecay, rho,
    1 - rho, eps)
  if config.scale and config.scale ~= 1 then x:add(1 - config.scale, state.delta) end
  state.evalCounter = (state.evalCounter or 0) + 1
  return x, { fx }
end
