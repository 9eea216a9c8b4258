--- nn.TemporalRowConvolution(n, kW, [dW = 1], [featFirst = false]): each feature of a sequence is convolved with one
-- kernel of its own ("row-oriented" convolution).
--
-- y[b,t,f] = b[f] + Σ_s w[f,s] · x[b, t·dW + s, f].
-- input (N, T, n) or (T, n) → output (N, T', n), T' = floor((T - kW) / dW) + 1; with featFirst (N, n, T) → (N, n, T').
-- weight (n, 1, kW), bias (n). An error when the sequence is shorter than the kernel.
-- @usage print(nn.TemporalRowConvolution(8, 3):forward(torch.randn(4, 20, 8)):size())
local Row, parent = torch.class('nn.TemporalRowConvolution', 'nn.Module')
local convolution = require 'nn.convolution'
local temporal = require 'nn.temporal'
local common = require 'nn.common'

local kind = convolution.kind { 'W' }

function Row:__init(inputFrameSize, kW, dW, featFirst)
  parent.__init(self)
  convolution.store(self, 1, { 'inputFrameSize', 'kW', 'dW' }, inputFrameSize, kW, dW or 1)
  self.featFirst = featFirst and true or false
  convolution.allocate(self, inputFrameSize, inputFrameSize, 1, kW)
  self:reset()
end

--- Learn without a bias.
-- @return self
function Row:noBias()
  self.bias, self.gradBias = nil, nil
  return self
end

--- Draw new weights, uniform in ±stdv*sqrt(3), by default ±1/sqrt(kW*n).
function Row:reset(stdv)
  stdv = common.spread(self, stdv, self.kW * self.inputFrameSize)
  self.weight:uniform(-stdv, stdv)
  if self.bias then self.bias:uniform(-stdv, stdv) end
end

local function same(t) return t end

-- How to look at this layer's sequences and buffers as planes.
local function views(self)
  if self.featFirst then return same, same end
  return temporal.planes, temporal.flip
end

function Row:updateOutput(input)
  local batch, planes, flip = temporal.check_input(self, input, self.featFirst), views(self)
  local out = flip(common.buffer(self.output, self.weight))
  self.output = out
  convolution.forward(self, kind, batch, self.inputFrameSize, out, planes(input), self.weight, self.bias)
  return flip(out)
end

function Row:updateGradInput(input, gradOutput)
  if not self.gradInput then return end
  local batch, planes, flip = temporal.check_input(self, input, self.featFirst), views(self)
  temporal.check_gradient(self, input, gradOutput)
  local dx = flip(common.buffer(self.gradInput, self.weight))
  self.gradInput = dx
  convolution.backward_input(self, kind, batch, self.inputFrameSize, dx, planes(input), planes(gradOutput), self.weight)
  return flip(dx)
end

function Row:accGradParameters(input, gradOutput, scale)
  local batch, planes = temporal.check_input(self, input, self.featFirst), views(self)
  temporal.check_gradient(self, input, gradOutput)
  local db = self.bias and self.gradBias or nil
  convolution.backward_weight(self, kind, batch, self.inputFrameSize, self.gradWeight, db, planes(input),
    planes(gradOutput), scale)
end

function Row:type(typename, cache)
  if typename then self.finput, self.fgradInput = nil, nil end
  return parent.type(self, typename, cache)
end

function Row:clearState()
  self.finput, self.fgradInput, self._input, self._gradOutput = nil, nil, nil, nil
  return parent.clearState(self)
end

function Row:__tostring__()
  local s = ('%s(%d, %d'):format(torch.type(self), self.inputFrameSize, self.kW)
  if self.dW ~= 1 then s = s .. (', %d'):format(self.dW) end
  return s .. (self.bias and ')' or ') without bias')
end

return Row
