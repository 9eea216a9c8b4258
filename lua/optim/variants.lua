--- Steps of PyTorch's optimisers that Torch7's do not know: RMSprop with momentum or centred, Adam with amsgrad,
-- Adagrad with an epsilon. For optim.Optimizer; form of arguments as of every optimiser. state: m, v, and what the
-- variant adds.
local settings = require 'optim.settings'

local M = {}

local function buffer(state, name, like)
  state[name] = state[name] or settings.like(like)
  return state[name]
end

--- v = alpha v + (1 - alpha) g², a likewise of g where centred; b = momentum b + g / (sqrt(v - a²) + epsilon);
-- x = x - learningRate b
-- (config.weightDecay adds to g.)
function M.rmsprop(opfunc, x, config, state)
  config, state = settings.check('RMSprop', opfunc, x, config, state)
  local fx, g = settings.evaluate('RMSprop', opfunc, x)
  if (config.weightDecay or 0) ~= 0 then g = torch.add(g, config.weightDecay, x) end
  local alpha = config.alpha or 0.99
  local v = buffer(state, 'm', g):mul(alpha):addcmul(1 - alpha, g, g)
  local step = buffer(state, 'tmp', g):copy(v)
  if config.centered then
    local a = buffer(state, 'mean', g):mul(alpha):add(1 - alpha, g)
    step:addcmul(-1, a, a):clamp(0, math.huge)
  end
  step:sqrt():add(config.epsilon or 1e-8)
  step:cdiv(g, step)
  if (config.momentum or 0) ~= 0 then step = buffer(state, 'momentum', g):mul(config.momentum):add(step) end
  x:add(-(config.learningRate or 1e-2), step)
  return x, { fx }
end

--- AdamW whose second moment never falls: v̂ = max(v̂, v).
-- (Reddi, Kale and Kumar, 2018)
function M.adamw(opfunc, x, config, state)
  config, state = settings.check('Adam', opfunc, x, config, state)
  local fx, g = settings.evaluate('Adam', opfunc, x)
  local beta1, beta2, rate = config.beta1 or 0.9, config.beta2 or 0.999, config.learningRate or 1e-3
  local t = (state.t or 0) + 1
  state.t = t
  local m = buffer(state, 'm', g):mul(beta1):add(1 - beta1, g)
  local v = buffer(state, 'v', g):mul(beta2):addcmul(1 - beta2, g, g)
  local top = buffer(state, 'top', g):cmax(v)
  local step = buffer(state, 'tmp', g):sqrt(top):div(math.sqrt(1 - beta2 ^ t)):add(config.epsilon or 1e-8)
  step:cdiv(m, step)
  x:mul(1 - rate * (config.weightDecay or 0.01)):add(-rate / (1 - beta1 ^ t), step)
  return x, { fx }
end

--- AdaGrad whose sums begin at initialAccumulatorValue, and another epsilon.
function M.adagrad(opfunc, x, config, state)
  config, state = settings.check('Adagrad', opfunc, x, config, state)
  local fx, g = settings.evaluate('Adagrad', opfunc, x)
  if (config.weightDecay or 0) ~= 0 then g = torch.add(g, config.weightDecay, x) end
  local n = state.evalCounter or 0
  state.paramVariance = state.paramVariance or settings.like(g, config.initialAccumulatorValue)
  local step = buffer(state, 'paramStd', g):sqrt(state.paramVariance:addcmul(g, g)):add(config.epsilon or 1e-10)
  step:cdiv(g, step)
  x:add(-(config.learningRate or 1e-3) / (1 + n * (config.learningRateDecay or 0)), step)
  state.evalCounter = n + 1
  return x, { fx }
end

return M
