--- Nesterov's accelerated gradient: looks ahead along the momentum before it evaluates.
--
-- config: learningRate = 1e-3, learningRateDecay = 0, weightDecay = 0, momentum = 0.9, learningRates (a tensor).
-- state: evalCounter, dfdx, deltaParameters. The x returned includes the last look-ahead.
local settings = require 'optim.settings'

--- @param opfunc x → f, df/dx
-- @param x parameters, changed in place
-- @return x, {f}
-- @usage optim.nag(function(x) return x:dot(x), x * 2 end, torch.ones(2))
return function(opfunc, x, config, state)
  config, state = settings.check('nag', opfunc, x, config, state)
  local momentum, weightDecay = config.momentum or 0.9, config.weightDecay or 0
  if momentum <= 0 then error('optim.nag: momentum must be positive for Nesterov\'s accelerated gradient', 2) end
  local n, rates = state.evalCounter or 0, config.learningRates

  if state.dfdx then x:add(momentum, state.dfdx) end
  local fx, dfdx = settings.evaluate('nag', opfunc, x)
  local rate = (config.learningRate or 1e-3) / (1 + n * (config.learningRateDecay or 0))

  state.dfdx = state.dfdx or settings.like(dfdx)
  if rates then
    if weightDecay ~= 0 then dfdx:add(weightDecay, x) end
    state.deltaParameters = state.deltaParameters or settings.like(dfdx)
    local scaled = state.deltaParameters:copy(rates):cmul(dfdx)
    x:add(-rate, scaled)
    state.dfdx:mul(momentum):add(-rate, scaled)
  else
    settings.step('nag', x, dfdx, state.dfdx, nil, nil, nil, weightDecay, -rate, momentum)
  end
  state.evalCounter = n + 1
  return x, { fx }
end
