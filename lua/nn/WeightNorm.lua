--- nn.WeightNorm(module, [outDim = 1]): splits a module's weight in length and direction, w = g v / ||v|| an output.
--
-- Shapes: those of the module. v (nOut, rest), g (nOut, 1) and the module's bias are learnt (the gradient of v is sized
-- as the weight is, outputs first); the module's weight is made of them before each forward while training, with
-- ||v|| = sqrt(sum v^2 + 1e-4). outDim is the dimension of the weight that counts outputs.
-- Salimans and Kingma 2016, Weight Normalization.
-- @usage nn.WeightNorm(nn.Linear(3, 2)):forward(torch.randn(4, 3))
local WeightNorm, parent = torch.class('nn.WeightNorm', 'nn.Decorator')
local common = require 'nn.common'

local TINY = 1e-4

function WeightNorm:__init(module, outputDim)
  parent.__init(self, module)
  if not torch.isTensor(module.weight) then
    error(('nn.WeightNorm: expected a module with a weight, got %s'):format(torch.type(module)), 2)
  end
  self.bias, self.gradBias = module.bias, module.gradBias
  self.weight, self.gradWeight = module.weight, module.gradWeight
  self.outputDim = common.optional(torch.type(self), 'outputDim', outputDim) or 1
  if type(self.outputDim) ~= 'number' or self.outputDim < 1 or self.outputDim > self.weight:dim() then
    error(('nn.WeightNorm: dimension %s out of range for the weight of %s'):format(tostring(outputDim),
      tostring(module)), 2)
  end
  local nOut = self.weight:size(self.outputDim)
  self.otherDims = self.weight:nElement() / nOut
  self.viewIn = torch.LongStorage { nOut, self.otherDims }
  self.weightSize = self.weight:size()
  self.viewOut = self:permuteIn(self.weight):size()
  self.v = torch.Tensor(nOut, self.otherDims)
  self.g = torch.Tensor(nOut, 1)
  self._norm = torch.Tensor(nOut, 1)
  self._scale = torch.Tensor(nOut, 1)
  self.gradV = torch.Tensor(self.viewOut)
  self.gradG = torch.Tensor(nOut, 1):zero()
  self:resetInit()
end

--- A tensor with its output dimension moved to the front.
function WeightNorm:permuteIn(x)
  for d = self.outputDim - 1, 1, -1 do x = x:transpose(d, d + 1) end
  return x
end

--- The front dimension moved to where outputs belong.
function WeightNorm:permuteOut(x)
  for d = 1, self.outputDim - 1 do x = x:transpose(d, d + 1) end
  return x
end

--- Draw new directions, normal with variance 2 / inputs, and take g from their lengths; the bias becomes 0.
function WeightNorm:resetInit()
  self.v:normal(0, math.sqrt(2 / self.viewIn[2]))
  self.g:norm(self.v, 2, 2)
  if self.bias then self.bias:zero() end
end

--- Take length and direction from a weight, which then is the module's.
-- @param weight of the module's weight's sizes
-- @return self
function WeightNorm:split(weight)
  if not torch.isTensor(weight) or weight:nElement() ~= self.v:nElement() or weight:dim() ~= #self.weightSize then
    common.expected(self, 'a weight of ' .. common.shape(self.weight), weight)
  end
  self.v:copy(self:permuteIn(weight):contiguous():view(self.viewIn))
  self.g:norm(self.v, 2, 2):pow(2):add(TINY):sqrt()
  self:updateWeight()
  return self
end

function WeightNorm:reset() self:resetInit() end

--- weight = g v / ||v||
function WeightNorm:updateWeight()
  self._norm:norm(self.v, 2, 2):pow(2):add(TINY):sqrt()
  self._scale:resizeAs(self.g):cdiv(self.g, self._norm)
  self._product = common.buffer(self._product, self.v)
  local w = self._product:resizeAs(self.v):cmul(self.v, self._scale:expandAs(self.v))
  self.weight:copy(self:permuteOut(w:view(self.viewOut)))
end

--- Make the weight once; it then stays until training().
function WeightNorm:evaluate()
  if self.train ~= false then self:updateWeight() end
  parent.evaluate(self)
end

function WeightNorm:updateOutput(input)
  if self.train ~= false then self:updateWeight() end
  return parent.updateOutput(self, input)
end

-- With dw of the module: dg = dw.v / ||v||, dv = g / ||v|| (dw - dg v / ||v||)
function WeightNorm:accGradParameters(input, gradOutput, scale)
  self.gradWeight:zero()
  parent.accGradParameters(self, input, gradOutput, scale)
  local dw = self:permuteIn(self.gradWeight):contiguous():view(self.viewIn)
  local v = self.v
  self._product = common.buffer(self._product, v)
  self._gradG = common.buffer(self._gradG, v)
  local dg = self._gradG:sum(self._product:resizeAs(v):cmul(dw, v), 2):cdiv(self._norm)
  self.gradG:add(dg)
  local gradV = self.gradV:view(self.viewIn)
  gradV:addcmul(dw, self._scale:expandAs(v))
  gradV:addcmul(-1, v, dg:cmul(self._scale):cdiv(self._norm):expandAs(v))
end

function WeightNorm:accUpdateGradParameters(input, gradOutput, lr)
  self:zeroGradParameters()
  self:accGradParameters(input, gradOutput, 1)
  self:updateParameters(lr)
end

WeightNorm.sharedAccUpdateGradParameters = WeightNorm.accUpdateGradParameters

function WeightNorm:updateParameters(lr)
  lr = common.rate(self, 'updateParameters', lr)
  local params, grads = self:parameters()
  for i = 1, #params do params[i]:add(-lr, grads[i]) end
end

function WeightNorm:parameters()
  if self.bias then return { self.v, self.g, self.bias }, { self.gradV, self.gradG, self.gradBias } end
  return { self.v, self.g }, { self.gradV, self.gradG }
end

function WeightNorm:zeroGradParameters()
  self.modules[1]:zeroGradParameters()
  self.gradV:zero()
  self.gradG:zero()
end

function WeightNorm:clearState()
  self._product, self._gradG = nil, nil
  return parent.clearState(self)
end

-- Files hold v and g only: the weight follows from them.
function WeightNorm:write(file)
  self._product, self._gradG = nil, nil
  local module, weight, gradWeight = self.modules[1], self.weight, self.gradWeight
  self.weightSize = self.weightSize or weight:size()
  self.weight, self.gradWeight, module.weight, module.gradWeight = nil, nil, nil, nil
  local ok, err = pcall(parent.write, self, file)
  self.weight, self.gradWeight, module.weight, module.gradWeight = weight, gradWeight, weight, gradWeight
  if not ok then error(err, 0) end
end

function WeightNorm:read(file)
  parent.read(self, file)
  if self.weight then return end
  local module = self.modules[1]
  self.weight = self.v.new(self.weightSize)
  self.gradWeight = self.v.new(self.weightSize):zero()
  module.weight, module.gradWeight = self.weight, self.gradWeight
  self:updateWeight()
end

return WeightNorm
