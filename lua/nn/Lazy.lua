--- nn.Lazy(name, arguments, [dim = -1]): a layer that is made when it sees its first input, whose size it takes:
-- nn.Lazy('Linear', {10}) becomes nn.Linear(n, 10) for an input (..., n).
--
-- name: a function of nn; arguments: those after the first; dim: the input's dimension that gives the first, negative
-- from the end. Shapes: those of the layer, which is modules[1] from then on. Before the first forward there are no
-- parameters: getParameters() is an error. nn.LazyLinear, nn.LazyConv2d, nn.LazyBatchNorm2d ... are made of it.
-- @usage
-- local net = nn.Sequential():add(nn.Lazy('Linear', { 4 })):add(nn.Tanh())
-- net:forward(torch.randn(2, 7))
-- local w, g = net:getParameters() -- 4 x 7 + 4
local Lazy, parent = torch.class('nn.Lazy', 'nn.Container')

function Lazy:__init(name, arguments, dim)
  parent.__init(self)
  if type(name) ~= 'string' or nn[name] == nil then
    error(('nn.Lazy: expected the name of a layer of nn, got %s'):format(tostring(name)), 2)
  end
  if arguments ~= nil and type(arguments) ~= 'table' then
    error('nn.Lazy: arguments: expected a list, got ' .. torch.type(arguments), 2)
  end
  if dim ~= nil and (type(dim) ~= 'number' or dim == 0) then
    error('nn.Lazy: dim: expected a dimension, got ' .. tostring(dim), 2)
  end
  self.name, self.arguments, self.dim = name, arguments or {}, dim or -1
end

--- Make the layer for an input, unless there is one.
-- @return the layer
function Lazy:make(input)
  if self.modules[1] then return self.modules[1] end
  local dims = torch.isTensor(input) and input:dim() or 0
  local dim = self.dim < 0 and dims + self.dim + 1 or self.dim
  if dim < 1 or dim > dims then
    require 'nn.common'.expected(self, ('input with dimension %d'):format(self.dim), input)
  end
  local module = nn[self.name](input:size(dim), unpack(self.arguments, 1, table.maxn(self.arguments)))
  module:type(self._type)
  if self.train == false then module:evaluate() end
  self.modules[1] = module
  return module
end

function Lazy:updateOutput(input)
  self:make(input)
  self.output = self:rethrowErrors(self.modules[1], 1, 'updateOutput', input)
  return self.output
end

for _, method in ipairs { 'updateGradInput', 'accGradParameters', 'accUpdateGradParameters' } do
  Lazy[method] = function(self, ...)
    if not self.modules[1] then error(('%s: forward before backward'):format(tostring(self)), 0) end
    local result = self:rethrowErrors(self.modules[1], 1, method, ...)
    if method == 'updateGradInput' then self.gradInput = result end
    return result
  end
end

function Lazy:parameters()
  if not self.modules[1] then
    error(('%s: no parameters yet: run forward once, its size comes from the input'):format(tostring(self)), 0)
  end
  return parent.parameters(self)
end

-- Nothing to be done before there is a layer.
for _, method in ipairs { 'zeroGradParameters', 'updateParameters', 'reset' } do
  Lazy[method] = function(self, ...)
    if self.modules[1] then return parent[method](self, ...) end
  end
end

function Lazy:__tostring__()
  if self.modules[1] then return 'nn.Lazy @ ' .. tostring(self.modules[1]) end
  local shown = {}
  for i = 1, table.maxn(self.arguments) do shown[i] = tostring(self.arguments[i]) end
  return ('nn.Lazy(%s: ? -> %s)'):format(self.name, table.concat(shown, ', '))
end

return Lazy
