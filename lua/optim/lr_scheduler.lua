--- optim.lr_scheduler: PyTorch's names for schedules of the learning rate: StepLR, MultiStepLR, ExponentialLR,
-- CosineAnnealingLR, CosineAnnealingWarmRestarts, PolynomialLR, OneCycleLR, ReduceLROnPlateau, ConstantLR, LinearLR,
-- LambdaLR.
--
-- Each is a function (optimizer, arguments in PyTorch's order, or a table of them by name) and gives an optim.Schedule:
-- optimizer is an object such as optim.SGD(net), or the table of settings that a function such as optim.sgd is given.
-- schedule:step() after each epoch. After its last step a cosine stays where it is.
-- @usage
-- local config = { learningRate = 0.1 }
-- local schedule = optim.lr_scheduler.StepLR(config, { step_size = 30, gamma = 0.1 })
-- schedule:step()
local optim = require 'optim'
local options = require 'nn.options'

local M = {}

local function settings(who, optimizer)
  local config = optimizer
  if torch.isTypeOf(optimizer, 'optim.Optimizer') then config = optimizer:rated() end
  if torch.type(config) ~= 'table' then
    options.refuse(who, 'argument 1', 'an optimizer with a learning rate, or a table of settings', optimizer)
  end
  config.learningRate = config.learningRate or 1e-3
  return config
end

-- One schedule: its arguments in order; kind(o, who) gives the options of optim.Schedule.
local function schedule(name, arguments, kind)
  local who, names = 'optim.lr_scheduler.' .. name, {}
  for word in arguments:gmatch '%S+' do names[#names + 1] = word end
  M[name] = function(optimizer, ...)
    local config = settings(who, optimizer)
    return optim.Schedule(config, kind(options.read(who, names, ...), who))
  end
end

local function number(o, who, name, default) return options.number(who, name, o[name], default) end
local function count(o, who, name, default) return options.count(who, name, o[name] or default) end

schedule('StepLR', 'stepSize gamma', function(o, who)
  return { kind = 'step', every = count(o, who, 'stepSize'), factor = number(o, who, 'gamma', 0.1) }
end)
schedule('MultiStepLR', 'milestones gamma', function(o, who)
  local list = torch.type(o.milestones) == 'table' and o.milestones
    or options.refuse(who, 'milestones', 'a list of numbers', o.milestones)
  for _, at in ipairs(list) do options.number(who, 'milestones', at) end
  return { kind = 'multistep', at = list, factor = number(o, who, 'gamma', 0.1) }
end)
schedule('ExponentialLR', 'gamma', function(o, who)
  return { kind = 'exponential', factor = number(o, who, 'gamma') }
end)
schedule('CosineAnnealingLR', 'TMax|tMax etaMin', function(o, who)
  return { kind = 'cosine', steps = count(o, who, 'TMax'), minimum = number(o, who, 'etaMin', 0) }
end)
schedule('CosineAnnealingWarmRestarts', 'T0|t0|T_0 TMult|tMult etaMin', function(o, who)
  return { kind = 'restarts', steps = count(o, who, 'T0'), growth = count(o, who, 'TMult', 1),
    minimum = number(o, who, 'etaMin', 0) }
end)
schedule('PolynomialLR', 'totalIters power', function(o, who)
  return { kind = 'polynomial', steps = count(o, who, 'totalIters', 5), power = number(o, who, 'power', 1) }
end)
schedule('OneCycleLR', 'maxLr totalSteps pctStart divFactor finalDivFactor', function(o, who)
  return { kind = 'onecycle', maximum = number(o, who, 'maxLr'), steps = count(o, who, 'totalSteps'),
    rise = number(o, who, 'pctStart', 0.3), divide = number(o, who, 'divFactor', 25),
    final = number(o, who, 'finalDivFactor', 1e4) }
end)
schedule('ReduceLROnPlateau', 'mode factor patience threshold cooldown minLr', function(o, who)
  return { kind = 'plateau', mode = o.mode or 'min', factor = number(o, who, 'factor', 0.1),
    patience = number(o, who, 'patience', 10), threshold = number(o, who, 'threshold', 1e-4),
    cooldown = number(o, who, 'cooldown', 0), minimum = number(o, who, 'minLr', 0) }
end)

-- base * f(t)
local function by_function(f)
  return { kind = 'function', f = function(t, base) return base * f(t) end }
end
schedule('ConstantLR', 'factor totalIters', function(o, who)
  local factor, n = number(o, who, 'factor', 1 / 3), count(o, who, 'totalIters', 5)
  return by_function(function(t) return t < n and factor or 1 end)
end)
schedule('LinearLR', 'startFactor endFactor totalIters', function(o, who)
  local first, last = number(o, who, 'startFactor', 1 / 3), number(o, who, 'endFactor', 1)
  local n = count(o, who, 'totalIters', 5)
  return by_function(function(t) return first + (last - first) * math.min(t, n) / n end)
end)
schedule('LambdaLR', 'lrLambda', function(o, who)
  if type(o.lrLambda) ~= 'function' then options.refuse(who, 'lrLambda', 'a function of the step', o.lrLambda) end
  return by_function(o.lrLambda)
end)

return M
