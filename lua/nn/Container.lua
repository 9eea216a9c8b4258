--- nn.Container: a module that holds others in self.modules.
-- A parent of nn.Sequential, nn.Concat and the like; on its own it only holds modules: their parameters, type, mode.
-- @usage local w, g = nn.Container():add(nn.Linear(5, 3)):add(nn.Linear(3, 2)):getParameters()
local Container, parent = torch.class('nn.Container', 'nn.Module')
local common = require 'nn.common'
local guard = require 'nn.guard'
local utils = require 'nn.utils'

function Container:__init(...)
  parent.__init(self, ...)
  self.modules = {}
end

--- Append a module.
-- @return self
function Container:add(module)
  if not common.is_module(module) then
    error(('%s: add: expected a module, got %s'):format(torch.type(self), torch.type(module)), 2)
  end
  self.modules[#self.modules + 1] = module
  return self
end

function Container:get(index) return self.modules[index] end

function Container:size() return #self.modules end

--- Call module[name](module, ...); an error is raised with the way to the module before it.
-- @function rethrowErrors
-- @param module a child
-- @param index its number, for the message
-- @param name the method
-- @param ... up to five arguments of it
-- @return what the method returns, at most three values
Container.rethrowErrors = guard.call

function Container:forward(input) return guard.run(self, parent.forward, input) end

function Container:backward(input, gradOutput, scale)
  return guard.run(self, parent.backward, input, gradOutput, scale)
end

--- Call f on each direct child.
function Container:applyToModules(f)
  if type(f) ~= 'function' and not (debug.getmetatable(f) or {}).__call then
    error(('%s: applyToModules: expected a function, got %s'):format(torch.type(self), torch.type(f)), 2)
  end
  for _, module in ipairs(self.modules) do f(module) end
end

function Container:zeroGradParameters()
  local modules = self.modules
  for i = 1, #modules do modules[i]:zeroGradParameters() end
end

--- A step of -lr along the gradient at once, for containers that define accGradParameters alone. Gradients that were
-- there before are lost.
function Container:accUpdateGradParameters(input, gradOutput, lr)
  lr = common.rate(self, 'accUpdateGradParameters', lr)
  self:zeroGradParameters()
  self:accGradParameters(input, gradOutput, 1)
  self:updateParameters(lr)
end

function Container:updateParameters(lr)
  local modules = self.modules
  for i = 1, #modules do modules[i]:updateParameters(lr) end
end

function Container:training()
  self:applyToModules(function(module) module:training() end)
  parent.training(self)
end

function Container:evaluate()
  self:applyToModules(function(module) module:evaluate() end)
  parent.evaluate(self)
end

function Container:share(other, ...)
  local theirs = torch.isTypeOf(other, 'nn.Module') and other.modules
  if not theirs or #theirs < #self.modules then
    error(('%s: share: expected a container of %d modules, got %s'):format(torch.type(self), #self.modules,
      theirs and ('%s of %d'):format(torch.type(other), #theirs) or torch.type(other)), 2)
  end
  for i, module in ipairs(self.modules) do module:share(theirs[i], ...) end
  return self
end

function Container:reset(stdv)
  self:applyToModules(function(module) module:reset(stdv) end)
end

local function append(list, more)
  if type(more) == 'table' then
    for i = 1, #more do append(list, more[i]) end
  elseif more ~= nil then
    list[#list + 1] = more
  end
end

function Container:parameters()
  local params, grads = {}, {}
  for _, module in ipairs(self.modules) do
    local p, g = module:parameters()
    append(params, p)
    append(grads, g)
  end
  return params, grads
end

-- output and gradInput are often those of a child: they are forgotten here and emptied there.
function Container:clearState()
  utils.forget(self, 'output', 'gradInput')
  for _, module in ipairs(self.modules) do module:clearState() end
  return self
end

return Container
