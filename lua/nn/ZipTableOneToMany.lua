--- nn.ZipTableOneToMany(): one value paired with each of a list.
--
-- Shapes: input {x, {a1, a2, ...}}; output {{x, a1}, {x, a2}, ...}. The gradient of x is the sum of its gradients.
-- @usage nn.ZipTableOneToMany():forward {torch.ones(1), {torch.ones(2), torch.ones(3)}}
local ZipTableOneToMany, parent = torch.class('nn.ZipTableOneToMany', 'nn.Module')
local common = require 'nn.common'

function ZipTableOneToMany:__init()
  parent.__init(self)
  self.output = {}
  self.gradInput = {}
  self.gradInputEl = torch.Tensor()
end

local function check(self, input)
  if type(input) ~= 'table' or #input ~= 2 or torch.type(input[2]) ~= 'table' then
    common.expected(self, 'a table {value, {values}}', input)
  end
  return input[1], input[2]
end

function ZipTableOneToMany:updateOutput(input)
  local x, list = check(self, input)
  self.output = {}
  for i, v in ipairs(list) do self.output[i] = { x, v } end
  return self.output
end

function ZipTableOneToMany:updateGradInput(input, gradOutput)
  local x = check(self, input)
  if type(gradOutput) ~= 'table' then common.expected(self, 'a table of pairs as gradOutput', gradOutput) end
  common.check_tensor(self, x, 'first input')
  self.gradInputEl = common.buffer(self.gradInputEl, x)
  self.gradInputEl:resizeAs(x):zero()
  local list = {}
  for i, g in ipairs(gradOutput) do
    if type(g) ~= 'table' then common.expected(self, 'a table of pairs as gradOutput', g) end
    common.check_tensor(self, g[1], ('gradient of x in pair %d'):format(i))
    self.gradInputEl:add(g[1])
    list[i] = g[2]
  end
  self.gradInput = { self.gradInputEl, list }
  return self.gradInput
end

return ZipTableOneToMany
