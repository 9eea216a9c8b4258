--- graph: directed graphs of nodes that hold anything, and their drawings.
--
-- graph.Node, graph.Edge, graph.Graph, graph.dot. Nodes and edges are plain objects that go through files.
require 'torch'

local graph = {}
_G.graph = graph

require 'graph.Node'
require 'graph.Edge'
require 'graph.Graph'
require 'graph.dot'

return graph
