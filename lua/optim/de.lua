--- Differential evolution (Storn and Price), best/1/bin, without gradients.
--
-- config: scaleFactor, crossoverRate, maxFEs (evaluations in all) must be given; popsize = 10 * dimensions,
-- maxRegion = 30, minRegion = -30 (where the population starts). The random numbers come from a generator of its own,
-- seeded with 1. As in the original, the first "best" is the worst of the first population, and a child takes at least
-- one changed coordinate only where its own number is drawn.
local settings = require 'optim.settings'

local function options(config, dimensions)
  local o = { popsize = config.popsize or 10 * dimensions, maxRegion = config.maxRegion or 30,
    minRegion = config.minRegion or -30 }
  for _, name in ipairs { 'scaleFactor', 'crossoverRate', 'maxFEs' } do
    o[name] = config[name]
    if type(o[name]) ~= 'number' then
      error(('optim.de: config.%s: expected a number, got %s'):format(name, torch.type(o[name])), 3)
    end
  end
  if o.popsize < 3 then error(('optim.de: config.popsize: at least 3 expected, got %g'):format(o.popsize), 3) end
  return o
end

-- A child for each of the population, between it and the best.
local function breed(generator, pop, children, best, o)
  local popsize, dimensions = pop:size(1), pop:size(2)
  for i = 1, popsize do
    local r1, r2
    repeat r1 = torch.random(generator, 1, popsize) until r1 ~= i
    repeat r2 = torch.random(generator, 1, popsize) until r2 ~= r1 and r2 ~= i
    local sure = torch.random(generator, 1, dimensions)
    local child, parent, a, b = children[i], pop[i], pop[r1], pop[r2]
    for j = 1, dimensions do
      if torch.uniform(generator, 0, 1) < o.crossoverRate or i == sure then
        child[j] = best[j] + o.scaleFactor * (a[j] - b[j])
      else
        child[j] = parent[j]
      end
    end
  end
end

--- @param opfunc x → f
-- @param x gives the number of dimensions and the type; not changed
-- @param config see above
-- @return the best x, a tensor of all values
-- @usage optim.de(torch.norm, torch.ones(2), {scaleFactor = 0.6, crossoverRate = 0.5, maxFEs = 80})
return function(opfunc, x, config)
  config = settings.check('de', opfunc, x, config)
  local dimensions = x:nElement()
  local o = options(config, dimensions)
  local generator = torch.Generator()
  torch.manualSeed(generator, 1)
  local pop, children = x.new(o.popsize, dimensions), x.new(o.popsize, dimensions)
  local fitness, offspring = x.new(o.popsize), x.new(o.popsize)
  local values = {}
  local function evaluate(individuals, into)
    for i = 1, o.popsize do
      values[#values + 1] = opfunc(individuals[i]:viewAs(x))
      into[i] = values[#values]
    end
  end

  pop:uniform(generator, o.minRegion, o.maxRegion)
  evaluate(pop, fitness)
  local worst, place = fitness:max(1)
  local least, best = worst[1], pop[place[1]]:clone()
  while #values < o.maxFEs do
    breed(generator, pop, children, best, o)
    evaluate(children, offspring)
    for i = 1, o.popsize do
      if offspring[i] <= fitness[i] then
        pop[i]:copy(children[i])
        fitness[i] = offspring[i]
        if fitness[i] < least then
          least = fitness[i]
          best:copy(children[i])
        end
      end
    end
  end
  return best:viewAs(x), x.new(values)
end
