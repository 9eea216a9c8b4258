--- nn.NarrowTable(offset, [length = 1]): entries offset .. offset + length - 1 of a table.
local NarrowTable, parent = torch.class('nn.NarrowTable', 'nn.Module')
local common = require 'nn.common'

function NarrowTable:__init(offset, length)
  parent.__init(self)
  if type(offset) ~= 'number' or offset < 1 then
    error('nn.NarrowTable: expected an offset >= 1, got ' .. tostring(offset), 2)
  end
  self.offset = offset
  self.length = length or 1
  self.output, self.gradInput = {}, {}
end

-- {x1, ...} → {x_offset, ...}
function NarrowTable:updateOutput(input)
  if type(input) ~= 'table' or #input < self.offset + self.length - 1 then
    common.expected(self, ('a table of at least %d entries'):format(self.offset + self.length - 1), input)
  end
  self.output = {}
  for i = 1, self.length do self.output[i] = input[self.offset + i - 1] end
  return self.output
end

local function zeros(x)
  if torch.isTensor(x) then return x.new():resizeAs(x):zero() end
  local out = {}
  for k, v in pairs(x) do out[k] = zeros(v) end
  return out
end

-- The other entries get zeros.
function NarrowTable:updateGradInput(input, gradOutput)
  self.gradInput = {}
  for i = 1, #input do
    local k = i - self.offset + 1
    self.gradInput[i] = k >= 1 and k <= self.length and gradOutput[k] or zeros(input[i])
  end
  return self.gradInput
end

return NarrowTable
