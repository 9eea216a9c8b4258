--- graph.Node: a node with data and children, in the order in which they were added.
--
-- Fields: data, children (a list that also maps child -> place), id (place in the graph it was last added to),
-- visited, marked.
local Node = torch.class('graph.Node')

--- @param[opt] data anything
-- @usage local a = graph.Node 'a'; a:add(graph.Node 'b'); a:bfs(function(n) print(n:label()) end)
function Node:__init(data)
  self.data = data
  self.id = 0
  self.children = {}
  self.visited = false
  self.marked = false
end

--- Add a child, or each of a list; a child counts once.
function Node:add(child)
  if torch.isTypeOf(child, 'graph.Node') then
    local children = self.children
    if not children[child] then
      children[#children + 1] = child
      children[child] = #children
    end
  elseif torch.type(child) == 'table' then
    for _, c in ipairs(child) do self:add(c) end
  else
    error('graph.Node: add: expected a graph.Node or a list of them, got ' .. torch.type(child), 2)
  end
end

--- Call pre(node) on the way down and post(node) on the way up; nodes whose `visited` is set are passed over, so pre
-- should set it.
-- @param[opt] pre function
-- @param[opt] post function
function Node:visit(pre, post)
  if self.visited then return end
  if pre then pre(self) end
  for _, child in ipairs(self.children) do child:visit(pre, post) end
  if post then post(self) end
end

--- Depth first: f(node) for each node that can be reached, children before their parents.
function Node:dfs(f)
  local seen = {}
  -- A stack of its own: graphs may be deeper than Lua's.
  local stack, places = { self }, { 1 }
  seen[self] = true
  while #stack > 0 do
    local node, place = stack[#stack], places[#stack]
    local child = node.children[place]
    places[#stack] = place + 1
    if not child then
      stack[#stack], places[#places] = nil, nil
      f(node)
    elseif not seen[child] then
      seen[child] = true
      stack[#stack + 1], places[#places + 1] = child, 1
    end
  end
end

--- Breadth first: f(node) for each node that can be reached.
function Node:bfs(f)
  local queue, seen, first = { self }, { [self] = true }, 1
  while queue[first] do
    local node = queue[first]
    first = first + 1
    f(node)
    for _, child in ipairs(node.children) do
      if not seen[child] then
        seen[child] = true
        queue[#queue + 1] = child
      end
    end
  end
end

--- The graph of all nodes that can be reached; edges in breadth-first order.
function Node:graph()
  local g = graph.Graph()
  self:bfs(function(node)
    for _, child in ipairs(node.children) do g:add(graph.Edge(node, child)) end
  end)
  return g
end

--- Can a path come back to a node it has been at?
function Node:hasCycle()
  local state = {} -- 1: on the path, 2: done
  local stack, places = { self }, { 1 }
  state[self] = 1
  while #stack > 0 do
    local node, place = stack[#stack], places[#stack]
    local child = node.children[place]
    places[#stack] = place + 1
    if not child then
      state[node] = 2
      stack[#stack], places[#places] = nil, nil
    elseif state[child] == 1 then
      return true
    elseif not state[child] then
      state[child] = 1
      stack[#stack + 1], places[#places + 1] = child, 1
    end
  end
  return false
end

--- The text that drawings show.
function Node:label() return tostring(self.data) end

return Node
