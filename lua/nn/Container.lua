--- nn.Container: a module that holds others in self.modules.
-- A parent of nn.Sequential, nn.Concat and the like; on its own it only holds modules: their parameters, type, mode.
-- @usage local w, g = nn.Container():add(nn.Linear(5, 3)):add(nn.Linear(3, 2)):getParameters()
local Container, parent = torch.class('nn.Container', 'nn.Module')
local common = require 'nn.common'
local utils = require 'nn.utils'

function Container:__init(...)
  parent.__init(self, ...)
  self.modules = {}
end

--- Append a module.
-- @return self
function Container:add(module)
  if module == nil then error(torch.type(self) .. ': add: expected a module, got nil', 2) end
  self.modules[#self.modules + 1] = module
  return self
end

function Container:get(index) return self.modules[index] end

function Container:size() return #self.modules end

-- Errors of our own carry their whole story; others (a nil indexed in someone's layer) need the place they came from.
local function traceback(err)
  if type(err) ~= 'string' then return err end
  local told = err:find '^In %d+ module of ' or err:find '^%w+%.%w+[ (:]' or err:find('\nstack traceback:', 1, true)
  if told then return err end
  return debug.traceback(err, 2)
end

-- What failed, with its module's name before it. Torch7 called these errors "size mismatch", and programs look for it.
local function leaf(module, err)
  local kind = torch.type(module)
  if err:sub(1, #kind) ~= kind then err = common.name(module) .. ': ' .. err end
  if err:find '^[^\n]*expected [^\n]*, got %[' then err = err:gsub('^[^\n]*', '%0 (size mismatch)', 1) end
  return err
end

-- Torch7's lines, "In 2 module of nn.Sequential:", one a container from the outside inwards; then the message behind
-- the way to its module, "nn.Sequential > [2] nn.Linear(5 -> 3): expected ...".
local function located(self, module, index, err)
  local at = 1
  while true do
    local _, stop = err:find('^In %d+ module of [^\n]*\n', at)
    if not stop then break end
    at = stop + 1
  end
  local above, text = err:sub(1, at - 1), err:sub(at)
  if at == 1 then text = leaf(module, text) end
  local kind = torch.type(self)
  return ('In %d module of %s:\n%s%s > [%d] %s'):format(index, kind, above, kind, index, text)
end

local function finish(self, module, index, ok, ...)
  if ok then return ... end
  local err = ...
  error(type(err) == 'string' and located(self, module, index, err) or err, 0)
end

--- Call module[name](module, ...); an error is raised again with the way to the module before it.
-- @param module a child
-- @param index its number, for the message
-- @param name the method
-- @return what the method returns
function Container:rethrowErrors(module, index, name, ...)
  return finish(self, module, index, xpcall(module[name], traceback, module, ...))
end

--- Call f on each direct child.
function Container:applyToModules(f)
  for _, module in ipairs(self.modules) do f(module) end
end

function Container:zeroGradParameters()
  local modules = self.modules
  for i = 1, #modules do modules[i]:zeroGradParameters() end
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
  for i, module in ipairs(self.modules) do module:share(other.modules[i], ...) end
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
