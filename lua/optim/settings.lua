--- Checks that the optimisers share.
local M = {}

--- Insist on the arguments that every optimiser takes.
-- @return config and state, never nil
function M.check(name, opfunc, x, config, state)
  if type(opfunc) ~= 'function' and not (debug.getmetatable(opfunc) or {}).__call then
    error(('optim.%s: argument 1: expected a function, got %s'):format(name, torch.type(opfunc)), 3)
  end
  if not torch.isTensor(x) then
    error(('optim.%s: argument 2: expected a tensor of parameters, got %s'):format(name, torch.type(x)), 3)
  end
  if config ~= nil and type(config) ~= 'table' then
    error(('optim.%s: argument 3: expected a table of settings, got %s'):format(name, torch.type(config)), 3)
  end
  config = config or {}
  return config, state or config
end

--- A fresh tensor of x's type and size, filled with a value.
function M.like(x, value) return x.new():resizeAs(x):fill(value or 0) end

return M
