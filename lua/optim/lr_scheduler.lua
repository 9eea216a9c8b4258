--- optim.lr_scheduler: PyTorch's names for schedules of the learning rate: StepLR, MultiStepLR, ExponentialLR,
-- CosineAnnealingLR, CosineAnnealingWarmRestarts, PolynomialLR, OneCycleLR, CyclicLR, ReduceLROnPlateau, ConstantLR,
-- LinearLR, LambdaLR, MultiplicativeLR, SequentialLR, ChainedScheduler.
--
-- Each is a function (optimizer, arguments in PyTorch's order, or a table of them by name) and gives an optim.Schedule:
-- optimizer is an object such as optim.SGD(net), or the table of settings that a function such as optim.sgd is given.
-- schedule:step() after each epoch. After its last step a cosine stays where it is. Several schedules of one optimizer
-- begin with the rate that the first one found.
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

-- By table of settings: the rate before any schedule of this file changed it, and the rate as the last one left it. A
-- program that has set another rate since begins with that.
local begun = setmetatable({}, { __mode = 'k' })
local function first_rate(config)
  local known = begun[config]
  if known and known.last == config.learningRate then config.learningRate = known.first end
  return config.learningRate
end

-- One schedule: its arguments in order; kind(o, who) gives the options of optim.Schedule.
local function schedule(name, arguments, kind)
  local who, names = 'optim.lr_scheduler.' .. name, {}
  for word in arguments:gmatch '%S+' do names[#names + 1] = word end
  M[name] = function(optimizer, ...)
    local config, o = settings(who, optimizer), options.read(who, names, ...)
    local first = first_rate(config)
    local result = optim.Schedule(config, kind(o, who, config))
    begun[config] = { first = first, last = config.learningRate }
    return result
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
local shapes = { triangular = 'triangular', triangular2 = 'triangular2', exp_range = 'exponential' }
schedule('CyclicLR', 'baseLr maxLr stepSizeUp stepSizeDown mode gamma cycleMomentum baseMomentum maxMomentum',
  function(o, who, config)
    local shape = shapes[o.mode or 'triangular']
    if not shape then options.refuse(who, 'mode', "'triangular', 'triangular2' or 'exp_range'", o.mode) end
    local up = count(o, who, 'stepSizeUp', 2000)
    local low, high = number(o, who, 'baseMomentum', 0.8), number(o, who, 'maxMomentum', 0.9)
    local cycles = options.flag(who, 'cycleMomentum', o.cycleMomentum, true) and (config.momentum or config.beta1)
    return { kind = 'cyclic', low = number(o, who, 'baseLr'), high = number(o, who, 'maxLr'), up = up,
      down = count(o, who, 'stepSizeDown', up), shape = shape, factor = number(o, who, 'gamma', 1),
      momentum = cycles and { low, high } or false }
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
-- The program's function of the step, whose results are checked.
local function lambda(o, who)
  local f = o.lrLambda
  if type(f) ~= 'function' then options.refuse(who, 'lrLambda', 'a function of the step', f) end
  return function(t) return options.number(who, ('lrLambda(%d)'):format(t), f(t)) end
end
schedule('LambdaLR', 'lrLambda', function(o, who) return by_function(lambda(o, who)) end)
-- base * f(1) * f(2) * ... * f(t)
schedule('MultiplicativeLR', 'lrLambda', function(o, who)
  local f, products = lambda(o, who), { [0] = 1 }
  return by_function(function(t)
    for i = #products + 1, t do products[i] = products[i - 1] * f(i) end
    return products[t]
  end)
end)

local function list_of(who, list)
  if torch.type(list) ~= 'table' or #list == 0 then options.refuse(who, 'schedulers', 'a list of schedules', list) end
  for i, s in ipairs(list) do
    if not torch.isTypeOf(s, 'optim.Schedule') or s.options.kind == 'plateau' then
      options.refuse(who, ('schedulers[%d]'):format(i), 'a schedule that does not watch a value', s)
    end
  end
  return list
end

-- One schedule after another: the next one begins, from its own step 0, at each milestone.
schedule('SequentialLR', 'schedulers milestones', function(o, who)
  local list, milestones = list_of(who, o.schedulers), o.milestones
  if torch.type(milestones) ~= 'table' or #milestones ~= #list - 1 then
    options.refuse(who, 'milestones', ('%d steps'):format(#list - 1), milestones)
  end
  for i, at in ipairs(milestones) do options.count(who, ('milestones[%d]'):format(i), at) end
  return { kind = 'function', f = function(t)
    local i = 1
    while milestones[i] and t >= milestones[i] do i = i + 1 end
    return list[i]:rateAt(t - (milestones[i - 1] or 0))
  end }
end)

--- Several schedules at once: their factors are multiplied.
-- @param schedulers list of schedules of one optimizer
-- @return the schedule to step
-- @usage
-- local config, L = { learningRate = 0.1 }, optim.lr_scheduler
-- local both = L.ChainedScheduler { L.ConstantLR(config, 0.1, 2), L.ExponentialLR(config, 0.9) }
-- both:step()
function M.ChainedScheduler(schedulers, optimizer)
  local who = 'optim.lr_scheduler.ChainedScheduler'
  local list = list_of(who, schedulers)
  local config = optimizer and settings(who, optimizer) or list[1].config
  local first = first_rate(config)
  local result = optim.Schedule(config, { kind = 'function', f = function(t, base)
    local rate = base
    for _, s in ipairs(list) do rate = rate * s:rateAt(t) / s.base end
    return rate
  end })
  begun[config] = { first = first, last = config.learningRate }
  return result
end

return M
