--- nn.FlattenTable(): nested tables of tensors as one flat list, depth first.
--
-- Shapes: input {a, {b, {c}}}; output {a, b, c}; gradInput nested as the input. The tensors are not copied.
-- @usage nn.FlattenTable():forward {torch.ones(1), {torch.ones(2), {torch.ones(3)}}}
local FlattenTable, parent = torch.class('nn.FlattenTable', 'nn.Module')
local common = require 'nn.common'

function FlattenTable:__init()
  parent.__init(self)
  self.output = {}
  self.input_map = {}
  self.gradInput = {}
end

-- Append the leaves of x to out; the map says where each went.
local function flatten(out, x, depth)
  if type(x) ~= 'table' then
    out[#out + 1] = x
    return #out
  end
  depth = common.deeper('nn.FlattenTable', depth)
  local map = {}
  for i = 1, #x do map[i] = flatten(out, x[i], depth) end
  return map
end

local function unflatten(map, list)
  if type(map) ~= 'table' then return list[map] end
  local x = {}
  for i = 1, #map do x[i] = unflatten(map[i], list) end
  return x
end

-- Does the map lead from each entry of x to that same entry of out? Counts the leaves in n[1].
local function leads(map, x, out, n)
  if type(x) ~= 'table' then
    n[1] = n[1] + 1
    return type(map) == 'number' and rawequal(out[map], x)
  end
  if type(map) ~= 'table' or #map ~= #x then return false end
  for i = 1, #x do
    if not leads(map[i], x[i], out, n) then return false end
  end
  return true
end

-- The map is made anew only when an entry is another than before.
function FlattenTable:updateOutput(input)
  if type(input) ~= 'table' then common.expected(self, 'a table', input) end
  local n = { 0 }
  if not (leads(self.input_map, input, self.output, n) and n[1] == #self.output) then
    self.output = {}
    self.input_map = flatten(self.output, input)
  end
  return self.output
end

function FlattenTable:updateGradInput(input, gradOutput)
  if type(input) ~= 'table' then common.expected(self, 'a table', input) end
  if type(gradOutput) ~= 'table' then common.expected(self, 'a table as gradOutput', gradOutput) end
  self.gradInput = unflatten(flatten({}, input), gradOutput)
  return self.gradInput
end

function FlattenTable:type(typename, cache)
  if not typename then return self._type end
  self.output, self.input_map, self.gradInput = {}, {}, {}
  return parent.type(self, typename, cache)
end

function FlattenTable:clearState()
  self.input_map = {}
  return parent.clearState(self)
end

return FlattenTable
