--- nn.GPU(module, device, [outdevice = device]): runs a module on a certain CUDA device.
--
-- Shapes: those of the module. Tensors on other devices are copied to `device` before and the output to `outdevice`
-- after; a net that is not of a CUDA type is not touched, so that the same program runs without one.
-- @usage nn.GPU(nn.Linear(2, 3), 1):forward(torch.ones(4, 2))
local common = require 'nn.common'
local GPU, parent = torch.class('nn.GPU', 'nn.Container')

function GPU:__init(module, device, outdevice)
  parent.__init(self)
  if not torch.isTypeOf(module, 'nn.Module') then
    error('nn.GPU: expected a module, got ' .. torch.type(module), 2)
  end
  if type(device) ~= 'number' then error('nn.GPU: expected the number of a device, got ' .. torch.type(device), 2) end
  self.device = device
  self.outdevice = outdevice or device
  self.modules[1] = module
  if module:type():find 'torch%.Cuda.*Tensor' then self:type(module:type()) end
end

local function on_gpu(self)
  return self._type:find 'torch%.Cuda.*Tensor' and rawget(_G, 'cutorch')
end

-- Nested tables of tensors, copied where they lie on another device.
local function moved(into, x, device, depth)
  if type(x) == 'table' then
    depth = common.deeper('nn.GPU', depth)
    into = type(into) == 'table' and into or {}
    for k, v in pairs(x) do into[k] = moved(into[k], v, device, depth) end
    return into
  end
  if not torch.isTensor(x) or not x.getDevice or x:getDevice() == device then return x end
  into = torch.isTensor(into) and into or x.new()
  return into:resize(x:size()):copy(x)
end

local function call(self, method, ...)
  local cutorch = on_gpu(self)
  if not cutorch then return self:rethrowErrors(self.modules[1], 1, method, ...) end
  local list, result = { ... }, nil
  cutorch.withDevice(self.device, function()
    self._moved = self._moved or {}
    for i = 1, 2 do
      if list[i] ~= nil then
        self._moved[i] = moved(self._moved[i], list[i], self.device)
        list[i] = self._moved[i]
      end
    end
    result = self:rethrowErrors(self.modules[1], 1, method, unpack(list))
  end)
  return result
end

function GPU:updateOutput(input)
  local out, cutorch = call(self, 'updateOutput', input), on_gpu(self)
  if cutorch and self.outdevice ~= self.device then
    cutorch.withDevice(self.outdevice, function() self._out = moved(self._out, out, self.outdevice) end)
    out = self._out
  end
  self.output = out
  return out
end

function GPU:updateGradInput(input, gradOutput)
  self.gradInput = call(self, 'updateGradInput', input, gradOutput)
  return self.gradInput
end

function GPU:accGradParameters(input, gradOutput, scale)
  call(self, 'accGradParameters', input, gradOutput, scale or 1)
end

function GPU:accUpdateGradParameters(input, gradOutput, lr)
  call(self, 'accUpdateGradParameters', input, gradOutput, lr)
end

function GPU:sharedAccUpdateGradParameters(input, gradOutput, lr)
  call(self, 'sharedAccUpdateGradParameters', input, gradOutput, lr)
end

-- Methods that may allocate run with the device current.
for _, name in ipairs {
  'apply', 'clone', 'share', 'training', 'evaluate', 'updateParameters', 'zeroGradParameters', 'reset', 'type',
} do
  GPU[name] = function(self, ...)
    local cutorch = on_gpu(self)
    if not cutorch then return parent[name](self, ...) end
    local list, results = { ... }, nil
    cutorch.withDevice(self.device, function() results = { parent[name](self, unpack(list)) } end)
    return unpack(results)
  end
end

--- Choose another device.
-- @return self
function GPU:setDevice(device)
  self.device = device or self.device
  return self
end

-- f of everything in nested tables, each table once (modules hold one another), until f returns something.
local function find(object, f, seen)
  local result = f(object)
  if result ~= nil or type(object) ~= 'table' or seen[object] then return result end
  seen[object] = true
  for _, v in pairs(object) do
    result = find(v, f, seen)
    if result ~= nil then return result end
  end
end

--- Give every nn.GPU in nested tables a device number.
-- @return object
function GPU.recursiveSetDevice(object, device)
  find(object, function(x)
    if torch.isTypeOf(x, 'nn.GPU') then x:setDevice(device) end
  end, {})
  return object
end

--- The device of the first CUDA tensor among a module's parameters; nil without one.
function GPU.recursiveModuleDevice(object)
  return find(object, function(x)
    if torch.isTensor(x) and x.getDevice and torch.typename(x):find 'Cuda' then return x:getDevice() end
  end, {})
end

function GPU:clearState()
  self._moved, self._out = nil, nil
  return parent.clearState(self)
end

function GPU:__tostring__()
  return ('%s(%d) @ %s'):format(torch.type(self), self.device, tostring(self.modules[1]))
end

return GPU
