--- nngraph.Node: a module in a graph, with the nodes it takes its input from as children.
--
-- data: module, mapindex (data of the children, in order, and their places), input and gradOutput (lists, of the last
-- pass), annotations, reverseMap (set of the nodes that use this one), selectindex and nSplitOutputs (of splits),
-- forwardNodeId.
local Node, parent = torch.class('nngraph.Node', 'graph.Node')
local joined = require('torch.check').joined

local here = debug.getinfo(1, 'S').source:match '^@(.*/)nngraph/[^/]*$' or '@'

-- "[file]:line" of the first function outside of our packages.
local function caller()
  for level = 3, math.huge do
    local info = debug.getinfo(level, 'Sl')
    if not info then return '[?]:-1' end
    if info.what ~= 'C' and info.source:sub(2, 1 + #here) ~= here then
      return ('[%s]:%d'):format(info.short_src:match '[^/]*$', info.currentline)
    end
  end
end

--- Nodes come of calls of modules; this is for those that build graphs otherwise.
-- @param data a table, see above
function Node:__init(data)
  data = data or {}
  parent.__init(self, data)
  data.annotations = data.annotations or {}
  data.mapindex = data.mapindex or {}
  data.reverseMap = data.reverseMap or {}
  if not data.annotations._debugLabel then data.annotations._debugLabel = caller() .. '_' end
end

--- Add a node that this one takes input from.
-- @param child the node
-- @param map true: its output is the next input of this node
function Node:add(child, map)
  parent.add(self, child)
  if not map then return end
  local mapindex, data = self.data.mapindex, child.data
  if mapindex[data] then
    error(("nngraph: don't pass the same input twice: the node declared at %s is already an input of the one at %s")
      :format(data.annotations._debugLabel, self.data.annotations._debugLabel), 0)
  end
  mapindex[#mapindex + 1] = data
  mapindex[data] = #mapindex
  data.reverseMap[self] = true
end

--- Nodes for the entries of this node's output, a table of n. All of them must be used.
-- @param n how many entries
-- @return n nodes
-- @usage local a, b = nn.Identity()():split(2)
function Node:split(n)
  if type(n) ~= 'number' or n < 1 or n % 1 ~= 0 then
    error('nngraph.Node: split: expected how many entries the output has, got ' .. tostring(n), 2)
  end
  if n == 1 then return nngraph.JustElement()(self) end
  local label = self.data.annotations._debugLabel
  local all = nngraph.Node { nSplitOutputs = n,
    annotations = { _debugLabel = ('%s split at %s-mnode'):format(label, caller()) } }
  all:add(self, true)
  local parts = {}
  for i = 1, n do
    parts[i] = nngraph.Node { selectindex = i, input = {}, annotations = { _debugLabel = label .. '-' .. i } }
    parts[i]:add(all, true)
  end
  return unpack(parts)
end

--- Set annotations: name, description, graphAttributes (a table for graphviz: color, fontcolor, tooltip ...).
-- @return self
-- @usage local x = nn.Identity()():annotate {name = 'x', description = 'words'}
function Node:annotate(annotations)
  if type(annotations) ~= 'table' then
    error('nngraph.Node: annotate: expected a table, got ' .. torch.type(annotations), 2)
  end
  for k, v in pairs(annotations) do self.data.annotations[k] = v end
  return self
end

--- The first line of its drawing.
function Node:graphNodeName()
  local name = self.data.annotations.name
  return name and ('%s (%s)'):format(name, self.id) or 'Node' .. self.id
end

--- Attributes of its drawing; the tooltip is where it was declared.
function Node:graphNodeAttributes()
  local annotations = self.data.annotations
  annotations.graphAttributes = annotations.graphAttributes or {}
  annotations.graphAttributes.tooltip = annotations.graphAttributes.tooltip or annotations._debugLabel
  return annotations.graphAttributes
end

local function shown(v)
  if torch.isTensor(v) then
    return ('%s [%s]'):format(torch.type(v):match '%.(.*)$', joined(v:size(), 'x'))
  elseif torch.type(v) == 'table' then
    local parts = {}
    for i, x in ipairs(v) do parts[i] = shown(x) end
    return '{' .. table.concat(parts, ', ') .. '}'
  end
  return tostring(v)
end

local order = { 'selectindex', 'nSplitOutputs', 'module', 'input', 'gradOutput' }

--- What its drawing says: description, module, sizes of input and gradOutput.
function Node:label()
  local lines = {}
  local description = self.data.annotations.description
  if description then lines[1] = 'desc = ' .. description end
  for _, key in ipairs(order) do
    local v = self.data[key]
    if v ~= nil and not (type(v) == 'table' and torch.type(v) == 'table' and #v == 0) then
      lines[#lines + 1] = key .. ' = ' .. shown(v)
    end
  end
  return table.concat(lines, '\\l')
end

return Node
