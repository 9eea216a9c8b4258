--- nn.ConcatTable(): every child gets the input; the output is the table of their outputs.
-- input (anything) → {output of child 1, output of child 2, ...}; gradInput: the sum of the children's.
-- @usage local y = nn.ConcatTable():add(nn.Linear(5, 3)):add(nn.Tanh()):forward(torch.randn(2, 5))
local ConcatTable, parent = torch.class('nn.ConcatTable', 'nn.Container')
local ffi = require 'ffi'
local common = require 'nn.common'
local istype, tensor = ffi.istype, ffi.typeof 'struct rk_tensor'
local guard = require 'nn.guard'
local utils = require 'nn.utils'

function ConcatTable:__init()
  parent.__init(self)
  self.output = {}
end

-- input (anything) → {output of child 1, ...}
function ConcatTable:updateOutput(input)
  local modules, out = self.modules, self.output
  if type(out) ~= 'table' then
    out = {}
    self.output = out
  end
  for i = 1, #modules do out[i] = self:rethrowErrors(modules[i], i, 'updateOutput', input) end
  for i = #modules + 1, #out do out[i] = nil end
  return out
end

-- gradInput is the sum of the children's.
local function add_up(self, input, gradOutput, method, scale)
  local modules, sum = self.modules, self.gradInput
  common.check_entries(self, gradOutput, 'gradOutput')
  if istype(tensor, sum) ~= istype(tensor, input) then
    sum = istype(tensor, input) and input.new() or {}
    self.gradInput = sum
  end
  for i = 1, #modules do
    local dx = self:rethrowErrors(modules[i], i, method, input, gradOutput[i], scale)
    if i == 1 and istype(tensor, dx) then
      common.like(sum, dx):copy(dx)
    elseif i == 1 then
      utils.recursiveResizeAs(sum, dx)
      utils.recursiveCopy(sum, dx)
    else
      utils.recursiveAdd(sum, dx)
    end
  end
  return sum
end

function ConcatTable:updateGradInput(input, gradOutput) return add_up(self, input, gradOutput, 'updateGradInput') end

function ConcatTable:backward(input, gradOutput, scale)
  return guard.run(self, add_up, input, gradOutput, 'backward', scale or 1)
end

function ConcatTable:accGradParameters(input, gradOutput, scale)
  common.check_entries(self, gradOutput, 'gradOutput')
  for i, module in ipairs(self.modules) do
    self:rethrowErrors(module, i, 'accGradParameters', input, gradOutput[i], scale or 1)
  end
end

function ConcatTable:accUpdateGradParameters(input, gradOutput, lr)
  common.check_entries(self, gradOutput, 'gradOutput')
  for i, module in ipairs(self.modules) do
    self:rethrowErrors(module, i, 'accUpdateGradParameters', input, gradOutput[i], lr)
  end
end

ConcatTable.__tostring__ = require 'nn.tree'

return ConcatTable
