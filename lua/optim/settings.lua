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

--- Call the function: f(x) and its gradient, which must have as many elements as x.
function M.evaluate(name, opfunc, x)
  local fx, dfdx = opfunc(x)
  if not torch.isTensor(dfdx) or dfdx:nElement() ~= x:nElement() then
    local function shown(t)
      return torch.isTensor(t) and ('%s of %d'):format(torch.type(t), t:nElement()) or torch.type(t)
    end
    error(('optim.%s: the function must return f(x) and a gradient like x, %s; its second result is %s')
      :format(name, shown(x), shown(dfdx)), 3)
  end
  return fx, dfdx
end

--- A fresh tensor of x's type and size, filled with a value.
function M.like(x, value) return x.new():resizeAs(x):fill(value or 0) end

--- n fresh tensors like x in one, zero.
function M.rows(n, x) return x.new(n, unpack(x:size():totable())):zero() end

return M
