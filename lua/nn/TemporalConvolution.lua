--- nn.TemporalConvolution(nIn, nOut, kW, [dW = 1]): 1-D convolution over the frames of a sequence.
--
-- y[n,t,o] = b[o] + Σ_{s,c} w[o, s·nIn + c] · x[n, t·dW + s, c].
-- input (N, T, nIn) or (T, nIn) → output (N, T', nOut), T' = floor((T - kW) / dW) + 1. weight (nOut, kW·nIn), bias
-- (nOut). An error when the sequence is shorter than the kernel.
-- @usage print(nn.TemporalConvolution(8, 16, 3):forward(torch.randn(4, 20, 8)):size())
local Temporal, parent = torch.class('nn.TemporalConvolution', 'nn.Module')
local convolution = require 'nn.convolution'
local temporal = require 'nn.temporal'
local common = require 'nn.common'

local kind = convolution.kind { 'W' }

function Temporal:__init(inputFrameSize, outputFrameSize, kW, dW)
  parent.__init(self)
  convolution.store(self, 1, { 'inputFrameSize', 'outputFrameSize', 'kW', 'dW' }, inputFrameSize, outputFrameSize, kW,
    dW or 1)
  convolution.allocate(self, outputFrameSize, outputFrameSize, inputFrameSize * kW)
  self:reset()
end

--- Draw new weights, uniform in ±stdv*sqrt(3), by default ±1/sqrt(kW*nIn).
function Temporal:reset(stdv)
  stdv = common.spread(self, stdv, self.kW * self.inputFrameSize)
  self.weight:uniform(-stdv, stdv)
  self.bias:uniform(-stdv, stdv)
end

-- The kernel as the library wants it, (nOut, nIn, kW).
local function kernel(self, w) return w:view(self.outputFrameSize, self.kW, self.inputFrameSize):transpose(2, 3) end

-- Frames are channels-last images of one axis.
function Temporal:updateOutput(input)
  local batch = temporal.check_input(self, input)
  local out = temporal.flip(common.buffer(self.output, self.weight))
  self.output = out
  convolution.forward(self, kind, batch, 1, out, temporal.planes(input), kernel(self, self.weight), self.bias)
  return temporal.flip(out)
end

function Temporal:updateGradInput(input, gradOutput)
  if not self.gradInput then return end
  local batch = temporal.check_input(self, input)
  temporal.check_gradient(self, input, gradOutput)
  local dx = temporal.flip(common.buffer(self.gradInput, self.weight))
  self.gradInput = dx
  convolution.backward_input(self, kind, batch, 1, dx, temporal.planes(input), temporal.planes(gradOutput),
    kernel(self, self.weight))
  return temporal.flip(dx)
end

function Temporal:accGradParameters(input, gradOutput, scale)
  local batch = temporal.check_input(self, input)
  temporal.check_gradient(self, input, gradOutput)
  convolution.backward_weight(self, kind, batch, 1, kernel(self, self.gradWeight), self.gradBias,
    temporal.planes(input), temporal.planes(gradOutput), scale)
end

return Temporal
