--- nn.PruningHook(method): what stands in the place of a method of a pruned module: the method of its class, with the
-- parameters held by their masks. Made by nn.utils.prune, which see.
--
-- The module's field `pruned` says which parameters have a mask and what their gradients are called. An object rather
-- than a function: files may hold it.
-- @usage
-- local m = nn.Linear(2, 3)
-- m.updateOutput = nn.PruningHook 'updateOutput' -- no masks: nothing else changes
-- m:forward(torch.randn(4, 2))
local Hook = torch.class 'nn.PruningHook'

function Hook:__init(method)
  if type(method) ~= 'string' then
    error('nn.PruningHook: expected the name of a method, got ' .. torch.type(method), 2)
  end
  self.method = method
end

local function held(module, gradients)
  for name, gradient in pairs(module.pruned or {}) do
    local t = module[gradients and gradient or name]
    if t then t:cmul(module[name .. '_mask']) end
  end
end

--- The method of the module's class.
function Hook:__call__(module, a, b, c)
  local f = torch.getmetatable(torch.typename(module))[self.method]
  if self.method == 'updateOutput' then
    held(module)
    return f(module, a)
  end
  local result = f(module, a, b, c)
  held(module, self.method == 'accGradParameters' or self.method == 'backward')
  return result
end

return Hook
