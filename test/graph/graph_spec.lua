--- graph: nodes, edges, orders, drawings.
require 'graph'

local function chain(...)
  local nodes, g = {}, graph.Graph()
  for name in table.concat({ ... }, ' '):gmatch '%a' do nodes[name] = nodes[name] or graph.Node(name) end
  for _, pair in ipairs { ... } do
    local a, b = pair:match '(%a)(%a)'
    g:add(graph.Edge(nodes[a], nodes[b]))
  end
  return g, nodes
end

local function names(list)
  local s = {}
  for i, n in ipairs(list) do s[i] = n.data end
  return table.concat(s)
end

local function walked(node, how)
  local s = {}
  node[how](node, function(n) s[#s + 1] = n.data end)
  return table.concat(s)
end

local content = require 'helpers'.content

describe('graph', function()
  it('keeps nodes and edges in order', function()
    local g, n = chain('ab', 'ac', 'bd', 'cd')
    assert.are.equal('abcd', names(g.nodes))
    assert.are.same({ 1, 4 }, { n.a.id, g.nodes[n.d] })
    assert.are.equal(4, #g.edges)
    g:add(g.edges[1])
    assert.are.equal(4, #g.edges)
    assert.are.same({ 'a', 'd' }, { names(g:roots()), names(g:leaves()) })
    assert.are.equal('abcd', walked(n.a, 'bfs'))
    assert.are.equal('dbca', walked(n.a, 'dfs'))
    assert.are.equal('bd', walked(n.b, 'bfs'))
    assert.are.equal('abcd', names(n.a:graph().nodes))
    local seen = {}
    n.a:visit(function(x)
      x.visited = true
      seen[#seen + 1] = x.data
    end, function(x) seen[#seen + 1] = x.data:upper() end)
    assert.are.equal('abdDBcCA', table.concat(seen))
  end)

  it('sorts, reverses, clones', function()
    local g, n = chain('ab', 'ac', 'bd', 'cd', 'ed')
    local sorted, turned, roots = g:topsort()
    local place = {}
    for i, x in ipairs(sorted) do place[x] = i end
    assert.are.equal(5, #sorted)
    for _, e in ipairs(g.edges) do assert.is_true(place[e.from] < place[e.to]) end
    assert.are.equal('d', names(roots))
    assert.are.equal('ae', names(turned:leaves()))
    local copy = g:clone()
    assert.are.equal('abcde', names(copy.nodes))
    assert.is_true(copy.nodes[1] ~= n.a and copy.nodes[1].data == 'a')
    local again = torch.deserialize(torch.serialize(g))
    assert.are.equal(names(sorted), names((again:topsort())))
    assert.are.equal('graph.Node', torch.type(again.nodes[1]))
  end)

  it('finds cycles', function()
    local g, n = chain('ab', 'bc')
    assert.is_false(g:hasCycle())
    assert.is_false(n.a:hasCycle())
    g, n = chain('ab', 'bc', 'cb')
    assert.is_true(g:hasCycle() and n.a:hasCycle())
    assert.error_matches(function() g:topsort() end, 'has a cycle')
    assert.is_true((chain('ab', 'ba')):hasCycle())
    assert.is_true((chain('ab', 'cd', 'dc')):hasCycle())
    assert.is_false(graph.Graph():hasCycle())
    assert.are.same({}, (graph.Graph():topsort()))
  end)

  it('is as deep as memory', function()
    local first = graph.Node(1)
    local node = first
    for i = 2, 30000 do
      local after = graph.Node(i)
      node:add(after)
      node = after
    end
    local g = first:graph()
    local sorted = g:topsort()
    assert.are.equal(30000, sorted[30000].data)
    assert.is_false(first:hasCycle())
  end)

  it('draws', function()
    local g, n = chain('ab', 'ac')
    n.a.data = 'the "first"'
    function n.b.graphNodeAttributes() return { color = 'red', tooltip = 'a <b>' } end
    local text = g:todot 'title'
    assert.matches('digraph G {.*label=title;', text)
    assert.matches('n1 %[label="Node1\\nthe \\"first\\""%];', text)
    assert.matches('n2 %[color=red, label="Node2\\nb", tooltip="a <b>"%];', text)
    assert.matches('n1 %-> n3;', text)
    local name = os.tmpname()
    local path = graph.dot(g, "it's", name)
    assert.are.equal(name .. '.svg', path)
    assert.matches('<svg', content(path))
    assert.matches('digraph', content(name .. '.dot'))
    local svg = g:tosvg 'a & b'
    assert.matches('a &amp; b.*stroke="red".*a &lt;b&gt;', svg .. svg)
    for _, end_ in ipairs { '', '.dot', '.svg' } do os.remove(name .. end_) end
    assert.matches('<svg', (chain('ab', 'ba')):tosvg())
  end)

  it('refuses wrong calls', function()
    local node = graph.Node()
    for text, f in pairs {
      ['graph.Edge: argument 1'] = function() graph.Edge(1, node) end,
      ['graph.Edge: argument 2'] = function() graph.Edge(node) end,
      ['graph.Node: add'] = function() node:add(3) end,
      ['graph.Graph: add'] = function() graph.Graph():add(3) end,
      ['graph.dot: argument 1'] = function() graph.dot(node) end,
      ['graph.dot: cannot write'] = function() graph.dot(graph.Graph(), 't', '/proc/none/x') end,
      ['no_such of graphviz is not installed'] = function() graph.graphvizFile(graph.Graph(), 'no_such', 'x.svg') end,
    } do
      assert.error_matches(f, text)
    end
  end)
end)
