--- optim.Average: an exponential moving average of parameters, to evaluate with (Polyak averaging).
--
-- Fields: average (a tensor like x), decay, count.
local settings = require 'optim.settings'
local Average = torch.class 'optim.Average'

local function like(self, x, method)
  if torch.type(x) ~= torch.type(self.average) or x:nElement() ~= self.average:nElement() then
    error(('optim.Average: %s: argument 1: expected a %s of %d elements, as the average, got %s'):format(method,
      torch.type(self.average), self.average:nElement(), torch.isTensor(x)
      and ('%s of %d'):format(torch.type(x), x:nElement()) or torch.type(x)), 3)
  end
end

--- @param x the flat parameters; the average starts there
-- @param[opt=0.999] decay how much of the average stays at each update
-- @param[opt=false] rampup true: the decay is at most (1 + n)/(10 + n) at update n, so that the start is forgotten
-- @usage local ema = optim.Average(torch.ones(3), 0.99); ema:update(torch.zeros(3))
function Average:__init(x, decay, rampup)
  if not torch.isTensor(x) then error('optim.Average: argument 1: expected a tensor, got ' .. torch.type(x), 3) end
  if decay ~= nil and (type(decay) ~= 'number' or not (decay >= 0 and decay <= 1)) then
    error('optim.Average: argument 2: expected a decay between 0 and 1, got ' .. tostring(decay), 3)
  end
  self.average, self.decay, self.rampup, self.count = x:clone(), decay or 0.999, rampup or false, 0
end

--- average = decay*average + (1 - decay)*x, in one pass.
-- @return the average
function Average:update(x)
  like(self, x, 'update')
  local decay = self.decay
  if self.rampup then decay = math.min(decay, (1 + self.count) / (10 + self.count)) end
  settings.step('average', self.average, x, nil, nil, nil, nil, 1 - decay)
  self.count = self.count + 1
  return self.average
end

--- Exchange x and the average: before an evaluation, and again after it.
-- @return x
function Average:swap(x)
  like(self, x, 'swap')
  local kept = x:clone()
  x:copy(self.average)
  self.average:copy(kept)
  return x
end

return Average
