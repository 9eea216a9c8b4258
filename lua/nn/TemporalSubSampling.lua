--- nn.TemporalSubSampling(n, kW, [dW = 1]): the sum of each window of frames, times a weight, plus a bias a feature.
--
-- y[b,t,c] = bias[c] + weight[c] · Σ_s x[b, t·dW + s, c].
-- input (T, n), or a batch (N, T, n) (an addition to Torch7) → output (T', n), T' = floor((T - kW) / dW) + 1.
-- weight (n), bias (n). An error when the sequence is shorter than the window.
-- @usage print(nn.TemporalSubSampling(3, 2, 2):forward(torch.ones(6, 3)))
local Sub, parent = torch.class('nn.TemporalSubSampling', 'nn.Module')
local common = require 'nn.common'
local convolution = require 'nn.convolution'
local subsampling = require 'nn.subsampling'
local temporal = require 'nn.temporal'
local C = common.C

local axes = { 'W' }

function Sub:__init(inputFrameSize, kW, dW)
  parent.__init(self)
  convolution.store(self, 1, { 'inputFrameSize', 'kW', 'dW' }, inputFrameSize, kW, dW or 1)
  convolution.allocate(self, inputFrameSize, inputFrameSize)
  self:reset()
end

function Sub:reset(stdv) subsampling.reset(self, axes, stdv) end

-- Frames (.., T, n) as planes (N, n, T).
local function planes(t)
  t = temporal.planes(t)
  if t.rank == 3 then return t end
  local batch = t.new()
  C.rk_unsqueeze(batch, t, 0)
  return batch
end

-- A result (N, n, T) as frames again.
local function frames(t, batch)
  if not batch then convolution.drop_batch(t) end
  return temporal.flip(t)
end

function Sub:updateOutput(input)
  local batch = temporal.check_input(self, input)
  self.output = temporal.flip(common.buffer(self.output, self.weight))
  subsampling.forward(self, axes, self.output, planes(input))
  return frames(self.output, batch)
end

function Sub:updateGradInput(input, gradOutput)
  if not self.gradInput then return end
  local batch = temporal.check_input(self, input)
  temporal.check_gradient(self, input, gradOutput)
  self.gradInput = temporal.flip(common.buffer(self.gradInput, self.weight))
  subsampling.backward_input(self, axes, self.gradInput, planes(input), planes(gradOutput))
  return frames(self.gradInput, batch)
end

function Sub:accGradParameters(input, gradOutput, scale)
  temporal.check_input(self, input)
  temporal.check_gradient(self, input, gradOutput)
  subsampling.backward_weight(self, axes, planes(input), planes(gradOutput), scale)
end

return Sub
