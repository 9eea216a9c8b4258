--- optim.EarlyStopping: tells when a watched value has ceased to improve, and keeps the best parameters.
--
-- Fields: best (value), bestAt (which update), count, bad (updates since the best), parameters (a copy, when given).
local EarlyStopping = torch.class 'optim.EarlyStopping'

--- @param[opt] options patience = 10 (updates without improvement that are borne), minimum = 0 (the least change
-- that counts), mode = 'min' or 'max'
-- @usage local stop = optim.EarlyStopping {patience = 3}; if stop:update(0.5) then print(stop.best) end
function EarlyStopping:__init(options)
  options = options or {}
  if torch.type(options) ~= 'table' then
    error('optim.EarlyStopping: expected a table of options, got ' .. torch.type(options), 3)
  end
  local known = { patience = 'number', minimum = 'number', mode = 'string' }
  for name, value in pairs(options) do
    if type(value) ~= known[name] then
      error(('optim.EarlyStopping: option %s: %s'):format(tostring(name), known[name]
        and 'expected a ' .. known[name] .. ', got ' .. torch.type(value) or 'there is none of that name'), 3)
    end
  end
  self.patience, self.minimum, self.mode = options.patience or 10, options.minimum or 0, options.mode or 'min'
  if self.mode ~= 'min' and self.mode ~= 'max' then
    error("optim.EarlyStopping: option mode: 'min' or 'max' expected, got " .. tostring(self.mode), 3)
  end
  self.count, self.bad = 0, 0
end

--- @param value the watched value; NaN never is an improvement
-- @param[opt] x parameters, copied when the value is the best so far
-- @return true when it is time to stop; is it the best so far?
function EarlyStopping:update(value, x)
  if type(value) ~= 'number' then
    error('optim.EarlyStopping: update: expected a number, got ' .. torch.type(value), 2)
  end
  if x ~= nil and not torch.isTensor(x) then
    error('optim.EarlyStopping: update: argument 2: expected a tensor of parameters, got ' .. torch.type(x), 2)
  end
  self.count = self.count + 1
  local gain = self.best and (self.mode == 'min' and self.best - value or value - self.best)
  local better = value == value and (not gain or gain > self.minimum)
  if better then
    self.best, self.bestAt, self.bad = value, self.count, 0
    if x then self.parameters = (self.parameters or x.new()):resizeAs(x):copy(x) end
  else
    self.bad = self.bad + 1
  end
  return self.bad > self.patience, better
end

--- Put the best parameters back.
-- @return x
function EarlyStopping:restore(x)
  if not self.parameters then error('optim.EarlyStopping: restore: no parameters were given to update', 2) end
  return x:copy(self.parameters)
end

return EarlyStopping
