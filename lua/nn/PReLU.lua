--- nn.PReLU([nPlane], [init = 0.25]): x above 0, w x below, with a learnt slope w: one for all, or one a plane.
--
-- Shapes: input any; with nPlane, (nPlane) or (N, nPlane, ...); output the same. weight (1) or (nPlane), init at first.
-- He et al. 2015, Delving Deep into Rectifiers.
-- @usage nn.PReLU(3):forward(torch.randn(2, 3, 4))
local PReLU, parent = torch.class('nn.PReLU', 'nn.Module')
local common = require 'nn.common'
local expand = require 'nn.expand'
local options = require 'nn.options'
local utils = require 'nn.utils'
local C, again = common.C, common.again

function PReLU:__init(nOutputPlane, init)
  parent.__init(self)
  nOutputPlane, init = options.positional('nn.PReLU', { 'nOutputPlane|numParameters', 'init' }, nOutputPlane, init)
  if nOutputPlane ~= nil and type(nOutputPlane) ~= 'number' then
    error('nn.PReLU: expected a number of planes, got ' .. torch.type(nOutputPlane), 2)
  end
  self.nOutputPlane = nOutputPlane or 0 -- 0: one slope for all
  self.init = init and options.number('nn.PReLU', 'init', init)
  self.weight = torch.Tensor(nOutputPlane or 1):fill(init or 0.25)
  self.gradWeight = torch.Tensor(nOutputPlane or 1)
end

function PReLU:reset() self.weight:fill(self.init or 0.25) end

-- The slopes shaped to meet the input, and repeated to its sizes
local function slopes(self, input)
  common.check_dims(self, input, 1, 12, 'a tensor with elements')
  local sizes = torch.LongStorage(input:dim()):fill(1)
  local plane = input:dim() > 1 and 2 or 1
  if self.nOutputPlane > 0 then
    if input:size(plane) ~= self.nOutputPlane then
      common.expected(self, ('input [N x %d x ...]'):format(self.nOutputPlane), input)
    end
    sizes[plane] = self.nOutputPlane
  end
  local like = self.weight:contiguous():view(sizes)
  return like:expandAs(input), like
end

function PReLU:updateOutput(input)
  local w = slopes(self, input)
  local out = common.buffer(self.output, input)
  self.output = out
  local s = C.rk_map2(C.RK_OP_prelu, out, input, w, 0)
  if s ~= 0 then again(self, s, C.rk_map2, C.RK_OP_prelu, out, input, w, 0) end
  return out
end

-- out = gradOutput times the derivative of y by x (0) or by w (1)
local function gradient(self, which, out, input, w, gradOutput)
  common.check_tensor(self, gradOutput, 'gradOutput')
  if gradOutput:nElement() ~= input:nElement() then
    common.expected(self, 'gradOutput ' .. common.shape(input), gradOutput)
  end
  local s = C.rk_map2_grad(C.RK_OP_prelu, which, out, input, w, self.output, gradOutput, 0)
  if s ~= 0 then
    again(self, s, C.rk_map2_grad, C.RK_OP_prelu, which, out, input, w, self.output, gradOutput, 0)
  end
  return out
end

function PReLU:updateGradInput(input, gradOutput)
  common.check_tensor(self, input)
  if not self.gradInput then return end
  self.gradInput = common.buffer(self.gradInput, input)
  return gradient(self, 0, self.gradInput, input, slopes(self, input), gradOutput)
end

-- gradWeight += scale * sum of x gradOutput where x is not above 0
function PReLU:accGradParameters(input, gradOutput, scale)
  local w, like = slopes(self, input)
  for _, name in ipairs { 'gradWeightBuf', 'gradWeightBuf2', '_sum' } do
    self[name] = common.buffer(self[name], input)
  end
  local product = gradient(self, 1, self.gradWeightBuf, input, w, gradOutput)
  expand.accumulate(self.gradWeight, like, product, scale or 1, { self.gradWeightBuf2, self._sum })
end

function PReLU:clearState()
  utils.clear(self, 'gradWeightBuf', 'gradWeightBuf2', '_sum')
  return parent.clearState(self)
end

return PReLU
