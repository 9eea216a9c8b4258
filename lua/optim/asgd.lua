--- Averaged stochastic gradient descent (Bottou's setting of Polyak averaging).
--
-- config: eta0 = 1e-4, lambda = 1e-4, alpha = 0.75, t0 = 1e6 (defaults are written into config).
-- state: eta_t, mu_t, t, ax (the average), tmp.
local settings = require 'optim.settings'

--- @param opfunc x → f, df/dx
-- @param x parameters, changed in place
-- @return x, {f}, the average of the iterates
-- @usage local _, _, mean = optim.asgd(function(x) return x:dot(x), x * 2 end, torch.ones(2))
return function(opfunc, x, config, state)
  config, state = settings.check('asgd', opfunc, x, config, state)
  config.eta0 = config.eta0 or 1e-4
  config.lambda = config.lambda or 1e-4
  config.alpha = config.alpha or 0.75
  config.t0 = config.t0 or 1e6
  state.eta_t = state.eta_t or config.eta0
  state.mu_t = state.mu_t or 1
  state.t = (state.t or 0) + 1

  local fx, dfdx = settings.evaluate('asgd', opfunc, x)
  state.ax = state.ax or settings.like(x)
  state.tmp = state.tmp or settings.like(x)
  settings.step('asgd', x, dfdx, state.ax, state.tmp, nil, nil, 1 - config.lambda * state.eta_t, -state.eta_t,
    state.mu_t)
  state.eta_t = config.eta0 / (1 + config.lambda * config.eta0 * state.t) ^ config.alpha
  state.mu_t = 1 / math.max(1, state.t - config.t0)
  return x, { fx }, state.ax
end
