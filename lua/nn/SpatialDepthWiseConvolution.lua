--- nn.SpatialDepthWiseConvolution(nIn, nOut, kW, kH, [dW = 1], [dH = 1], [padW = 0], [padH = padW]): every input plane
-- is convolved with nOut kernels of its own.
--
-- y[n, c·nOut + o] = b[o,c] + w[o,c] ⋆ x[n,c].
-- input (N, nIn, H, W) or (nIn, H, W) → output (N, nIn·nOut, H', W'), H' = floor((H + 2·padH - kH) / dH) + 1.
-- weight (nOut, nIn·kH·kW), once used (nOut, nIn, kH, kW); bias (nOut, nIn).
-- An error when the padded input is smaller than the kernel.
-- (Torch7 took height for width here; square inputs give the same numbers.)
-- @usage print(nn.SpatialDepthWiseConvolution(8, 1, 3, 3, 1, 1, 1):forward(torch.randn(4, 8, 16, 16)):size())
local DepthWise, parent = torch.class('nn.SpatialDepthWiseConvolution', 'nn.Module')
local convolution = require 'nn.convolution'
local common = require 'nn.common'

function DepthWise:__init(nInputPlane, nOutputPlane, kW, kH, dW, dH, padW, padH)
  parent.__init(self)
  convolution.store(self, 1, { 'nInputPlane', 'nOutputPlane', 'kW', 'kH', 'dW', 'dH' }, nInputPlane, nOutputPlane, kW,
    kH, dW or 1, dH or 1)
  convolution.store(self, 0, { 'padW', 'padH' }, padW or 0, padH or padW or 0)
  local taps = nInputPlane * kH * kW
  self.weight, self.gradWeight = torch.Tensor(nOutputPlane, taps), torch.Tensor(nOutputPlane, taps)
  self.bias, self.gradBias = torch.Tensor(nOutputPlane, nInputPlane), torch.Tensor(nOutputPlane, nInputPlane)
  self:reset()
end

convolution.methods(DepthWise, { 'H', 'W' })

local kind = convolution.kind { 'H', 'W' }
local buffers = setmetatable({}, { __mode = 'k' }) -- not fields, which files would hold

-- (nOut, nIn, ...) as (nIn, nOut, ...)
local function by_plane(self, t) return t:view(self.nOutputPlane, self.nInputPlane, -1):transpose(1, 2) end

-- The library wants weight (nIn·nOut, 1, kH, kW) and bias (nIn·nOut); for one kernel a plane that is our memory.
local function arrange(self, name, t, ...)
  if not t then return nil end
  if self.nOutputPlane == 1 then return t:view(...) end
  local mine = buffers[self] or {}
  buffers[self] = mine
  mine[name] = common.buffer(mine[name], t)
  mine[name]:resize(...)
  mine[name]:view(self.nInputPlane, self.nOutputPlane, -1):copy(by_plane(self, t))
  return mine[name]
end
local function weight_of(self, t)
  return arrange(self, 'weight', t, self.nInputPlane * self.nOutputPlane, 1, self.kH, self.kW)
end
local function bias_of(self, t) return arrange(self, 'bias', t, self.nInputPlane * self.nOutputPlane) end

-- As in Torch7, the first use gives weight and gradWeight four dimensions.
local function check(self, x)
  for _, name in ipairs { 'weight', 'gradWeight' } do
    local t = self[name]
    if t and t.rank == 2 then self[name] = t:view(self.nOutputPlane, self.nInputPlane, self.kH, self.kW) end
  end
  return convolution.check_input(self, x, 2, self.nInputPlane, 'H x W')
end

function DepthWise:updateOutput(input)
  local batch = check(self, input)
  self.output = common.buffer(self.output, self.weight)
  return convolution.forward(self, kind, batch, self.nInputPlane, self.output, input, weight_of(self, self.weight),
    bias_of(self, self.bias))
end

function DepthWise:updateGradInput(input, gradOutput)
  if not self.gradInput then return end
  local batch = check(self, input)
  self.gradInput = common.buffer(self.gradInput, self.weight)
  return convolution.backward_input(self, kind, batch, self.nInputPlane, self.gradInput, input, gradOutput,
    weight_of(self, self.weight))
end

function DepthWise:accGradParameters(input, gradOutput, scale)
  local batch = check(self, input)
  local dw, db = weight_of(self, self.gradWeight), self.bias and bias_of(self, self.gradBias) or nil
  convolution.backward_weight(self, kind, batch, self.nInputPlane, dw, db, input, gradOutput, scale)
  if self.nOutputPlane == 1 then return end
  by_plane(self, self.gradWeight):copy(dw:view(self.nInputPlane, self.nOutputPlane, -1))
  if db then by_plane(self, self.gradBias):copy(db:view(self.nInputPlane, self.nOutputPlane, -1)) end
end

function DepthWise:__tostring__()
  return convolution.text(self, { 'W', 'H' }, nil, convolution.bias_text(self))
end

return DepthWise
