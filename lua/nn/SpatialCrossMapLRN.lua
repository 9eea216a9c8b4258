--- nn.SpatialCrossMapLRN(size, [alpha = 1e-4], [beta = 0.75], [k = 1]): response normalisation across planes,
-- y = x / (k + alpha/size * sum of x^2 over `size` planes around)^beta.
-- input (N, C, H, W) or (C, H, W) → output (the same); self.scale holds what is in the brackets.
-- @usage y = nn.SpatialCrossMapLRN(5):forward(torch.randn(2, 8, 4, 4))
local LRN, parent = torch.class('nn.SpatialCrossMapLRN', 'nn.Module')
local ffi = require 'ffi'
local common = require 'nn.common'
local planes = require 'nn.planes'
local utils = require 'nn.utils'
local C, again, buffer = common.C, common.again, common.buffer

local params = ffi.new 'struct rk_lrn'
local views = {}
for i = 1, 4 do views[i] = common.scratch() end
local check_input = planes.checker 'HW'

function LRN:__init(size, alpha, beta, k)
  parent.__init(self)
  if type(size) ~= 'number' or size < 1 then
    error('nn.SpatialCrossMapLRN: size: expected an integer >= 1, got ' .. tostring(size), 2)
  end
  self.size = size
  self.alpha = common.optional(torch.type(self), 'alpha', alpha) or 0.0001
  self.beta = common.optional(torch.type(self), 'beta', beta) or 0.75
  self.k = common.optional(torch.type(self), 'k', k) or 1
end

local function fill(self)
  params.size, params.alpha, params.beta, params.k = self.size, self.alpha, self.beta, self.k
  return params
end

local function release()
  for i = 1, 4 do C.rk_tensor_drop(views[i]) end
end

-- input (N, C, H, W) → output (the same); or without N
function LRN:updateOutput(input)
  local batch = check_input(self, input)
  local out, scale, p = buffer(self.output, input), buffer(self.scale, input), fill(self)
  self.output, self.scale = out, scale
  local x = batch and input or planes.batch_of_one(self, views[1], input)
  local s = C.rk_lrn_forward(out, scale, x, p)
  if s ~= 0 then again(self, s, C.rk_lrn_forward, out, scale, x, p) end
  if not batch then
    planes.drop_batch(out)
    planes.drop_batch(scale)
    release()
  end
  return out
end

function LRN:updateGradInput(input, gradOutput)
  local batch = check_input(self, input)
  common.check_dims(self, gradOutput, input.rank, input.rank, 'gradOutput of the output\'s size')
  common.check_tensor(self, self.scale, 'scale (forward before backward)')
  local dx, p = buffer(self.gradInput, input), fill(self)
  self.gradInput = dx
  local x, g, y, scale = input, gradOutput, self.output, self.scale
  if not batch then
    common.check_dims(self, y, 3, 3, 'forward of this input before backward')
    x, g = planes.batch_of_one(self, views[1], x), planes.batch_of_one(self, views[2], g)
    y, scale = planes.batch_of_one(self, views[3], y), planes.batch_of_one(self, views[4], scale)
  end
  local s = C.rk_lrn_backward(dx, g, x, y, scale, p)
  if s ~= 0 then again(self, s, C.rk_lrn_backward, dx, g, x, y, scale, p) end
  if not batch then
    planes.drop_batch(dx)
    release()
  end
  return dx
end

function LRN:clearState()
  utils.clear(self, 'scale', 'paddedRatio', 'accumRatio')
  return parent.clearState(self)
end

return LRN
