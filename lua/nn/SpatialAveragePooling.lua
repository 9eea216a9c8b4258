--- nn.SpatialAveragePooling(kW, kH, [dW = 1], [dH = 1], [padW = 0], [padH = 0]): the mean of each window.
-- self.divide = false gives sums instead.
local Pool, parent = torch.class('nn.SpatialAveragePooling', 'nn.Module')
local common = require 'nn.common'
local spatial = require 'nn.spatial'
local C, again, buffer = common.C, common.again, common.buffer
local check_input = spatial.check_input

local view_x, view_g = common.scratch(), common.scratch()

function Pool:__init(kW, kH, dW, dH, padW, padH)
  parent.__init(self)
  dW, dH, padW, padH = dW or 1, dH or 1, padW or 0, padH or 0
  spatial.check_sizes(torch.type(self), 1, { 'kW', 'kH', 'dW', 'dH' }, kW, kH, dW, dH)
  spatial.check_sizes(torch.type(self), 0, { 'padW', 'padH' }, padW, padH)
  self.kW, self.kH = kW, kH
  self.dW, self.dH = dW, dH
  self.padW, self.padH = padW, padH
  self.ceil_mode = false
  self.count_include_pad = true
  self.divide = true
end

--- Round the output's size up.
-- @return self
function Pool:ceil()
  self.ceil_mode = true
  return self
end

--- Round the output's size down, the default.
-- @return self
function Pool:floor()
  self.ceil_mode = false
  return self
end

--- Count padding in the divisor, the default.
-- @return self
function Pool:setCountIncludePad()
  self.count_include_pad = true
  return self
end

--- Divide by the number of elements that are not padding.
-- @return self
function Pool:setCountExcludePad()
  self.count_include_pad = false
  return self
end

-- input (N, C, H, W) → output (N, C, H', W'); or without N
function Pool:updateOutput(input)
  local batch = check_input(self, input)
  local out = buffer(self.output, input)
  self.output = out
  local x, p = input, spatial.pool(self)
  if not batch then
    view_x.dt = input.dt
    x = spatial.batch_of_one(self, view_x, input)
  end
  local s = C.rk_avgpool_forward(out, x, p)
  if s ~= 0 then again(self, s, C.rk_avgpool_forward, out, x, p) end
  if not batch then
    spatial.drop_batch(out)
    C.rk_tensor_drop(view_x)
  end
  if self.divide == false then out:mul(self.kW * self.kH) end
  return out
end

function Pool:updateGradInput(input, gradOutput)
  local batch = check_input(self, input)
  common.check_dims(self, gradOutput, input.rank, input.rank, 'gradOutput of the output\'s size')
  local dx = buffer(self.gradInput, input)
  self.gradInput = dx
  local x, g, p = input, gradOutput, spatial.pool(self)
  if not batch then
    view_x.dt, view_g.dt = input.dt, gradOutput.dt
    x, g = spatial.batch_of_one(self, view_x, input), spatial.batch_of_one(self, view_g, gradOutput)
  end
  local s = C.rk_avgpool_backward(dx, g, x, p)
  if s ~= 0 then again(self, s, C.rk_avgpool_backward, dx, g, x, p) end
  if not batch then
    spatial.drop_batch(dx)
    C.rk_tensor_drop(view_x)
    C.rk_tensor_drop(view_g)
  end
  if self.divide == false then dx:mul(self.kW * self.kH) end
  return dx
end

function Pool:__tostring__() return spatial.pool_text(self) end

return Pool
