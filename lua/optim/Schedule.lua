--- optim.Schedule: the learning rate of a config table, from step to step. A plain object: it goes through files.
--
-- Options of every kind: kind, warmup = 0 (steps during which the rate rises linearly; the kind counts from its end),
-- warmupFrom = 1/warmup (fraction of the rate at step 0). t counts steps from 0, base is the rate that config had.
--   constant
--   step {every, factor = 0.1}                base * factor^floor(t / every)
--   multistep {at = {30, 80}, factor = 0.1}   base * factor^(number of `at` reached)
--   exponential {factor}                      base * factor^t
--   polynomial {steps, power = 1, minimum = 0}    minimum + (base - minimum) * (1 - t/steps)^power
--   cosine {steps, minimum = 0}               minimum + (base - minimum) * (1 + cos(pi*t/steps)) / 2
--   restarts {steps, growth = 1, minimum = 0} cosine again and again, each time `growth` times longer
--   inverse {after = 1}                       base * min(1, sqrt(after / t))
--   onecycle {steps, maximum = base, rise = 0.3, divide = 25, final = 1e4, momentum = {0.85, 0.95}}
--       cosine up from maximum/divide over rise*steps steps, then down to maximum/divide/final; config.momentum (or
--       beta1, where config has it) goes the other way. momentum = false leaves it alone
--   cyclic {low, high, up = 2000, down = up, shape = 'triangular', factor = 1, momentum = false}
--       from low to high in up steps, back in down; 'triangular2' halves the height from cycle to cycle, 'exponential'
--       multiplies it by factor^t. momentum = {low, high} goes the other way
--   plateau {factor = 0.1, patience = 10, threshold = 1e-4, mode = 'min', cooldown = 0, minimum = 0}
--       step(value): the rate is multiplied by factor when value has not improved for more than `patience` steps
--   function {f = function(t, base) return rate end}
local Schedule = torch.class 'optim.Schedule'

local function cosine(from, to, part) return to + (from - to) * (1 + math.cos(math.pi * part)) / 2 end

local REQUIRED = {} -- an option without a default
local kinds = {
  constant = { rate = function(_, _, base) return base end },
  step = { every = REQUIRED, factor = 0.1,
    rate = function(o, t, base) return base * o.factor ^ math.floor(t / o.every) end },
  multistep = { at = REQUIRED, factor = 0.1, rate = function(o, t, base)
    local n = 0
    for _, at in ipairs(o.at) do n = n + (t >= at and 1 or 0) end
    return base * o.factor ^ n
  end },
  exponential = { factor = REQUIRED, rate = function(o, t, base) return base * o.factor ^ t end },
  polynomial = { steps = REQUIRED, power = 1, minimum = 0, rate = function(o, t, base)
    return o.minimum + (base - o.minimum) * (1 - math.min(t / o.steps, 1)) ^ o.power
  end },
  cosine = { steps = REQUIRED, minimum = 0,
    rate = function(o, t, base) return cosine(base, o.minimum, math.min(t / o.steps, 1)) end },
  restarts = { steps = REQUIRED, growth = 1, minimum = 0, rate = function(o, t, base)
    local length = o.steps
    if o.growth == 1 then t = t % length end
    while t >= length do t, length = t - length, length * o.growth end
    return cosine(base, o.minimum, t / length)
  end },
  inverse = { after = 1,
    rate = function(o, t, base) return base * math.min(1, math.sqrt(o.after / math.max(t, 1))) end },
  onecycle = { steps = REQUIRED, maximum = false, rise = 0.3, divide = 25, final = 1e4, momentum = { 0.85, 0.95 },
    rate = function(o, t, base)
      local top, peak, last = o.maximum or base, o.rise * o.steps - 1, o.steps - 1
      local low, high = unpack(o.momentum or {})
      local start = top / o.divide
      if t <= peak then
        return cosine(start, top, peak > 0 and t / peak or 1), low and cosine(high, low, peak > 0 and t / peak or 1)
      end
      local part = math.min((t - peak) / (last - peak), 1)
      return cosine(top, start / o.final, part), low and cosine(low, high, part)
    end },
  cyclic = { low = REQUIRED, high = REQUIRED, up = 2000, down = false, shape = 'triangular', factor = 1,
    momentum = false, rate = function(o, t)
      local whole = o.up + (o.down or o.up)
      local cycle = math.floor(t / whole)
      local at = t - cycle * whole
      local share = at <= o.up and at / o.up or (whole - at) / (whole - o.up)
      if o.shape == 'triangular2' then share = share / 2 ^ cycle end
      if o.shape == 'exponential' then share = share * o.factor ^ t end
      local low, high = unpack(o.momentum or {})
      return o.low + (o.high - o.low) * share, low and high - (high - low) * share
    end },
  plateau = { factor = 0.1, patience = 10, threshold = 1e-4, mode = 'min', cooldown = 0, minimum = 0,
    rate = function(o, _, base, self)
      return math.max(base * o.factor ^ (self.drops or 0), math.min(o.minimum, base))
    end },
  ['function'] = { f = REQUIRED, rate = function(o, t, base) return o.f(t, base) end },
}

