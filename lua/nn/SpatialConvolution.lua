--- nn.SpatialConvolution(nIn, nOut, kW, kH, [dW = 1], [dH = 1], [padW = 0], [padH = padW]): 2-D correlation.
-- weight (nOut, nIn, kH, kW), bias (nOut). Also the base of the other planar convolutions.
local Conv, parent = torch.class('nn.SpatialConvolution', 'nn.Module')
local ffi = require 'ffi'
local common = require 'nn.common'
local spatial = require 'nn.spatial'
local C, again, buffer = common.C, common.again, common.buffer
local check_input = spatial.check_input

local view_x, view_g, view_w, view_dw = common.scratch(), common.scratch(), common.scratch(), common.scratch()
local dims = ffi.new 'int64_t[4]'

function Conv:__init(nInputPlane, nOutputPlane, kW, kH, dW, dH, padW, padH)
  parent.__init(self)
  dW, dH, padW = dW or 1, dH or 1, padW or 0
  padH = padH or padW
  spatial.check_sizes(torch.type(self), 1, { 'nInputPlane', 'nOutputPlane', 'kW', 'kH', 'dW', 'dH' }, nInputPlane,
    nOutputPlane, kW, kH, dW, dH)
  spatial.check_sizes(torch.type(self), 0, { 'padW', 'padH' }, padW, padH)
  self.nInputPlane, self.nOutputPlane = nInputPlane, nOutputPlane
  self.kW, self.kH = kW, kH
  self.dW, self.dH = dW, dH
  self.padW, self.padH = padW, padH
  self:makeParameters()
  self:reset()
end

--- Allocate weight and bias and their gradients; subclasses with other layouts replace it.
function Conv:makeParameters()
  self.weight = torch.Tensor(self.nOutputPlane, self.nInputPlane, self.kH, self.kW)
  self.gradWeight = torch.Tensor(self.nOutputPlane, self.nInputPlane, self.kH, self.kW)
  self.bias = torch.Tensor(self.nOutputPlane)
  self.gradBias = torch.Tensor(self.nOutputPlane)
end

--- Learn without a bias.
-- @return self
function Conv:noBias()
  self.bias, self.gradBias = nil, nil
  return self
end

--- Draw new weights, uniform in ±stdv*sqrt(3), by default ±1/sqrt(kW*kH*nIn).
function Conv:reset(stdv)
  stdv = stdv and stdv * math.sqrt(3) or 1 / math.sqrt(self.kW * self.kH * self.nInputPlane)
  self.weight:uniform(-stdv, stdv)
  if self.bias then self.bias:uniform(-stdv, stdv) end
end

-- Weights may be (nOut, nIn*kH*kW), as old files and SpatialConvolutionMM hold them: look at them as planes.
local function planes(self, view, weight)
  if weight.rank == 4 then return weight end
  dims[0], dims[1], dims[2], dims[3] = self.nOutputPlane, self.nInputPlane / (self.groups or 1), self.kH, self.kW
  local s = C.rk_reshape(view, weight, 4, dims)
  if s ~= 0 then again(self, s, C.rk_reshape, view, weight, 4, dims) end
  return view
end

local function batched(self, view, x, batch) return batch and x or spatial.batch_of_one(self, view, x) end

-- Scratch views hold no memory between calls.
local function release()
  C.rk_tensor_drop(view_x)
  C.rk_tensor_drop(view_g)
  C.rk_tensor_drop(view_w)
  C.rk_tensor_drop(view_dw)
end

-- input (N, nIn, H, W) → output (N, nOut, H', W'), H' = floor((H + 2*padH - kH) / dH) + 1; or without N
function Conv:updateOutput(input)
  local batch = check_input(self, input, self.nInputPlane)
  local weight, bias = planes(self, view_w, self.weight), self.bias
  local out = buffer(self.output, self.weight)
  self.output = out
  local x, c = batched(self, view_x, input, batch), spatial.conv(self)
  local s = C.rk_conv_forward(out, x, weight, bias, c)
  if s ~= 0 then again(self, s, C.rk_conv_forward, out, x, weight, bias, c) end
  release()
  if not batch then spatial.drop_batch(out) end
  return out
end

function Conv:updateGradInput(input, gradOutput)
  local dx = self.gradInput
  if not dx then return end
  local batch = check_input(self, input, self.nInputPlane)
  common.check_dims(self, gradOutput, input.rank, input.rank, 'gradOutput of the output\'s size')
  dx = buffer(dx, self.weight)
  self.gradInput = dx
  local weight, c = planes(self, view_w, self.weight), spatial.conv(self)
  local x, g = batched(self, view_x, input, batch), batched(self, view_g, gradOutput, batch)
  local s = C.rk_conv_backward_input(dx, g, weight, x, c)
  if s ~= 0 then again(self, s, C.rk_conv_backward_input, dx, g, weight, x, c) end
  release()
  if not batch then spatial.drop_batch(dx) end
  return dx
end

function Conv:accGradParameters(input, gradOutput, scale)
  scale = scale or 1
  local batch = check_input(self, input, self.nInputPlane)
  common.check_dims(self, gradOutput, input.rank, input.rank, 'gradOutput of the output\'s size')
  local dw, db, c = planes(self, view_dw, self.gradWeight), self.bias and self.gradBias or nil, spatial.conv(self)
  local x, g = batched(self, view_x, input, batch), batched(self, view_g, gradOutput, batch)
  local s = C.rk_conv_backward_weight(dw, db, g, x, scale, c)
  if s ~= 0 then again(self, s, C.rk_conv_backward_weight, dw, db, g, x, scale, c) end
  release()
end

-- Buffers that Torch7 keeps in files and this implementation does not use.
function Conv:type(typename, cache)
  if typename then self.finput, self.fgradInput = nil, nil end
  return parent.type(self, typename, cache)
end

function Conv:clearState()
  self.finput, self.fgradInput, self._input, self._gradOutput = nil, nil, nil, nil
  return parent.clearState(self)
end

-- Files older than separate paddings hold one.
function Conv:read(file)
  parent.read(self, file)
  self.padW = self.padW or self.padding or 0
  self.padH = self.padH or self.padding or 0
  self.padding = nil
end

function Conv:__tostring__() return spatial.conv_text(self) end

return Conv
