--- graph.Edge: from one node to another.
local Edge = torch.class('graph.Edge')

--- @param from graph.Node
-- @param to graph.Node
-- @param[opt] weight anything
-- @usage local e = graph.Edge(graph.Node 'a', graph.Node 'b')
function Edge:__init(from, to, weight)
  for i, node in ipairs { from or false, to or false } do
    if not torch.isTypeOf(node, 'graph.Node') then
      error(('graph.Edge: argument %d: expected a graph.Node, got %s'):format(i, torch.type(node or nil)), 3)
    end
  end
  self.from, self.to, self.weight = from, to, weight
end

return Edge
