--- nn.DontCast(module, [castIn = false], [castOut = castIn], [moduleType]): keeps a module's tensor type when the net
-- around it is converted.
--
-- Shapes: those of the module. With castIn, inputs of another type are converted to the module's; with castOut, its
-- output and gradients to the type of the decorator.
-- @usage nn.DontCast(nn.Linear(2, 2), true):float():forward(torch.FloatTensor(3, 2):zero())
local common = require 'nn.common'
local DontCast, parent = torch.class('nn.DontCast', 'nn.Decorator')
local utils = require 'nn.utils'

function DontCast:__init(module, castin, castout, moduleType)
  parent.__init(self, module)
  self.castin = castin
  if castout == nil then self.castout = castin else self.castout = castout end
  self.moduleType = moduleType
  if (self.castin or self.castout) and not self.moduleType then
    local output = module.output
    self.moduleType = torch.isTensor(output) and torch.typename(output) or module:type()
  end
end

-- A copy of nested tables of tensors in another type, written to `into` where that fits.
local function converted(into, x, typename, depth)
  if type(x) == 'table' then
    depth = common.deeper('nn.DontCast', depth)
    if type(into) ~= 'table' then into = {} end
    for k, v in pairs(x) do into[k] = converted(into[k], v, typename, depth) end
    for k in pairs(into) do
      if x[k] == nil then into[k] = nil end
    end
    return into
  end
  if not torch.isTensor(x) then return x end
  if torch.typename(into) ~= typename then into = torch.factory(typename)() end
  return into:resize(x:size()):copy(x)
end

local function typename_of(x)
  local depth
  while type(x) == 'table' and not torch.isTensor(x) do
    depth = common.deeper('nn.DontCast', depth)
    x = select(2, next(x))
  end
  return torch.typename(x)
end

local function inward(self, field, x)
  if not self.castin or typename_of(x) == self.moduleType then return x end
  self[field] = converted(self[field], x, self.moduleType)
  return self[field]
end

local function outward(self, field, x, typename)
  if not self.castout or typename_of(x) == typename then return x end
  self[field] = converted(self[field], x, typename)
  return self[field]
end

function DontCast:updateOutput(input)
  local out = self:rethrowErrors(self.modules[1], 1, 'updateOutput', inward(self, '_input', input))
  self.output = outward(self, '_output', out, self:type())
  return self.output
end

function DontCast:updateGradInput(input, gradOutput)
  local x, g = inward(self, '_input', input), inward(self, '_gradOutput', gradOutput)
  local dx = self:rethrowErrors(self.modules[1], 1, 'updateGradInput', x, g)
  self.gradInput = outward(self, '_gradInput', dx, self:type())
  return self.gradInput
end

function DontCast:accGradParameters(input, gradOutput, scale)
  local x, g = inward(self, '_input', input), inward(self, '_gradOutput', gradOutput)
  self:rethrowErrors(self.modules[1], 1, 'accGradParameters', x, g, scale or 1)
end

function DontCast:accUpdateGradParameters(input, gradOutput, lr)
  local x, g = inward(self, '_input', input), inward(self, '_gradOutput', gradOutput)
  self:rethrowErrors(self.modules[1], 1, 'accUpdateGradParameters', x, g, lr)
end

function DontCast:sharedAccUpdateGradParameters(input, gradOutput, lr)
  local x, g = inward(self, '_input', input), inward(self, '_gradOutput', gradOutput)
  self:rethrowErrors(self.modules[1], 1, 'sharedAccUpdateGradParameters', x, g, lr)
end

--- Only what the decorator itself gives changes its type.
function DontCast:type(typename)
  if not typename then return self._type end
  if self.castout and typename ~= self._type then
    self._output, self._gradInput = nil, nil
    utils.forget(self, 'output', 'gradInput')
    self.output, self.gradInput = torch.factory(typename)(), torch.factory(typename)()
  end
  self._type = typename
  return self
end

function DontCast:clearState()
  self._input, self._output, self._gradOutput, self._gradInput = nil, nil, nil, nil
  return parent.clearState(self)
end

return DontCast
