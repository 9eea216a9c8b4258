--- Drawings of graphs: text for graphviz, and SVG, by graphviz's program `dot` where it is installed, else by a plain
-- layout of our own.
local Graph = graph.Graph

local function quoted(text)
  text = tostring(text)
  if text:find '^%a+$' then return text end
  return '"' .. text:gsub('"', '\\"'):gsub('\n', '\\n') .. '"'
end

local function name_of(node) return node.graphNodeName and node:graphNodeName() or 'Node' .. node.id end

-- Attributes in alphabetical order, as graphviz itself writes them.
local function attributes(node)
  local all, keys = { label = name_of(node) .. '\n' .. node:label() }, { 'label' }
  for k, v in pairs(node.graphNodeAttributes and node:graphNodeAttributes() or {}) do
    if all[k] == nil then keys[#keys + 1] = k end
    all[k] = v
  end
  table.sort(keys)
  for i, k in ipairs(keys) do keys[i] = k .. '=' .. quoted(all[k]) end
  return table.concat(keys, ', ')
end

--- The graph in graphviz's language.
-- @param[opt] title a heading
function Graph:todot(title)
  local lines = { 'digraph G {' }
  if title then lines[#lines + 1] = 'labelloc="t";\nlabel=' .. quoted(title) .. ';' end
  lines[#lines + 1] = 'node [shape = oval];'
  for i, node in ipairs(self.nodes) do lines[#lines + 1] = ('n%d [%s];'):format(i, attributes(node)) end
  for _, e in ipairs(self.edges) do
    lines[#lines + 1] = ('n%d -> n%d;'):format(self.nodes[e.from], self.nodes[e.to])
  end
  lines[#lines + 1] = '}\n'
  return table.concat(lines, '\n')
end

local function escaped(text)
  local names = { ['&'] = '&amp;', ['<'] = '&lt;', ['>'] = '&gt;', ['"'] = '&quot;' }
  return (tostring(text):gsub('[&<>"]', names))
end

-- Rows by the longest path from a root; what lies on cycles keeps the row of the first visit.
local function rows_of(g)
  local row, rows = {}, {}
  local ok, sorted = pcall(g.topsort, g)
  if not ok then sorted = g.nodes end
  for _, node in ipairs(sorted) do
    row[node] = row[node] or 1
    for _, child in ipairs(node.children) do
      if ok or not row[child] then row[child] = math.max(row[child] or 1, row[node] + 1) end
    end
  end
  for _, node in ipairs(sorted) do
    rows[row[node]] = rows[row[node]] or {}
    table.insert(rows[row[node]], node)
  end
  return rows
end

local WIDE, HIGH, ABOVE = 220, 46, 90

local function svg_node(node, x, y)
  local a = node.graphNodeAttributes and node:graphNodeAttributes() or {}
  local text = node:label():gsub('\\[nl]', ' '):gsub('\n', ' ')
  if #text > 34 then text = text:sub(1, 31) .. '...' end
  return ([[<g><title>%s</title><rect x="%d" y="%d" width="%d" height="%d" rx="18" fill="%s" stroke="%s"/>
<text x="%d" y="%d" text-anchor="middle" fill="%s">%s</text>
<text x="%d" y="%d" text-anchor="middle" fill="%s" font-size="10">%s</text></g>]]):format(
    escaped(a.tooltip or node:label()), x - WIDE / 2 + 10, y, WIDE - 20, HIGH, escaped(a.fillcolor or 'white'),
    escaped(a.color or 'black'), x, y + 19, escaped(a.fontcolor or 'black'), escaped(name_of(node)), x, y + 35,
    escaped(a.fontcolor or 'black'), escaped(text))
end

--- The graph as SVG, in rows from the roots downwards, without any program.
-- @param[opt] title a heading
function Graph:tosvg(title)
  local rows, place, widest = rows_of(self), {}, 1
  for _, row in ipairs(rows) do widest = math.max(widest, #row) end
  for r, row in ipairs(rows) do
    for i, node in ipairs(row) do
      place[node] = { x = (widest - #row) * WIDE / 2 + (i - 0.5) * WIDE, y = 40 + (r - 1) * ABOVE }
    end
  end
  local out = { ('<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" '
    .. 'font-size="12">'):format(widest * WIDE, 40 + #rows * ABOVE),
    '<defs><marker id="tip" markerWidth="8" markerHeight="8" refX="7" refY="3" orient="auto">'
    .. '<path d="M0,0 L7,3 L0,6 z"/></marker></defs>' }
  if title then
    out[#out + 1] = ('<text x="%d" y="22" text-anchor="middle" font-size="16">%s</text>'):format(widest * WIDE / 2,
      escaped(title))
  end
  for _, e in ipairs(self.edges) do
    local from, to = place[e.from], place[e.to]
    out[#out + 1] = ('<line x1="%d" y1="%d" x2="%d" y2="%d" stroke="black" marker-end="url(#tip)"/>'):format(from.x,
      from.y + HIGH, to.x, to.y)
  end
  for _, node in ipairs(self.nodes) do out[#out + 1] = svg_node(node, place[node].x, place[node].y) end
  out[#out + 1] = '</svg>\n'
  return table.concat(out, '\n')
end

local function write(path, text)
  local file, message = io.open(path, 'w')
  if not file then error('graph.dot: cannot write ' .. message, 3) end
  file:write(text)
  file:close()
end

local function installed()
  local found = os.execute 'command -v dot >/dev/null 2>&1'
  return found == 0 or found == true
end

local function draw(g, path, title)
  if installed() then
    local quoted_path = path:gsub("'", "'\\''")
    local status = os.execute(("dot -Tsvg -o '%s.svg' '%s.dot' 2>/dev/null"):format(quoted_path, quoted_path))
    if status == 0 or status == true then return end
  end
  write(path .. '.svg', g:tosvg(title))
end

local function checked(name, g)
  if not torch.isTypeOf(g, 'graph.Graph') then
    error(('graph.%s: argument 1: expected a graph.Graph, got %s'):format(name, torch.type(g)), 3)
  end
end

--- Draw a graph: `<filename>.dot` and `<filename>.svg`. Without a filename they are temporary files, whose names are
-- printed. Where graphviz is installed it makes the layout, else the rows of Graph:tosvg do.
-- @param g graph.Graph
-- @param[opt] title a heading
-- @param[opt] filename without extension
-- @return the path of the picture
-- @usage graph.dot(graph.Node('a'):graph(), 'nothing', os.tmpname())
function graph.dot(g, title, filename)
  checked('dot', g)
  local path = filename or os.tmpname()
  write(path .. '.dot', g:todot(title))
  draw(g, path, title)
  if not filename then
    os.remove(path)
    print(('graph.dot: the drawing is %s.svg'):format(path))
  end
  return path .. '.svg'
end

--- Draw a graph to a file by one of graphviz's programs; the extension says which format.
-- @param g graph.Graph
-- @param layout 'dot', 'neato', 'circo' ...
-- @param filename with extension
function graph.graphvizFile(g, layout, filename)
  checked('graphvizFile', g)
  local found = os.execute(("command -v '%s' >/dev/null 2>&1"):format(layout))
  if found ~= 0 and found ~= true then
    error(('graph.graphvizFile: %s of graphviz is not installed; graph.dot draws without it'):format(layout), 2)
  end
  local pipe = io.popen(("%s -T%s -o '%s'"):format(layout, filename:match '%.(%w+)$' or 'svg',
    (filename:gsub("'", "'\\''"))), 'w')
  pipe:write(g:todot())
  pipe:close()
end

return graph.dot
