--- nn.Module: what every layer and container offers.
--
-- A layer defines updateOutput, updateGradInput and, with parameters,
-- accGradParameters; `output` and `gradInput` are its buffers, overwritten by
-- the next call. Flattening of parameters is in nn/flatten.lua.
-- @usage local net = nn.Sequential():add(nn.Linear(5, 3)):add(nn.Tanh()); net:forward(torch.randn(2, 5))
local Module = torch.class('nn.Module')
local common = require 'nn.common'
local utils = require 'nn.utils'
local flatten = require 'nn.flatten'

-- Temporary tensor types for flatten by typename: packages for devices whose tensors lack some operation set this.
Module._flattenTensorBuffer = {}

function Module:__init()
  self.gradInput = torch.Tensor()
  self.output = torch.Tensor()
  self._type = self.output:type()
end

--- The learnable tensors and their gradients, as two lists; nothing for a module without any.
function Module:parameters()
  if self.weight and self.bias then return { self.weight, self.bias }, { self.gradWeight, self.gradBias } end
  if self.weight then return { self.weight }, { self.gradWeight } end
  if self.bias then return { self.bias }, { self.gradBias } end
end

function Module:updateOutput(_input) return self.output end

--- Compute and return the output; it is kept in self.output and overwritten by the next call.
function Module:forward(input)
  local output = self:updateOutput(input)
  if self.repack then return require('nn.channels_last').repack(self, input, output) end
  return output
end

--- Gradient with respect to the input, then to the parameters.
-- @param input what forward was given
-- @param gradOutput gradient with respect to the output
-- @param[opt=1] scale factor on what is added to the parameters' gradients
-- @return self.gradInput
function Module:backward(input, gradOutput, scale)
  scale = scale or 1
  if type(scale) ~= 'number' then
    scale = tonumber(scale) or error(('%s: backward: argument 3: a scale (number) expected, got %s'):format(
      torch.type(self), torch.type(scale)), 2)
  end
  self:updateGradInput(input, gradOutput)
  self:accGradParameters(input, gradOutput, scale)
  return self.gradInput
end

--- As backward, but takes a step of -lr along the gradient at once instead of accumulating it.
function Module:backwardUpdate(input, gradOutput, lr)
  self:updateGradInput(input, gradOutput)
  self:accUpdateGradParameters(input, gradOutput, lr)
  return self.gradInput
end

function Module:updateGradInput(_input, _gradOutput) return self.gradInput end

function Module:accGradParameters(_input, _gradOutput, _scale) end

function Module:accUpdateGradParameters(input, gradOutput, lr)
  lr = common.rate(self, 'accUpdateGradParameters', lr)
  if self.shared then
    self:sharedAccUpdateGradParameters(input, gradOutput, lr)
  else
    self:defaultAccUpdateGradParameters(input, gradOutput, lr)
  end
end

-- The parameters stand in for their gradients, so that accumulating -lr times the gradient is the step itself.
function Module:defaultAccUpdateGradParameters(input, gradOutput, lr)
  lr = common.rate(self, 'defaultAccUpdateGradParameters', lr)
  local gradWeight, gradBias = self.gradWeight, self.gradBias
  self.gradWeight, self.gradBias = self.weight, self.bias
  local ok, why = pcall(self.accGradParameters, self, input, gradOutput, -lr)
  self.gradWeight, self.gradBias = gradWeight, gradBias
  if not ok then error(why, 0) end
end

function Module:sharedAccUpdateGradParameters(input, gradOutput, lr)
  if self:parameters() then
    self:zeroGradParameters()
    self:accGradParameters(input, gradOutput, 1)
    self:updateParameters(lr)
  end
end

function Module:zeroGradParameters()
  local _, grads = self:parameters()
  if grads then
    for i = 1, #grads do grads[i]:zero() end
  end
end

--- w = w - lr * gradient, for every parameter.
function Module:updateParameters(lr)
  lr = common.rate(self, 'updateParameters', lr)
  local params, grads = self:parameters()
  if params then
    for i = 1, #params do params[i]:add(-lr, grads[i]) end
  end
end

function Module:training() self.train = true end

function Module:evaluate() self.train = false end

--- evaluate() under PyTorch's name.
-- @return self
function Module:eval()
  self:evaluate()
  return self
end

--- zeroGradParameters() under PyTorch's name.
function Module:zero_grad() self:zeroGradParameters() end

--- Make the named tensors those of another module.
-- @usage nn.Linear(2, 3):share(nn.Linear(2, 3), 'weight', 'bias')
-- @return self
function Module:share(other, ...)
  if type(other) ~= 'table' then
    error(('%s: share: a module expected, got %s'):format(torch.type(self), torch.type(other)), 2)
  end
  for _, name in ipairs { ... } do
    if self[name] ~= nil then
      self[name]:set(other[name])
      self.shared, other.shared = true, true
    end
  end
  return self
end

local function copy_of(object)
  local file = torch.MemoryFile()
  file:binary()
  file:writeObject(object)
  file:seek(1)
  local copy = file:readObject()
  file:close()
  return copy
end
Module._copy = copy_of

