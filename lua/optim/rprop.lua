--- Rprop (Riedmiller and Braun): steps from the signs of the gradient alone.
--
-- config: stepsize = 0.1, etaplus = 1.2, etaminus = 0.5, stepsizemax = 50, stepsizemin = 1e-6, niter = 1.
-- state: delta (the gradient before), stepsize (one an element), sign, psign, nsign, zsign, dminmax.
-- Where the sign changed, the step shrinks and the parameter rests once.
local settings = require 'optim.settings'

local function start(state, dfdx, stepsize)
  state.delta = settings.like(dfdx)
  state.stepsize = settings.like(dfdx, stepsize)
  state.sign = settings.like(dfdx)
  for _, name in ipairs { 'psign', 'nsign', 'zsign', 'dminmax' } do state[name] = torch.ByteTensor(dfdx:size()) end
end

--- @param opfunc x → f, df/dx
-- @param x parameters, changed in place
-- @return x, {f of each iteration}
-- @usage optim.rprop(function(x) return x:dot(x), x * 2 end, torch.ones(2))
return function(opfunc, x, config, state)
  config, state = settings.check('rprop', opfunc, x, config, state)
  local stepsize = config.stepsize or 0.1
  local etaplus, etaminus = config.etaplus or 1.2, config.etaminus or 0.5
  local largest, smallest = config.stepsizemax or 50.0, config.stepsizemin or 1e-6

  local values = {}
  for i = 1, config.niter or 1 do
    local fx, dfdx = settings.evaluate('rprop', opfunc, x)
    values[i] = fx
    if not state.delta then start(state, dfdx, stepsize) end

    local sign = state.sign:cmul(dfdx, state.delta):sign()
    state.psign:gt(sign, 0)
    state.nsign:lt(sign, 0)
    state.zsign:eq(sign, 0)
    sign[state.psign] = etaplus
    sign[state.nsign] = etaminus
    sign[state.zsign] = 1
    state.stepsize:cmul(sign):clamp(smallest, largest)

    dfdx[state.nsign] = 0
    sign:sign(dfdx)
    x:addcmul(-1, sign, state.stepsize)
    state.delta:copy(dfdx)
  end
  return x, values
end
