--- Compare a gradient with central differences.
local settings = require 'optim.settings'

--- @param opfunc x → f, df/dx
-- @param x where; left as it was
-- @param[opt=1e-7] eps half the distance of the two points
-- @return |g - e| / |g + e|, the gradient g, the estimate e
-- @usage assert(optim.checkgrad(function(x) return x:dot(x), x * 2 end, torch.randn(3)) < 1e-4)
return function(opfunc, x, eps)
  settings.check('checkgrad', opfunc, x)
  if eps ~= nil and type(eps) ~= 'number' then
    error('optim.checkgrad: argument 3: expected a number, got ' .. torch.type(eps), 2)
  end
  eps = eps or 1e-7
  settings.floating('checkgrad', x)
  local _, gradient = settings.evaluate('checkgrad', opfunc, x, true)
  gradient = gradient:clone()
  local estimate = gradient.new():resizeAs(gradient)
  if not x:isContiguous() then error('optim.checkgrad: argument 2: expected contiguous parameters', 2) end
  local flat, e = x:view(-1), estimate:view(-1)
  for i = 1, flat:size(1) do
    local origin = flat[i]
    flat[i] = origin + eps
    local above = opfunc(x)
    flat[i] = flat[i] - 2 * eps
    local below = opfunc(x)
    flat[i] = origin
    e[i] = (above - below) / (2 * eps)
  end
  return (gradient - estimate):norm() / (gradient + estimate):norm(), gradient, estimate
end
