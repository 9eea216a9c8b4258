--- nn.LinearWeightNorm(nIn, nOut, [bias = true], [eps = 1e-16]): nn.Linear whose weight is split in length and
-- direction, w_j = g_j v_j / ||v_j||.
--
-- Shapes: input (nIn) or (N, nIn); output (nOut) or (N, nOut). v (nOut, nIn), g (nOut, 1), bias (nOut) are learnt;
-- weight is made of them before each forward while training. Salimans and Kingma 2016, Weight Normalization.
-- @usage nn.LinearWeightNorm(3, 2):forward(torch.randn(4, 3))
local LinearWeightNorm, parent = torch.class('nn.LinearWeightNorm', 'nn.Linear')
local common = require 'nn.common'
local rows = require 'nn.rows'

function LinearWeightNorm:__init(nIn, nOut, bias, eps)
  nn.Module.__init(self)
  rows.check_sizes('nn.LinearWeightNorm', nIn, nOut)
  self.eps = common.optional(torch.type(self), 'eps', eps) or 1e-16
  self.outputSize = nOut
  self.inputSize = nIn
  self.v = torch.Tensor(nOut, nIn)
  self.gradV = torch.Tensor(nOut, nIn)
  self.weight = torch.Tensor(nOut, nIn)
  self.g = torch.Tensor(nOut, 1)
  self.gradG = torch.Tensor(nOut, 1)
  self.norm = torch.Tensor(nOut, 1)
  self.scale = torch.Tensor(nOut, 1)
  if bias ~= false then
    self.bias = torch.Tensor(nOut)
    self.gradBias = torch.Tensor(nOut)
  end
  self:reset()
end

--- Take length and direction from a weight matrix, by default self.weight.
-- @return self
function LinearWeightNorm:initFromWeight(weight)
  weight = weight or self.weight
  self.g:norm(weight, 2, 2):clamp(self.eps, math.huge)
  self.v:copy(weight)
  return self
end

--- A module that computes what a linear one does.
-- @usage nn.LinearWeightNorm.fromLinear(nn.Linear(3, 2))
function LinearWeightNorm.fromLinear(linear)
  if not torch.isTypeOf(linear, 'nn.Linear') then
    error('nn.LinearWeightNorm.fromLinear: expected an nn.Linear, got ' .. torch.type(linear), 2)
  end
  local w = linear.weight
  local module = nn.LinearWeightNorm(w:size(2), w:size(1), torch.isTensor(linear.bias)):type(linear:type())
  module.weight:copy(w)
  module:initFromWeight()
  if linear.bias then module.bias:copy(linear.bias) end
  return module
end

--- An nn.Linear that computes what this module does.
-- @usage nn.LinearWeightNorm(3, 2):toLinear()
function LinearWeightNorm:toLinear()
  self:updateWeightMatrix()
  local linear = nn.Linear(self.inputSize, self.outputSize, torch.isTensor(self.bias)):type(self:type())
  linear.weight:copy(self.weight)
  if self.bias then linear.bias:copy(self.bias) end
  return linear
end

function LinearWeightNorm:parameters()
  if self.bias then return { self.v, self.g, self.bias }, { self.gradV, self.gradG, self.gradBias } end
  return { self.v, self.g }, { self.gradV, self.gradG }
end

--- Draw new weights, uniform in ±stdv*sqrt(3), by default ±1/sqrt(nIn).
-- @return self
function LinearWeightNorm:reset(stdv)
  stdv = common.spread(self, stdv, self.inputSize)
  self.weight:uniform(-stdv, stdv)
  self:initFromWeight()
  if self.bias then self.bias:uniform(-stdv, stdv) end
  return self
end

--- weight = g v / ||v||
function LinearWeightNorm:updateWeightMatrix()
  self.norm:norm(self.v, 2, 2):clamp(self.eps, math.huge)
  self.scale:resizeAs(self.g):cdiv(self.g, self.norm)
  self.weight:resizeAs(self.v):cmul(self.v, self.scale:expandAs(self.v))
end

function LinearWeightNorm:updateOutput(input)
  if self.train ~= false then self:updateWeightMatrix() end
  return parent.updateOutput(self, input)
end

--- Make the weight once; it then stays until training().
function LinearWeightNorm:evaluate()
  if self.train ~= false then self:updateWeightMatrix() end
  parent.evaluate(self)
end

-- With dw = gradOutput' x: dg_j = dw_j.v_j / ||v_j||, dv_j = (g_j / ||v_j||) (dw_j - dg_j v_j / ||v_j||)
function LinearWeightNorm:accGradParameters(input, gradOutput, scale)
  scale = scale or 1
  local x = rows.of(self, input, self.inputSize)
  local g = rows.of(self, gradOutput, self.outputSize, 'gradOutput')
  local v = self.v
  self._gradW = common.buffer(self._gradW, v):resizeAs(v)
  -- While training the weight is made anew before it is used: until then it is scratch space, as in Torch7.
  local product = self.train ~= false and self.weight or v:clone()
  self._gradG = common.buffer(self._gradG, v)
  local dw, dg = self._gradW:mm(g:t(), x), self._gradG
  dg:sum(product:cmul(dw, v), 2):cdiv(self.norm)
  self.gradV:addcmul(scale, dw, self.scale:expandAs(v))
  self.gradG:add(scale, dg)
  dg:cmul(self.scale):cdiv(self.norm)
  self.gradV:add(-scale, product:cmul(v, dg:expandAs(v)))
  if self.bias then self.gradBias:add(scale, g:sum(1):view(-1)) end
end

-- The parameters stand in for their gradients.
function LinearWeightNorm:defaultAccUpdateGradParameters(input, gradOutput, lr)
  lr = common.rate(self, 'defaultAccUpdateGradParameters', lr)
  local gradV, gradG, gradBias = self.gradV, self.gradG, self.gradBias
  local v, g = self.v, self.g
  self.gradV, self.gradG, self.gradBias = v:clone(), g:clone(), self.bias
  local ok, why = pcall(self.accGradParameters, self, input, gradOutput, -lr)
  if ok then
    v:copy(self.gradV)
    g:copy(self.gradG)
  end
  self.gradV, self.gradG, self.gradBias = gradV, gradG, gradBias
  if not ok then error(why, 0) end
end

function LinearWeightNorm:clearState()
  self._gradW, self._gradG = nil, nil
  return parent.clearState(self)
end

function LinearWeightNorm:__tostring__()
  return ('%s(%d -> %d)%s'):format(torch.type(self), self.inputSize, self.outputSize,
    self.bias and '' or ' without bias')
end

return LinearWeightNorm
