--- nn.Index(dim): entries of a tensor, chosen by a second input.
--
-- Shapes: input {x (..., n, ...), LongTensor (k)}; output (..., k, ...). The index gets a gradient of 0.
-- @usage nn.Index(1):forward {torch.ones(3, 2), torch.LongTensor {3, 1}}
local Index, parent = torch.class('nn.Index', 'nn.Module')
local common = require 'nn.common'

function Index:__init(dimension)
  parent.__init(self)
  if type(dimension) ~= 'number' then error('nn.Index: expected a dimension, got ' .. torch.type(dimension), 2) end
  self.dimension = dimension
  self.gradInput = { self.gradInput, self.gradInput.new() }
end

local function check(self, input)
  if type(input) ~= 'table' then common.expected(self, 'a table {tensor, LongTensor}', input) end
  common.check_dims(self, input[1], self.dimension, 12, ('a tensor with a dimension %d'):format(self.dimension))
  if torch.typename(input[2]) ~= 'torch.LongTensor' then
    if not (torch.isTensor(input[2]) and torch.typename(input[2]):find 'Cuda') then
      common.expected(self, 'a LongTensor as index', torch.typename(input[2]) or input[2])
    end
  end
  return input[1], input[2]
end

function Index:updateOutput(input)
  local x, index = check(self, input)
  self.output = common.buffer(self.output, x)
  self.output:index(x, self.dimension, index)
  return self.output
end

function Index:updateGradInput(input, gradOutput)
  local x, index = check(self, input)
  common.check_tensor(self, gradOutput, 'gradOutput')
  local dx = self.gradInput
  dx[1] = common.buffer(dx[1], x)
  dx[1]:resizeAs(x):zero():indexAdd(self.dimension, index, gradOutput)
  dx[2] = common.buffer(dx[2], x)
  dx[2]:resize(index:size()):zero()
  return dx
end

function Index:clearState()
  for _, t in ipairs(self.gradInput) do t:set() end
  if torch.isTensor(self.output) then self.output:set() end
  return self
end

return Index
