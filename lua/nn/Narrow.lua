--- nn.Narrow(dim, offset, [length = 1]): a range along a dimension. A negative dim counts from the last; a negative
-- length reaches back from the end, -1 to the last entry; a negative offset means the first size - length entries.
-- input (..., size, ...) → output (..., length, ...), on the same memory.
-- @usage local y = nn.Narrow(2, 2, 3):forward(torch.randn(4, 5)) -- 4 x 3
local Narrow, parent = torch.class('nn.Narrow', 'nn.Module')
local common = require 'nn.common'

function Narrow:__init(dimension, offset, length)
  parent.__init(self)
  if type(dimension) ~= 'number' or type(offset) ~= 'number' then
    error('nn.Narrow: expected a dimension and an offset', 2)
  end
  self.dimension = dimension
  self.index = offset
  self.length = common.optional(torch.type(self), 'length', length) or 1
end

local function range(self, input)
  common.check_tensor(self, input)
  local dim = self.dimension < 0 and input:dim() + self.dimension + 1 or self.dimension
  if dim < 1 or dim > input:dim() then
    common.expected(self, ('input with a dimension %d'):format(self.dimension), input)
  end
  local n, length, index = input:size(dim), self.length, self.index
  if length < 0 then length = n - index + length + 2 end
  if index < 0 then
    index = 1
    length = n - length
  end
  if index < 1 or length < 1 or index + length - 1 > n then
    common.expected(self, ('entries %d to %d in dimension %d'):format(index, index + length - 1, dim), input)
  end
  return dim, index, length
end

-- input (..., n, ...) → output (..., length, ...)
function Narrow:updateOutput(input)
  common.check_tensor(self, input)
  local part = input:narrow(range(self, input))
  self.output = common.buffer(self.output, input)
  return self.output:resizeAs(part):copy(part)
end

function Narrow:updateGradInput(input, gradOutput)
  common.check_tensor(self, input)
  self.gradInput = common.buffer(self.gradInput, input)
  self.gradInput:resizeAs(input):zero()
  self.gradInput:narrow(range(self, input)):copy(gradOutput)
  return self.gradInput
end

return Narrow
