--- nn.Select(dim, index): one slice; negative dim and index count from the last.
-- input (..., size, ...) → output without that dimension; a slice of a vector is a vector of 1.
-- @usage local y = nn.Select(2, -1):forward(torch.randn(4, 5)) -- 4
local Select, parent = torch.class('nn.Select', 'nn.Module')
local common = require 'nn.common'

function Select:__init(dimension, index)
  parent.__init(self)
  if type(dimension) ~= 'number' or type(index) ~= 'number' then
    error('nn.Select: expected a dimension and an index', 2)
  end
  self.dimension = dimension
  self.index = index
end

local function place(self, input)
  common.check_tensor(self, input)
  local dim = self.dimension < 0 and input:dim() + self.dimension + 1 or self.dimension
  local fits = dim >= 1 and dim <= input:dim()
  local index = fits and self.index < 0 and input:size(dim) + self.index + 1 or self.index
  if not fits or index < 1 or index > input:size(dim) then
    common.expected(self, ('input with an entry %d in dimension %d'):format(self.index, self.dimension), input)
  end
  return dim, index
end

-- input (..., n, ...) → output without that dimension
function Select:updateOutput(input)
  local dim, index = place(self, input)
  self.output = common.buffer(self.output, input)
  local slice = input:narrow(dim, index, 1)
  if input:dim() > 1 then slice = slice:select(dim, 1) end
  return self.output:resizeAs(slice):copy(slice)
end

function Select:updateGradInput(input, gradOutput)
  local dim, index = place(self, input)
  self.gradInput = common.buffer(self.gradInput, input)
  self.gradInput:resizeAs(input):zero()
  self.gradInput:narrow(dim, index, 1):copy(gradOutput)
  return self.gradInput
end

return Select
