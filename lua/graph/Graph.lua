--- graph.Graph: edges and the nodes they join, in the order in which they were added.
--
-- Fields: nodes, edges (lists that also map object -> place).
local Graph = torch.class('graph.Graph')

--- @usage local g = graph.Graph(); g:add(graph.Edge(graph.Node 'a', graph.Node 'b')); print(#g.nodes)
function Graph:__init()
  self.edges = {}
  self.nodes = {}
end

local function add_node(self, node)
  local nodes = self.nodes
  if not nodes[node] then
    nodes[#nodes + 1] = node
    nodes[node] = #nodes
    node.id = #nodes
  end
end

--- Add an edge, or each of a list. Its nodes come in, and its end becomes a child of its start.
function Graph:add(edge)
  if torch.isTypeOf(edge, 'graph.Edge') then
    local edges = self.edges
    if not edges[edge] then
      edges[#edges + 1] = edge
      edges[edge] = #edges
    end
    add_node(self, edge.from)
    add_node(self, edge.to)
    edge.from:add(edge.to)
  elseif torch.type(edge) == 'table' then
    for _, e in ipairs(edge) do self:add(e) end
  else
    error('graph.Graph: add: expected a graph.Edge or a list of them, got ' .. torch.type(edge), 2)
  end
end

-- A copy of a node without children, of the same class, with the same data.
local function twin(node)
  local n = graph.Node(node.data)
  n.id = node.id
  torch.setmetatable(n, torch.typename(node))
  return n
end

--- A graph of new nodes that share the data.
function Graph:clone()
  local copy, twins = graph.Graph(), {}
  for i, node in ipairs(self.nodes) do twins[i] = twin(node) end
  for _, e in ipairs(self.edges) do
    copy:add(graph.Edge(twins[self.nodes[e.from]], twins[self.nodes[e.to]], e.weight))
  end
  return copy
end

--- The graph with all edges turned round, of new nodes that share the data.
-- @return graph, table from old nodes to new ones
function Graph:reverse()
  local turned, twins = graph.Graph(), {}
  for _, e in ipairs(self.edges) do
    twins[e.from] = twins[e.from] or twin(e.from)
    twins[e.to] = twins[e.to] or twin(e.to)
    turned:add(graph.Edge(twins[e.to], twins[e.from], e.weight))
  end
  return turned, twins
end

--- Is there a cycle?
function Graph:hasCycle()
  local roots = self:roots()
  if #roots == 0 then return #self.nodes > 0 end
  local seen = 0
  local top = graph.Node 'all roots'
  for _, root in ipairs(roots) do
    if root:hasCycle() then return true end
    top:add(root)
  end
  top:dfs(function() seen = seen + 1 end)
  return seen ~= #self.nodes + 1 -- what no root reaches is a cycle or hangs on one
end

--- The nodes, each after all that lead to it.
-- @return list, the reversed graph, its roots
function Graph:topsort()
  local turned, twins = self:reverse()
  local back = {}
  for node, t in pairs(twins) do back[t] = node end
  local roots = turned:roots()
  if #self.nodes > 0 and (#roots == 0 or self:hasCycle()) then
    error('graph.Graph: topsort: the graph has a cycle', 2)
  end
  local sorted, top = {}, graph.Node 'all roots'
  top:add(roots)
  top:dfs(function(node) sorted[#sorted + 1] = back[node] end)
  return sorted, turned, roots
end

-- Nodes that stand at no edge's `side`.
local function without(self, side)
  local has, list = {}, {}
  for _, e in ipairs(self.edges) do has[e[side]] = true end
  for _, node in ipairs(self.nodes) do
    if not has[node] then list[#list + 1] = node end
  end
  return list
end

--- The nodes no edge leads to.
function Graph:roots() return without(self, 'to') end

--- The nodes no edge leads away from.
function Graph:leaves() return without(self, 'from') end

return Graph
