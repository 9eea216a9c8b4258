--- nn.SpatialSubSampling(n, kW, kH, [dW = 1], [dH = 1]): the sum of each window, times a weight, plus a bias a plane.
--
-- y[b,c,i,j] = bias[c] + weight[c] · Σ_{u,v} x[b, c, i·dH + u, j·dW + v].
-- input (N, n, H, W) or (n, H, W) → output (N, n, H', W'), H' = floor((H - kH) / dH) + 1. weight (n), bias (n).
-- An error when the input is smaller than the window.
-- @usage print(nn.SpatialSubSampling(3, 2, 2, 2, 2):forward(torch.ones(3, 4, 4)):size())
local Sub, parent = torch.class('nn.SpatialSubSampling', 'nn.Module')
local common = require 'nn.common'
local convolution = require 'nn.convolution'
local subsampling = require 'nn.subsampling'

local axes = { 'H', 'W' }

function Sub:__init(nInputPlane, kW, kH, dW, dH)
  parent.__init(self)
  convolution.store(self, 1, { 'nInputPlane', 'kW', 'kH', 'dW', 'dH' }, nInputPlane, kW, kH, dW or 1, dH or 1)
  convolution.allocate(self, nInputPlane, nInputPlane)
  self:reset()
end

function Sub:reset(stdv) subsampling.reset(self, axes, stdv) end

-- (N, n, H, W) for either form of input.
local function batch_of(self, input, gradOutput)
  local batch = convolution.check_input(self, input, 2, self.nInputPlane, 'H x W')
  if gradOutput then common.check_dims(self, gradOutput, input.rank, input.rank, 'gradOutput of the output\'s size') end
  if batch then return input, gradOutput end
  local C = common.C
  local x, g = input.new(), gradOutput and gradOutput.new()
  C.rk_unsqueeze(x, common.own(input), 0)
  if g then C.rk_unsqueeze(g, common.own(gradOutput), 0) end
  return x, g
end

function Sub:updateOutput(input)
  local x = batch_of(self, input)
  self.output = common.buffer(self.output, self.weight)
  subsampling.forward(self, axes, self.output, x)
  return input.rank == 3 and convolution.drop_batch(self.output) or self.output
end

function Sub:updateGradInput(input, gradOutput)
  if not self.gradInput then return end
  local x, g = batch_of(self, input, gradOutput)
  self.gradInput = common.buffer(self.gradInput, self.weight)
  subsampling.backward_input(self, axes, self.gradInput, x, g)
  return input.rank == 3 and convolution.drop_batch(self.gradInput) or self.gradInput
end

function Sub:accGradParameters(input, gradOutput, scale)
  local x, g = batch_of(self, input, gradOutput)
  subsampling.backward_weight(self, axes, x, g, scale)
end

return Sub
