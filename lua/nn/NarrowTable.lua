--- nn.NarrowTable(offset, [length = 1]): entries offset .. offset + length - 1 of a table.
-- {x1, x2, ...} → {x_offset, ..., x_(offset + length - 1)}; the gradient of the others is 0.
-- @usage local y = nn.NarrowTable(2, 2):forward { torch.randn(2), torch.randn(3), torch.randn(4) }
local NarrowTable, parent = torch.class('nn.NarrowTable', 'nn.Module')
local common = require 'nn.common'

function NarrowTable:__init(offset, length)
  parent.__init(self)
  if type(offset) ~= 'number' or offset < 1 then
    error('nn.NarrowTable: expected an offset >= 1, got ' .. tostring(offset), 2)
  end
  self.offset = offset
  self.length = common.optional('nn.NarrowTable', 'length', length) or 1
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

-- The other entries get zeros, in buffers of their own.
function NarrowTable:updateGradInput(input, gradOutput)
  if type(input) ~= 'table' then common.expected(self, 'a table as input', input) end
  common.check_entries(self, gradOutput, 'gradOutput')
  local old, new = self._zeros or {}, {}
  for i = 1, #input do
    local k = i - self.offset + 1
    if k >= 1 and k <= self.length and gradOutput[k] then
      new[i] = gradOutput[k]
    else
      old[i] = common.zeros_like(old[i], input[i])
      new[i] = old[i]
    end
  end
  self._zeros, self.gradInput = old, new
  return new
end

function NarrowTable:clearState()
  self._zeros = nil
  return parent.clearState(self)
end

function NarrowTable:type(typename, cache)
  if typename then self._zeros = nil end
  return parent.type(self, typename, cache)
end

return NarrowTable
