--- nn.SpatialMaxPooling(kW, kH, [dW = kW], [dH = kH], [padW = 0], [padH = 0]): the largest of each window.
-- self.indices holds where it was, 1-based in its plane.
local Pool, parent = torch.class('nn.SpatialMaxPooling', 'nn.Module')
local common = require 'nn.common'
local spatial = require 'nn.spatial'
local C, again, buffer = common.C, common.again, common.buffer
local check_input = spatial.check_input

local view_x, view_g, view_i = common.scratch(), common.scratch(), common.scratch()
view_i.dt = C.RK_i64

function Pool:__init(kW, kH, dW, dH, padW, padH)
  parent.__init(self)
  dW, dH, padW, padH = dW or kW, dH or kH, padW or 0, padH or 0
  spatial.check_sizes(torch.type(self), 1, { 'kW', 'kH', 'dW', 'dH' }, kW, kH, dW, dH)
  spatial.check_sizes(torch.type(self), 0, { 'padW', 'padH' }, padW, padH)
  self.kW, self.kH = kW, kH
  self.dW, self.dH = dW, dH
  self.padW, self.padH = padW, padH
  self.ceil_mode = false
  self.indices = torch.LongTensor()
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

local function long(indices)
  if indices ~= nil and indices.dt == C.RK_i64 then return indices end
  return torch.LongTensor()
end

-- input (N, C, H, W) → output (N, C, H', W'); or without N
function Pool:updateOutput(input)
  local batch = check_input(self, input)
  self.iheight, self.iwidth = tonumber(input.shape[input.rank - 2]), tonumber(input.shape[input.rank - 1])
  local out, indices = buffer(self.output, input), long(self.indices)
  self.output, self.indices = out, indices
  local x, p = input, spatial.pool(self)
  if not batch then
    view_x.dt = input.dt
    x = spatial.batch_of_one(self, view_x, input)
  end
  local s = C.rk_maxpool_forward(out, indices, x, p)
  if s ~= 0 then again(self, s, C.rk_maxpool_forward, out, indices, x, p) end
  if not batch then
    spatial.drop_batch(out)
    spatial.drop_batch(indices)
    C.rk_tensor_drop(view_x)
  end
  return out
end

function Pool:updateGradInput(input, gradOutput)
  local batch = check_input(self, input)
  common.check_dims(self, gradOutput, input.rank, input.rank, 'gradOutput of the output\'s size')
  local dx, indices = buffer(self.gradInput, input), self.indices
  self.gradInput = dx
  local x, g, p = input, gradOutput, spatial.pool(self)
  if not batch then
    view_x.dt, view_g.dt = input.dt, gradOutput.dt
    x, g = spatial.batch_of_one(self, view_x, input), spatial.batch_of_one(self, view_g, gradOutput)
    indices = spatial.batch_of_one(self, view_i, indices)
  end
  local s = C.rk_maxpool_backward(dx, g, indices, x, p)
  if s ~= 0 then again(self, s, C.rk_maxpool_backward, dx, g, indices, x, p) end
  if not batch then
    spatial.drop_batch(dx)
    C.rk_tensor_drop(view_x)
    C.rk_tensor_drop(view_g)
    C.rk_tensor_drop(view_i)
  end
  return dx
end

-- Old name of clearState.
function Pool:empty() self:clearState() end

function Pool:clearState()
  if self.indices then self.indices:set() end
  return parent.clearState(self)
end

-- Files of before ceil mode and padding lack the fields.
function Pool:read(file)
  parent.read(self, file)
  self.ceil_mode = self.ceil_mode or false
  self.padW, self.padH = self.padW or 0, self.padH or 0
end

function Pool:__tostring__() return spatial.pool_text(self) end

return Pool
