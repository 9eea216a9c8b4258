--- nn.JoinTable(dim, [nInputDims]): the tensors of a table, joined along dimension dim.
-- A negative dim counts from the last; with nInputDims, inputs of one dimension more are batches.
-- {(..., d1, ...), (..., d2, ...), ...} → output (..., d1 + d2 + ..., ...).
-- @usage local y = nn.JoinTable(1, 1):forward { torch.randn(4, 2), torch.randn(4, 3) } -- 4 x 5
local JoinTable, parent = torch.class('nn.JoinTable', 'nn.Module')
local common = require 'nn.common'

function JoinTable:__init(dimension, nInputDims)
  parent.__init(self)
  if type(dimension) ~= 'number' then error('nn.JoinTable: expected a dimension, got ' .. torch.type(dimension), 2) end
  self.size = torch.LongStorage()
  self.dimension = dimension
  self.gradInput = {}
  self.nInputDims = common.optional('nn.JoinTable', 'nInputDims', nInputDims)
end

function JoinTable:_getPositiveDimension(input)
  if type(input) ~= 'table' or not torch.isTensor(input[1]) then common.expected(self, 'a table of tensors', input) end
  local dim, rank = self.dimension, input[1]:dim()
  if dim < 0 then return rank + dim + 1 end
  if self.nInputDims and rank == self.nInputDims + 1 then return dim + 1 end
  return dim
end

local function check(self, input)
  if type(input) ~= 'table' or #input == 0 or not torch.isTensor(input[1]) then
    common.expected(self, 'a table of tensors', input)
  end
  local dim, first = self:_getPositiveDimension(input), input[1]
  if dim < 1 or dim > first:dim() then
    common.expected(self, ('tensors with a dimension %d'):format(dim), first)
  end
  for i = 2, #input do
    local fits = torch.isTensor(input[i]) and input[i]:dim() == first:dim()
    for d = 1, fits and first:dim() or 0 do
      fits = fits and (d == dim or input[i]:size(d) == first:size(d))
    end
    if not fits then
      local text = 'entry %d of a size that joins %s along dimension %d'
      common.expected(self, text:format(i, common.shape(first), dim), input[i])
    end
  end
  return dim
end

-- {(..., n1, ...), (..., n2, ...)} → (..., n1 + n2, ...)
function JoinTable:updateOutput(input)
  local dim, total = check(self, input), 0
  for _, x in ipairs(input) do total = total + x:size(dim) end
  self.size:resize(input[1]:dim()):copy(input[1]:size())
  self.size[dim] = total
  self.output = common.buffer(self.output, input[1])
  common.joined(self.output, self.size, input[1])
  local at = 1
  for _, x in ipairs(input) do
    self.output:narrow(dim, at, x:size(dim)):copy(x)
    at = at + x:size(dim)
  end
  return self.output
end

function JoinTable:updateGradInput(input, gradOutput)
  local dim, at = check(self, input), 1
  common.check_tensor(self, gradOutput, 'gradOutput')
  for i, x in ipairs(input) do
    self.gradInput[i] = common.buffer(self.gradInput[i], x)
    common.like(self.gradInput[i], x):copy(gradOutput:narrow(dim, at, x:size(dim)))
    at = at + x:size(dim)
  end
  for i = #input + 1, #self.gradInput do self.gradInput[i] = nil end
  return self.gradInput
end

function JoinTable:type(typename, cache)
  if not typename then return self._type end
  self.gradInput = {}
  return parent.type(self, typename, cache)
end

return JoinTable
