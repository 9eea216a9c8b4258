--- nn.ZipTable(): a table of lists turned to a list of tables.
--
-- Shapes: input {{a1, a2, ...}, {b1, b2, ...}}; output {{a1, b1}, {a2, b2}, ...}. The tensors are not copied.
-- @usage nn.ZipTable():forward {{torch.ones(1), torch.ones(2)}, {torch.ones(3), torch.ones(4)}}
local ZipTable, parent = torch.class('nn.ZipTable', 'nn.Module')
local common = require 'nn.common'

function ZipTable:__init()
  parent.__init(self)
  self.output = {}
  self.gradInput = {}
end

local function zip(self, lists)
  local out = {}
  if type(lists) ~= 'table' then common.expected(self, 'a table of tables', lists) end
  for i, list in ipairs(lists) do
    if type(list) ~= 'table' then common.expected(self, 'a table of tables', list) end
    for j, x in ipairs(list) do
      out[j] = out[j] or {}
      out[j][i] = x
    end
  end
  return out
end

function ZipTable:updateOutput(input)
  self.output = zip(self, input)
  return self.output
end

function ZipTable:updateGradInput(_input, gradOutput)
  self.gradInput = zip(self, gradOutput)
  return self.gradInput
end

return ZipTable
