--- nn.CAddTensorTable(): the first tensor added to each of a table of tensors.
--
-- Shapes: input {x, {a, b, ...}}, all of one size; output {x + a, x + b, ...}.
-- @usage nn.CAddTensorTable():forward {torch.ones(2), {torch.ones(2), torch.zeros(2)}}
local CAddTensorTable, parent = torch.class('nn.CAddTensorTable', 'nn.Module')
local arithmetic = require 'nn.arithmetic'
local common = require 'nn.common'
local utils = require 'nn.utils'

function CAddTensorTable:__init()
  parent.__init(self)
  self.output = {}
  self.gradInput = {}
end

local function trim(list, n)
  for i = n + 1, #list do list[i] = nil end
  return list
end

function CAddTensorTable:updateOutput(input)
  if type(input) ~= 'table' or torch.type(input[2]) ~= 'table' then
    common.expected(self, 'a table {tensor, {tensors}}', type(input) == 'table' and input[2] or input)
  end
  local x, list = input[1], input[2]
  arithmetic.check(self, { x, unpack(list) })
  for i = 1, #list do
    self.output[i] = common.buffer(self.output[i], x)
    self.output[i]:resizeAs(x):add(x, list[i])
  end
  return trim(self.output, #list)
end

function CAddTensorTable:updateGradInput(input, gradOutput)
  if type(input) ~= 'table' or not common.istensor(input[1]) or type(input[2]) ~= 'table' then
    common.expected(self, 'a table {tensor, table of tensors}', input)
  end
  local n = #input[2]
  if type(gradOutput) ~= 'table' then common.expected(self, 'a table as gradOutput', gradOutput) end
  for i = 1, n do common.check_tensor(self, gradOutput[i], ('gradOutput[%d]'):format(i)) end
  local dx = self.gradInput
  dx[1] = common.buffer(dx[1], input[1])
  dx[1]:resizeAs(input[1]):copy(gradOutput[1])
  for i = 2, n do dx[1]:add(gradOutput[i]) end
  dx[2] = trim(utils.recursiveCopy(dx[2] or {}, gradOutput), n)
  return dx
end

return CAddTensorTable
