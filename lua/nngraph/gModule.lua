--- nn.gModule: a graph of modules as one module.
--
-- Fields, as files hold them: fg and bg (graph.Graph: forward, from the inputs; backward, from the outputs),
-- forwardnodes and backwardnodes (their nodes in order), innode, outnode, nInputs, modules, verbose, name. The nodes of
-- both graphs share their `data`, which keeps input and gradOutput of the last pass.
--
-- How the graph is run is in nngraph/run.lua.
local run = require 'nngraph.run'
local gModule, parent = torch.class('nn.gModule', 'nn.Container')

-- A graph as it is drawn must be used as a whole: a node that leads to no output is a mistake.
local function check_used(bg)
  for _, node in ipairs(bg.nodes) do
    local data = node.data
    for user in pairs(data.reverseMap) do
      if not bg.nodes[user] then
        local what = user.data.module and torch.typename(user.data.module) or 'a part of a split'
        error(('nn.gModule: the node declared at %s (%s) is unused: it leads to none of the outputs'):format(
          user.data.annotations._debugLabel, what), 0)
      end
    end
  end
end

local function check_split(node)
  local data = node.data
  if data.nSplitOutputs and data.nSplitOutputs ~= #node.children then
    error(('nn.gModule: %d of the split(%d) outputs of the node declared at %s are unused'):format(
      data.nSplitOutputs - #node.children, data.nSplitOutputs, data.annotations._debugLabel), 0)
  end
end

-- The input node among the roots; others may only be nnop's parameters.
local function root_of(fg, innode)
  local found
  for _, root in ipairs(fg:roots()) do
    if root.data == innode.data then
      found = root
    elseif torch.typename(root.data.module) ~= 'nnop.Parameters' then
      error(('nn.gModule: the node declared at %s (%s) is not connected to the inputs'):format(
        root.data.annotations._debugLabel, torch.typename(root.data.module) or 'no module'), 0)
    end
  end
  return found or error('nn.gModule: the inputs are not connected to the outputs', 0)
end

-- One node before all inputs, which hands each of them its entry.
local function add_innode(inputs, n)
  local innode = nngraph.Node { input = {} }
  if n == 1 then
    inputs[1]:add(innode, true)
    return innode
  end
  local parts = { innode:split(n) }
  for i = 1, n do
    if #inputs[i].children > 0 then
      error(('nn.gModule: inputs[%d], declared at %s, has inputs of its own (or is given twice)'):format(i,
        inputs[i].data.annotations._debugLabel), 0)
    end
    inputs[i]:add(parts[i], true)
  end
  return innode
end

local function build(self, inputs, outputs)
  local outnode = nngraph.Node { input = {} }
  for i = 1, nngraph._checkNodes(outputs, 'outputs') do outnode:add(outputs[i], true) end
  local n = nngraph._checkNodes(inputs, 'inputs')
  if n == 0 then error('nn.gModule: at least one input is needed', 0) end
  if #outnode.children == 0 then error('nn.gModule: at least one output is needed', 0) end
  local innode = add_innode(inputs, n)

  self.bg = outnode:graph()
  self.fg = self.bg:reverse()
  for i = 1, n do
    if not self.bg.nodes[inputs[i]] then
      error(('nn.gModule: inputs[%d], declared at %s, is not connected to the outputs'):format(i,
        inputs[i].data.annotations._debugLabel), 0)
    end
  end
  self.innode = root_of(self.fg, innode)
  self.outnode = outnode
  self.verbose = false
  self.nInputs = n
  self.forwardnodes = self.fg:topsort()
  self.backwardnodes = self.bg:topsort()
  for _, node in ipairs(self.forwardnodes) do check_split(node) end
  check_used(self.bg)
  for _, node in ipairs(self.forwardnodes) do
    node.data.forwardNodeId = node.id
    if node.data.module then self:add(node.data.module) end
  end
  self.output, self.gradInput = nil, nil
  if #outnode.children > 1 then self.output = outnode.data.input end
end

--- @param inputs list of nodes without inputs
-- @param outputs list of nodes
-- @usage local x = nn.Identity()(); local g = nn.gModule({x}, {nn.Tanh()(nn.Linear(2, 3)(x))})
function gModule:__init(inputs, outputs)
  parent.__init(self)
  for i, list in ipairs { inputs or false, outputs or false } do
    if torch.type(list) ~= 'table' then
      error(('nn.gModule: argument %d: expected a list of nodes, got %s'):format(i, torch.type(list or nil)), 3)
    end
  end
  local ok, message = pcall(build, self, inputs, outputs)
  if not ok then error(message, 3) end
end

--- input (a tensor, or a table of nInputs) → output of the one output node, or a table of several.
function gModule:updateOutput(input) return run.forward(self, 'updateOutput', input) end

--- Run another method along the graph: f(module, input), or the method of that name, gives each node's output.
-- @param f function or name
-- @param input as for forward
-- @return as forward
function gModule:runForwardFunction(f, input) return run.forward(self, f, input) end

function gModule:updateGradInput(_, gradOutput) return run.backward(self, gradOutput) end

function gModule:accGradParameters(_, _, scale) run.accumulate(self, 'accGradParameters', scale or 1) end

function gModule:accUpdateGradParameters(_, _, lr) run.accumulate(self, 'accUpdateGradParameters', lr) end

--- f(module, other's module) for each node with a module, in forward order.
-- @param other a gModule of the same structure
function gModule:map(other, f)
  if not torch.isTypeOf(other, 'nn.gModule') then
    error('nn.gModule: map: expected another gModule, got ' .. torch.type(other), 2)
  end
  for i, node in ipairs(self.forwardnodes) do
    local twin = other.forwardnodes[i]
    if not twin or not node.data.module ~= not twin.data.module then
      error('nn.gModule: map: the other gModule has another structure', 2)
    end
    if node.data.module then f(node.data.module, twin.data.module) end
  end
end

--- Share the named tensors with a gModule of the same structure.
-- @return self
function gModule:share(other, ...)
  local names = { ... }
  self:map(other, function(a, b) a:share(b, unpack(names)) end)
  return self
end

--- Replace modules, as nn.Module:replace; the nodes follow.
function gModule:replace(f)
  local out = f(self)
  self.modules = {}
  for _, node in ipairs(self.forwardnodes) do
    if node.data.module then
      node.data.module = node.data.module:replace(f)
      self:add(node.data.module)
    end
  end
  return out
end

local kept = { 'input', 'gradOutput', 'gradOutputBuffer' }

--- The tensor type, or convert modules and what the nodes keep.
-- @return self (or the type's name)
function gModule:type(typename, cache)
  if not typename then return parent.type(self) end
  cache = cache or {}
  for _, node in ipairs(self.backwardnodes) do
    for _, field in ipairs(kept) do
      local value = node.data[field]
      if value ~= nil then node.data[field] = nn.utils.recursiveType(value, typename, cache) end
    end
  end
  return parent.type(self, typename, cache)
end

--- Drop outputs, gradients and what the nodes keep.
-- @return self
function gModule:clearState()
  parent.clearState(self)
  for _, node in ipairs(self.backwardnodes) do
    for _, field in ipairs(kept) do node.data[field] = nil end
  end
  self.output, self.gradInput = nil, nil
  return self
end

function gModule:read(file)
  parent.read(self, file)
  self.nInputs = self.nInputs or #self.outnode.data.mapindex -- files of before nInputs existed
end

function gModule:__tostring__() return self.name or torch.type(self) end

return gModule
