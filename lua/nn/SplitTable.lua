--- nn.SplitTable(dim, [nInputDims]): the slices along a dimension, as a table.
-- A negative dim counts from the last; with nInputDims, inputs of one dimension more are batches.
-- input (..., n, ...) → n tensors without that dimension.
-- @usage local y = nn.SplitTable(2):forward(torch.randn(4, 3)) -- three vectors of 4
local SplitTable, parent = torch.class('nn.SplitTable', 'nn.Module')
local common = require 'nn.common'
local C, again = common.C, common.again

local view = common.scratch()

function SplitTable:__init(dimension, nInputDims)
  parent.__init(self)
  if type(dimension) ~= 'number' then error('nn.SplitTable: expected a dimension, got ' .. torch.type(dimension), 2) end
  self.dimension = dimension
  self.nInputDims = common.optional('nn.SplitTable', 'nInputDims', nInputDims)
  self.output = {}
end

function SplitTable:_getPositiveDimension(input)
  local dim = self.dimension
  if dim < 0 then return input:dim() + dim + 1 end
  if self.nInputDims and input:dim() == self.nInputDims + 1 then return dim + 1 end
  return dim
end

local function check(self, input)
  common.check_tensor(self, input)
  local dim = self:_getPositiveDimension(input)
  if dim < 1 or dim > input:dim() then
    common.expected(self, ('input with a dimension %d'):format(self.dimension), input)
  end
  return dim
end

-- input (..., n, ...) → n views without that dimension (of a vector: n numbers)
function SplitTable:updateOutput(input)
  local dim = check(self, input)
  self.output = {}
  for i = 1, input:size(dim) do self.output[i] = input:select(dim, i) end
  return self.output
end

function SplitTable:updateGradInput(input, gradOutput)
  local dim = check(self, input)
  common.check_entries(self, gradOutput, 'gradOutput')
  local dx = common.buffer(self.gradInput, input):resizeAs(input)
  self.gradInput, view.dt = dx, dx.dt
  for i = 1, input:size(dim) do
    local g = gradOutput[i]
    if not common.istensor(g) then
      common.expected(self, ('a table of %d gradients, tensors'):format(input:size(dim)), g)
    end
    local s = C.rk_narrow(view, dx, dim - 1, i - 1, 1)
    if s ~= 0 then again(self, s, C.rk_narrow, view, dx, dim - 1, i - 1, 1) end
    s = C.rk_copy(view, g)
    if s ~= 0 then again(self, s, C.rk_copy, view, g) end
  end
  C.rk_tensor_drop(view)
  return dx
end

return SplitTable
