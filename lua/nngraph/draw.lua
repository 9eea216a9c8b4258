--- Pictures of networks: names of nodes, drawings, and a drawing of the place where a pass failed.
local simple = {}
nngraph.simple_print = simple

--- Name nodes after the caller's local variables; names given by annotate stay.
-- @usage local x = nn.Identity()(); nngraph.annotateNodes(); print(x.data.annotations.name)
function nngraph.annotateNodes()
  for i = 1, math.huge do
    local name, value = debug.getlocal(2, i)
    if not name then break end
    if torch.isTypeOf(value, 'nngraph.Node') and not value.data.annotations.name then value:annotate { name = name } end
  end
end

--- In debug mode a pass that fails draws the graph to `<name>.svg` (the gModule's field `name`, else
-- 'nngraph_error'), the node that failed in red.
function nngraph.setDebug(on) nngraph.debug = on and true or false end

--- What run.lua calls then.
function nngraph._drawError(g, node)
  local attributes = node:graphNodeAttributes()
  local before = {}
  for _, k in ipairs { 'style', 'fillcolor' } do before[k] = attributes[k] end
  attributes.style, attributes.fillcolor = 'filled', 'red'
  local ok, path = pcall(graph.dot, g.fg, g.name or 'error', g.name or 'nngraph_error')
  attributes.style, attributes.fillcolor = before.style, before.fillcolor
  if ok then io.stderr:write('nngraph: the node that failed is red in ', path, '\n') end
end

--- Draw a network to a temporary file and print its name.
-- @param g gModule
-- @return the path
function nngraph.display(g)
  if not torch.isTypeOf(g, 'nn.gModule') then
    error('nngraph.display: expected an nn.gModule, got ' .. torch.type(g), 2)
  end
  local name = os.tmpname()
  os.remove(name)
  local path = graph.dot(g.fg, g.name or torch.type(g), name)
  print('nngraph.display: the drawing is ' .. path)
  return path
end

-- A node in few words: its module, without the nodes that only pass on.
local function words(node)
  local data = node.data
  if data.module then return torch.typename(data.module) end
  return data.nSplitOutputs and ('split(%d)'):format(data.nSplitOutputs) or data.selectindex
    and ('output %d'):format(data.selectindex) or (#node.children == 0 and 'output' or 'input')
end

--- The graph of a network for graphviz with modules' names only.
-- @param g graph.Graph, such as net.fg, or the gModule
-- @param[opt] title a heading
-- @return text
function simple.todot(g, title)
  g = torch.isTypeOf(g, 'nn.gModule') and g.fg or g
  if not torch.isTypeOf(g, 'graph.Graph') then
    error('nngraph.simple_print.todot: expected a graph or an nn.gModule, got ' .. torch.type(g), 2)
  end
  local lines = { 'digraph G {' }
  if title then lines[#lines + 1] = ('labelloc="t";\nlabel="%s";'):format(title:gsub('"', '\\"')) end
  lines[#lines + 1] = 'node [shape = oval];'
  for i, node in ipairs(g.nodes) do
    local name = node.data.annotations and node.data.annotations.name
    lines[#lines + 1] = ('n%d [label="%s%s"];'):format(i, name and name .. '\\n' or '', words(node))
  end
  for _, e in ipairs(g.edges) do lines[#lines + 1] = ('n%d -> n%d;'):format(g.nodes[e.from], g.nodes[e.to]) end
  lines[#lines + 1] = '}\n'
  return table.concat(lines, '\n')
end

-- Edges among nodes whose names and labels are short.
local function simplified(g)
  local s, twins = graph.Graph(), {}
  local function twin(node)
    if not twins[node] then
      twins[node] = graph.Node(words(node))
    end
    return twins[node]
  end
  for _, e in ipairs(g.edges) do s:add(graph.Edge(twin(e.from), twin(e.to))) end
  return s
end

--- Draw it: `<filename>.dot` and `<filename>.svg`.
-- @param g graph.Graph or gModule
-- @param[opt] title a heading
-- @param[opt] filename without extension
-- @return the path of the picture
function simple.dot(g, title, filename)
  local text = simple.todot(g, title)
  local path = graph.dot(simplified(torch.isTypeOf(g, 'nn.gModule') and g.fg or g), title, filename)
  local file = io.open((path:gsub('%.svg$', '.dot')), 'w')
  if file then
    file:write(text)
    file:close()
  end
  return path
end

return simple
