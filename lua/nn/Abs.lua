--- nn.Abs(): |x|; the slope at 0 is 1, as in Torch7.
-- input (any shape) → output (the same).
-- @usage local y = nn.Abs():forward(torch.randn(2, 3))
local common = require 'nn.common'
local C, again, buffer = common.C, common.again, common.buffer
local Abs = require('nn.pointwise').layer('nn.Abs', 'abs')

local function slope(dx, input, gradOutput)
  local s = C.rk_compare(C.RK_OP_ge, dx, input, nil, 0)
  if s == 0 then s = C.rk_map1(C.RK_OP_affine, dx, dx, 2, -1) end
  if s == 0 then s = C.rk_map2(C.RK_OP_cmul, dx, dx, gradOutput, 0) end
  return s
end

function Abs:updateGradInput(input, gradOutput)
  common.check_tensor(self, gradOutput, 'gradOutput')
  local dx = buffer(self.gradInput, input)
  self.gradInput = dx
  local s = slope(dx, input, gradOutput)
  if s ~= 0 then again(self, s, slope, dx, input, gradOutput) end
  return dx
end

return Abs