local function names()
  local list = {}
  for name in pairs(kinds) do list[#list + 1] = name end
  table.sort(list)
  return table.concat(list, ', ')
end

local function checked(options)
  if type(options) ~= 'table' or not kinds[options.kind] then
    error(('optim.Schedule: argument 2: expected a table with kind one of %s; got %s'):format(names(),
      type(options) == 'table' and 'kind ' .. tostring(options.kind) or torch.type(options)), 4)
  end
  for _, name in ipairs { 'warmup', 'warmupFrom' } do
    if options[name] ~= nil and type(options[name]) ~= 'number' then
      error(('optim.Schedule: %s: option %s: expected a number, got %s'):format(options.kind, name,
        torch.type(options[name])), 4)
    end
  end
  local kind, o = kinds[options.kind], { kind = options.kind, warmup = options.warmup or 0 }
  o.warmupFrom = options.warmupFrom or 1 / math.max(o.warmup, 1)
  for name, default in pairs(kind) do
    local value = options[name]
    if value == nil then value = default end
    if value == REQUIRED then error(('optim.Schedule: %s: option %s is missing'):format(o.kind, name), 4) end
    if name ~= 'rate' then o[name] = value end
  end
  for name, value in pairs(options) do
    if o[name] == nil then error(('optim.Schedule: %s: unknown option %s'):format(o.kind, tostring(name)), 4) end
    local default = kind[name]
    if type(default) == 'number' and type(value) ~= 'number' then
      error(('optim.Schedule: %s: option %s: expected a number, got %s'):format(o.kind, name, torch.type(value)), 4)
    end
  end
  if o.kind == 'cyclic' then
    if type(o.low) ~= 'number' or type(o.high) ~= 'number' then
      error('optim.Schedule: cyclic: options low and high: expected numbers', 4)
    elseif o.shape ~= 'triangular' and o.shape ~= 'triangular2' and o.shape ~= 'exponential' then
      error("optim.Schedule: cyclic: option shape: 'triangular', 'triangular2' or 'exponential' expected, got "
        .. tostring(o.shape), 4)
    end
  end
  for _, name in ipairs { 'steps', 'every', 'up', 'down' } do
    if o[name] and not (type(o[name]) == 'number' and o[name] > 0) then
      error(('optim.Schedule: %s: option %s: expected a positive number'):format(o.kind, name), 4)
    end
  end
  if o.growth and o.growth < 1 then error('optim.Schedule: restarts: option growth: at least 1 expected', 4) end
  if o.mode and o.mode ~= 'min' and o.mode ~= 'max' then
    error("optim.Schedule: plateau: option mode: 'min' or 'max' expected, got " .. tostring(o.mode), 4)
  end
  return o
end

--- @param config the optimiser's settings; config.learningRate is the base, and is set at once
-- @param options kind and its options, see above
-- @usage local s = optim.Schedule({learningRate = 0.1}, {kind = 'cosine', steps = 90, warmup = 5}); s:step()
function Schedule:__init(config, options)
  if type(config) ~= 'table' or type(config.learningRate) ~= 'number' then
    error('optim.Schedule: argument 1: expected a table of settings with a learningRate, got ' .. torch.type(config), 3)
  end
  self.options = checked(options)
  self.config, self.base, self.t = config, config.learningRate, 0
  self:apply()
end

--- The rate at step t, from 0; and the momentum where the kind sets it.
function Schedule:rateAt(t)
  local o = self.options
  if t < o.warmup then return self.base * (o.warmupFrom + (1 - o.warmupFrom) * t / o.warmup) end
  return kinds[o.kind].rate(o, t - o.warmup, self.base, self)
end

--- Write the present rate into config.
-- @param[opt] config another table from now on: one that was loaded apart from the schedule
-- @return the rate
function Schedule:apply(config)
  self.config = config or self.config
  local rate, momentum = self:rateAt(self.t)
  self.config.learningRate = rate
  if momentum then self.config[self.config.beta1 and 'beta1' or 'momentum'] = momentum end
  return rate
end

local function watch(self, value)
  local o, best = self.options, self.best
  if type(value) ~= 'number' then
    error('optim.Schedule: plateau: step: expected the value to watch, got ' .. torch.type(value), 3)
  end
  local better = not best or (o.mode == 'min' and value < best * (best < 0 and 1 + o.threshold or 1 - o.threshold))
    or (o.mode == 'max' and value > best * (best < 0 and 1 - o.threshold or 1 + o.threshold))
  if better then self.best, self.bad = value, 0 else self.bad = self.bad + 1 end
  if (self.cooling or 0) > 0 then self.cooling, self.bad = self.cooling - 1, 0 end
  if self.bad > o.patience then self.drops, self.bad, self.cooling = (self.drops or 0) + 1, 0, o.cooldown end
end

--- Go on to the next step (an epoch or a batch, as you count) and set config.learningRate.
-- @param[opt] value what a plateau watches
-- @return the rate
function Schedule:step(value)
  if self.options.kind == 'plateau' then watch(self, value) end
  self.t = self.t + 1
  return self:apply()
end

function Schedule:__tostring__()
  return ('optim.Schedule(%s, step %d, rate %g)'):format(self.options.kind, self.t, self:rateAt(self.t))
end

return Schedule
