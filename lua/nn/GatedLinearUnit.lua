--- nn.GatedLinearUnit([dim = last]): the first half of a dimension times the sigmoid of the second,
-- y = a / (1 + e^-b).
--
-- Shapes: input (..., 2 n, ...); output (..., n, ...). A negative dim counts from the last.
-- Dauphin et al. 2016, Language Modeling with Gated Convolutional Networks.
-- @usage nn.GatedLinearUnit():forward(torch.ones(2, 6))  -- 2x3
local GatedLinearUnit, parent = torch.class('nn.GatedLinearUnit', 'nn.Module')
local common = require 'nn.common'

function GatedLinearUnit:__init(dim)
  parent.__init(self)
  if dim ~= nil and type(dim) ~= 'number' then
    error('nn.GatedLinearUnit: expected a dimension, got ' .. torch.type(dim), 2)
  end
  self.dim = dim
end

local function halves(self, input)
  common.check_dims(self, input, 1, 12, 'a tensor with elements')
  local dim = self.dim or input:dim()
  if dim < 0 then dim = input:dim() + dim + 1 end
  if dim < 1 or dim > input:dim() or input:size(dim) % 2 ~= 0 then
    common.expected(self, ('input of even size in dimension %d'):format(dim), input)
  end
  local n = input:size(dim) / 2
  return input:narrow(dim, 1, n), input:narrow(dim, n + 1, n), dim, n
end

function GatedLinearUnit:updateOutput(input)
  local a, b = halves(self, input)
  local out = common.buffer(self.output, input)
  self.output = out
  return out:resizeAs(a):sigmoid(b):cmul(a)
end

-- da = g s, db = g a s (1 - s)
function GatedLinearUnit:updateGradInput(input, gradOutput)
  local a, b, dim, n = halves(self, input)
  common.check_tensor(self, gradOutput, 'gradOutput')
  if not gradOutput:isSameSizeAs(a) then common.expected(self, 'gradOutput ' .. common.shape(a), gradOutput) end
  local dx = common.buffer(self.gradInput, input)
  self.gradInput = dx
  dx:resizeAs(input)
  local da, db = dx:narrow(dim, 1, n), dx:narrow(dim, n + 1, n)
  da:sigmoid(b)
  db:fill(1):csub(da):cmul(da):cmul(a):cmul(gradOutput)
  da:cmul(gradOutput)
  return dx
end

return GatedLinearUnit
