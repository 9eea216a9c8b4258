--- nn.SelectTable(index): one entry of a table; a negative index counts from the last, a string is a key.
-- {x1, x2, ...} → x_index; the gradient of the others is 0.
-- @usage local y = nn.SelectTable(-1):forward { torch.randn(2), torch.randn(3) } -- 3
local SelectTable, parent = torch.class('nn.SelectTable', 'nn.Module')
local common = require 'nn.common'
local utils = require 'nn.utils'

function SelectTable:__init(index)
  parent.__init(self)
  if type(index) ~= 'number' and type(index) ~= 'string' then
    error('nn.SelectTable: expected an index or a key, got ' .. torch.type(index), 2)
  end
  self.index = index
  self.gradInput = {}
end

local function position(self, input)
  if type(input) ~= 'table' then common.expected(self, 'a table', input) end
  local index = self.index
  if type(index) == 'number' and index < 0 then index = #input + index + 1 end
  if not input[index] then
    error(('%s: the input has no entry %s, only %d'):format(tostring(self), tostring(self.index), #input), 0)
  end
  return index
end

-- {x1, x2, ...} → x_index
function SelectTable:updateOutput(input)
  self.output = input[position(self, input)]
  return self.output
end

-- The other entries get zeros; the buffers of the last call are used again, but never the gradOutput it was given.
function SelectTable:updateGradInput(input, gradOutput)
  local index, zeros, dx = position(self, input), self._zeros or {}, self.gradInput
  if type(dx) ~= 'table' then dx = {} end
  for k, v in next, input do
    if k ~= index then
      zeros[k] = common.zeros_like(zeros[k], v)
      dx[k] = zeros[k]
    end
  end
  common.trim(dx, input)[index] = gradOutput
  self._zeros, self.gradInput = zeros, dx
  return dx
end

-- The output is the neighbour's tensor: it is forgotten, not emptied.
function SelectTable:clearState()
  self._zeros = nil
  return utils.forget(self, 'output', 'gradInput')
end

function SelectTable:type(typename, cache)
  if not typename then return self._type end
  self.gradInput, self.output, self._zeros = {}, {}, nil
  return parent.type(self, typename, cache)
end

function SelectTable:__tostring__() return ('%s(%s)'):format(torch.type(self), tostring(self.index)) end

return SelectTable
