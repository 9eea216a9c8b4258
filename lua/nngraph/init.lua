--- nngraph: networks as graphs of modules.
--
-- A module called with nodes is a node: `h = nn.Tanh()(nn.Linear(3, 4)(x))`; called with nothing, or after a minus, it
-- is an input, `x = nn.Identity()()`, `x = -nn.Identity()`; `x - nn.Linear(3, 4) - nn.Tanh()` is a pipeline.
-- `nn.gModule({x}, {h})` is then a module like any other.
require 'nn'
require 'graph'

local nngraph = {}
_G.nngraph = nngraph

require 'nngraph.Node'
require 'nngraph.nest'
require 'nngraph.ModuleFromCriterion'
require 'nngraph.call'
require 'nngraph.gModule'
require 'nngraph.draw'

return nngraph
