--- nngraph.nest and the two modules it needs, which wrap a value in a table and take it out.
local common = require 'nn.common'
local JustTable, parent = torch.class('nngraph.JustTable', 'nn.Module')

--- nngraph.JustTable: x → {x}
-- @usage local y = nngraph.JustTable():forward(torch.ones(2))[1]
function JustTable:__init()
  parent.__init(self)
  self.output = {}
end

function JustTable:updateOutput(input)
  self.output[1] = input
  return self.output
end

function JustTable:updateGradInput(_, gradOutput)
  if type(gradOutput) ~= 'table' then
    error('nngraph.JustTable: expected a table of one gradient, got ' .. torch.type(gradOutput), 0)
  end
  self.gradInput = gradOutput[1]
  return self.gradInput
end

local JustElement = torch.class('nngraph.JustElement', 'nn.Module')

--- nngraph.JustElement: {x} → x
-- @usage local y = nngraph.JustElement():forward {torch.ones(2)}
function JustElement:__init()
  parent.__init(self)
  self.gradInput = {}
end

function JustElement:updateOutput(input)
  if type(input) ~= 'table' or #input ~= 1 then
    error(('nngraph.JustElement: expected a table of one entry, got %s'):format(type(input) == 'table'
      and 'one of ' .. #input or torch.type(input)), 0)
  end
  self.output = input[1]
  return self.output
end

function JustElement:updateGradInput(_, gradOutput)
  self.gradInput[1] = gradOutput
  return self.gradInput
end

local function nest(x, depth)
  if torch.isTypeOf(x, 'nngraph.Node') then return x end
  if torch.type(x) ~= 'table' or #x == 0 then
    error('nngraph.nest: expected a node or a nested table of nodes, got ' .. (torch.type(x) == 'table'
      and 'an empty table' or torch.type(x)), 0)
  end
  depth = common.deeper('nngraph.nest', depth)
  local nodes = {}
  for i, child in ipairs(x) do nodes[i] = nest(child, depth) end
  if #nodes == 1 then return nngraph.JustTable()(nodes[1]) end
  return nn.Identity()(nodes)
end

--- A node whose output is the nested table.
-- @param x a node, or nodes in nested tables
-- @return node
-- @usage local a, b = nn.Identity()(), nn.Identity()(); local node = nngraph.nest {a, {b}}
function nngraph.nest(...)
  local nodes = ...
  if select('#', ...) ~= 1 then error('nngraph.nest: one argument expected, a table for several nodes', 2) end
  return nest(nodes)
end

return nngraph.nest
