--- AdaDelta (Zeiler, 2012): steps in the units of the parameters, without a learning rate.
--
-- config: rho = 0.9, eps = 1e-6, weightDecay = 0. state: evalCounter, paramVariance, paramStd, delta, accDelta.
local settings = require 'optim.settings'

--- @param opfunc x → f, df/dx
-- @param x parameters, changed in place
-- @return x, {f}
return function(opfunc, x, config, state)
  config, state = settings.check('adadelta', opfunc, x, config, state)
  local rho, eps, weightDecay = config.rho or 0.9, config.eps or 1e-6, config.weightDecay or 0

  local fx, dfdx = settings.evaluate('adadelta', opfunc, x)
  if weightDecay ~= 0 then dfdx:add(weightDecay, x) end
  for _, name in ipairs { 'paramVariance', 'paramStd', 'delta', 'accDelta' } do
    state[name] = state[name] or settings.like(dfdx)
  end

  state.paramVariance:mul(rho):addcmul(1 - rho, dfdx, dfdx)
  state.paramStd:copy(state.paramVariance):add(eps):sqrt()
  state.delta:copy(state.accDelta):add(eps):sqrt():cdiv(state.paramStd):cmul(dfdx)
  x:add(-1, state.delta)
  state.accDelta:mul(rho):addcmul(1 - rho, state.delta, state.delta)
  state.evalCounter = (state.evalCounter or 0) + 1
  return x, { fx }
end