--- A deep copy; the named tensors are shared with the original.
-- @usage local twin = nn.Linear(2, 3):clone('weight', 'bias', 'gradWeight', 'gradBias')
function Module:clone(...)
  local copy = copy_of(self)
  if select('#', ...) > 0 then copy:share(self, ...) end
  return copy
end

--- A deep copy that shares every parameter and gradient with the original, whatever the fields are called.
-- @usage local twin = nn.Linear(2, 3):sharedClone()
function Module:sharedClone()
  local copy = copy_of(self)
  local params, grads = self:parameters()
  local own, own_grads = copy:parameters()
  for i = 1, #(params or {}) do
    own[i]:set(params[i])
    if grads[i] then own_grads[i]:set(grads[i]) end
  end
  return copy
end

--- The tensor type, or convert every tensor of the module to one.
-- @param[opt] typename such as 'torch.FloatTensor'; without it the present type is returned
-- @param[opt] cache carries sharing between several calls
-- @return self (or the type's name)
function Module:type(typename, cache)
  if not typename then return self._type end
  cache = cache or {}
  for name, value in pairs(self) do self[name] = utils.recursiveType(value, typename, cache) end
  self._type = typename
  return self
end

for method, kind in pairs {
  float = 'Float', double = 'Double', half = 'Half', bfloat16 = 'BFloat16',
  cuda = 'Cuda', cudaDouble = 'CudaDouble', cudaHalf = 'CudaHalf',
} do
  Module[method] = function(self, ...) return self:type('torch.' .. kind .. 'Tensor', ...) end
end

function Module:reset() end

--- Move all parameters into one vector and all gradients into another; the module's tensors become views of them.
-- Call it once, after type conversion: a later call invalidates earlier results.
-- @return parameters, gradients
function Module:getParameters()
  local params, grads = self:parameters()
  return Module.flatten(params or {}), Module.flatten(grads or {})
end

--- Move a list of tensors into one vector and make them views of it; shared memory is moved once.
-- @param list tensors of one type
-- @return the vector
function Module.flatten(list) return flatten(list, Module._flattenTensorBuffer) end

--- Let the convolutions inside compute with the planes of an image side by side ("channels last"), which is faster for
-- whole nets: layers between them keep the layout. Sizes, numbers and parameters stay as they are; a contiguous input
-- still gives a contiguous output.
-- @param[opt=true] on false: back to plane after plane
-- @return self
-- @usage nn.Sequential():add(nn.SpatialConvolution(3, 8, 3, 3)):add(nn.ReLU()):channelsLast()
function Module:channelsLast(on) return require('nn.channels_last').convert(self, on ~= false) end

local function check_function(self, name, f)
  if type(f) ~= 'function' and not (debug.getmetatable(f) or {}).__call then
    error(('%s: %s: expected a function, got %s'):format(torch.type(self), name, torch.type(f)), 3)
  end
end

--- module(x) is forward; module(x, gradOutput) is forward and backward.
function Module:__call__(input, gradOutput)
  self:forward(input)
  if gradOutput then
    self:backward(input, gradOutput)
    return self.output, self.gradInput
  end
  return self.output
end

--- Call f on the module and everything inside, parents first.
function Module:apply(f)
  check_function(self, 'apply', f)
  f(self)
  if self.modules then
    for _, child in ipairs(self.modules) do child:apply(f) end
  end
end

--- Replace modules: f(module) returns what takes its place. Parents first.
-- @return the replacement of self
function Module:replace(f)
  check_function(self, 'replace', f)
  local out = f(self)
  if self.modules then
    for i, child in ipairs(self.modules) do self.modules[i] = child:replace(f) end
  end
  return out
end

--- All modules of exactly one class, with the container of each.
-- @return list, list of containers
-- @usage local layers = nn.Sequential():add(nn.Linear(2, 3)):findModules 'nn.Linear'
function Module:findModules(typename, container)
  local nodes, containers = {}, {}
  if torch.typename(self) == typename then nodes[1], containers[1] = self, container or self end
  if torch.type(self.modules) == 'table' then
    for _, child in ipairs(self.modules) do
      local n, c = {}, nil
      if child.findModules then n, c = child:findModules(typename, self) end
      for i = 1, #n do
        nodes[#nodes + 1], containers[#containers + 1] = n[i], c[i]
      end
    end
  end
  return nodes, containers
end

--- The module and everything inside, in depth-first order.
function Module:listModules()
  local list = { self }
  if self.modules then
    for _, child in ipairs(self.modules) do
      for _, m in ipairs(child:listModules()) do list[#list + 1] = m end
    end
  end
  return list
end

--- Drop outputs, gradients and buffers, to save or send the bare module.
-- @return self
function Module:clearState() return utils.clear(self, 'output', 'gradInput') end

function Module:__tostring__() return torch.type(self) end

function Module:read(file)
  for name, value in pairs(file:readObject()) do self[name] = value end
  -- its CUDA tensors have come as tensors of the processor where cutorch is not loaded
  local kind = type(self._type) == 'string' and self._type:match '^torch%.Cuda(%a*)Tensor$'
  if kind and not torch.getmetatable(self._type) then
    self._type = ('torch.%sTensor'):format(kind == '' and 'Float' or kind)
  end
end

function Module:write(file)
  local fields = {}
  for name, value in pairs(self) do fields[name] = value end
  file:writeObject(fields)
end

return Module
