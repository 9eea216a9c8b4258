--- Running a graph: the loops of nn.gModule over its nodes in order.
--
-- What does not change from pass to pass, who feeds whom and at which place, is worked out once for each gModule and
-- kept beside it, so that a step is array reads and calls of modules; modules and inputs are read from the nodes' data
-- at each step, since programs put others there.
local guard = require 'nn.guard'

local M = {}

local plans = setmetatable({}, { __mode = 'k' }) -- gModule -> plan

-- For each node of a list: data, children's numbers, and the child's place in its input (forward) or its in the
-- child's (backward).
local function links(nodes, place)
  local number, plan = {}, { n = #nodes, data = {}, kids = {}, places = {} }
  for i, node in ipairs(nodes) do number[node], plan.data[i] = i, node.data end
  for i, node in ipairs(nodes) do
    local kids, places = {}, {}
    for k, child in ipairs(node.children) do kids[k], places[k] = number[child], place(node, child) end
    plan.kids[i], plan.places[i] = kids, places
  end
  return plan
end

local function make_plan(self)
  local plan = { nodes = self.forwardnodes, back = self.backwardnodes, at = 0, totals = {} }
  plan.forward = links(self.forwardnodes, function(node, child) return child.data.mapindex[node.data] end)
  plan.backward = links(self.backwardnodes, function(node, child) return node.data.mapindex[child.data] end)
  -- The place of a gradient among those of the node that it goes to is its place in time.
  local counts, slots = {}, {}
  for i = 1, plan.backward.n do
    slots[i] = {}
    for k, child in ipairs(plan.backward.kids[i]) do
      counts[child] = plan.backward.data[i].selectindex and 1 or (counts[child] or 0) + 1
      slots[i][k] = counts[child]
    end
  end
  plan.backward.slots = slots
  plan.nInputs = self.nInputs or #self.innode.children
  plan.nOutputs = #self.outnode.children
  plan.splits = {} -- data of a split -> the table its parts' gradients come together in
  plans[self] = plan
  return plan
end

-- A function of its own: one that makes closures is never compiled.
local function plan_of(self)
  local plan = plans[self]
  if plan and plan.nodes == self.forwardnodes and plan.back == self.backwardnodes then return plan end
  return make_plan(self)
end

local function where(self, node)
  local data = node.data
  local what = data.module and tostring(data.module):match '^[^\n]*'
    or data.nSplitOutputs and 'of a split' or 'without module'
  local name = data.annotations and data.annotations.name
  return ('In node %s%s, declared at %s, of %s'):format(name and '"' .. name .. '" ' or '', what,
    data.annotations and data.annotations._debugLabel or '?', self.name or torch.type(self))
end

-- Run f; an error names the node it came from, and in debug mode the graph is drawn with that node in red.
local function guarded(f, self, plan, nodes, ...)
  local ok, result = guard.protect(f, self, plan, ...)
  if ok then return result end
  local node = nodes[plan.at]
  if nngraph.debug and node then nngraph._drawError(self, node) end
  if type(result) == 'string' and node then result = where(self, node) .. ':\n' .. result end
  error(result, 0)
end

local function split_input(data, x)
  if type(x) ~= 'table' then
    error(('nngraph: split(%d): the output must be a table, got %s'):format(data.nSplitOutputs, torch.type(x)), 0)
  elseif #x ~= data.nSplitOutputs then
    error(('nngraph: split(%d) cannot split %d outputs'):format(data.nSplitOutputs, #x), 0)
  end
end

local function forward(self, plan, f, named)
  local p = plan.forward
  local datas, all_kids, all_places, verbose = p.data, p.kids, p.places, self.verbose
  for i = 1, p.n do
    plan.at = i
    local data = datas[i]
    local x, module = data.input, data.module
    if data.selectindex then
      x = x[1][data.selectindex]
    else
      if x == nil then x = {} elseif #x == 1 then x = x[1] end
      if module then
        if named then
          local method = module[f]
          if not method then error(('%s has no method %s'):format(torch.type(module), f), 0) end
          x = method(module, x)
        else
          x = f(module, x)
        end
      elseif data.nSplitOutputs then
        split_input(data, x)
      end
    end
    local kids, places = all_kids[i], all_places[i]
    for k = 1, #kids do
      local to = datas[kids[k]]
      local input = to.input
      if not input then
        input = {}
        to.input = input
      end
      input[places[k]] = x
    end
    if verbose then print(' V : ' .. plan.nodes[i]:label()) end
  end
  local out = self.outnode.data.input
  return plan.nOutputs == 1 and out[1] or out
end

--- The forward pass.
-- @param self gModule
-- @param f name of a method, or function(module, input)
-- @param input a tensor or a table
-- @return the output
function M.forward(self, f, input)
  local plan, data = plan_of(self), self.innode.data
  local n = plan.nInputs
  if type(f) ~= 'string' and type(f) ~= 'function' then
    error(('%s: runForwardFunction: expected a function or the name of a method, got %s'):format(tostring(self),
      torch.type(f)), 0)
  elseif input == nil then
    local expected = n > 1 and ('a table of %d inputs'):format(n) or 'an input'
    error(('%s: expected %s, got nil'):format(tostring(self), expected), 0)
  end
  if n > 1 and (type(input) ~= 'table' or #input ~= n) then
    error(('%s: expected a table of %d inputs, got %s'):format(tostring(self), n, type(input) == 'table'
      and ('one of %d'):format(#input) or torch.type(input)), 0)
  end
  local list = data.input
  if not list then
    list = {}
    data.input = list
  end
  if n > 1 then
    for i = 1, n do list[i] = input[i] end
  else
    list[1] = input
  end
  self.output = guarded(forward, self, plan, plan.nodes, f, type(f) == 'string')
  return self.output
end

-- A gradient that is an expanded zero: a layer's way to say that it gives none.
local function is_zero(g)
  if not torch.isTensor(g) then return false end
  local storage = g:storage()
  return storage ~= nil and storage:size() == 1 and storage[1] == 0
end

-- The sum of a node's gradients. Until a first sum was needed, zeros are left out without one.
local function total(data)
  local list = data.gradOutput
  local n = #list
  if n == 1 then return list[1] end
  if n == 0 then error('nngraph: no gradient reaches the node', 0) end
  local first = list[1]
  if not data.gradOutputBuffer then
    local count, only = 0, 1
    for i = 1, n do
      if not is_zero(list[i]) then count, only = count + 1, i end
    end
    if count < 2 then return list[only] end
  end
  local sum = data.gradOutputBuffer
  if torch.isTensor(first) then
    if not torch.isTensor(sum) or torch.type(sum) ~= torch.type(first) then sum = first.new() end
    sum:resizeAs(first)
    sum:add(first, 1, list[2])
    for i = 3, n do sum:add(list[i]) end
  else
    sum = nn.utils.recursiveResizeAs(sum, first) -- drops what an earlier, longer input had
    nn.utils.recursiveCopy(sum, first)
    for i = 2, n do nn.utils.recursiveAdd(sum, list[i]) end
  end
  data.gradOutputBuffer = sum
  return sum
end

-- The entries of a split's output come back together in one table.
local function put_part(plan, child, index, g)
  local parts = plan.splits[child]
  if not parts then
    parts = {}
    plan.splits[child] = parts
  end
  parts[index] = g
  local list = child.gradOutput
  if not list then
    list = {}
    child.gradOutput = list
  end
  list[1] = parts
end

local function backward(self, plan)
  local p, totals, verbose = plan.backward, plan.totals, self.verbose
  local datas, all_kids, all_places, all_slots = p.data, p.kids, p.places, p.slots
  for i = 1, p.n do
    plan.at = i
    local data = datas[i]
    local kids, g = all_kids[i], total(data)
    totals[i] = g
    if data.selectindex then
      put_part(plan, datas[kids[1]], data.selectindex, g)
    else
      local module = data.module
      if module then
        local x = data.input
        if x == nil then x = {} elseif #x == 1 then x = x[1] end
        g = module:updateGradInput(x, g)
      end
      local places, slots = all_places[i], all_slots[i]
      for k = 1, #kids do
        local to = datas[kids[k]]
        local list = to.gradOutput
        if not list then
          list = {}
          to.gradOutput = list
        end
        if #kids == 1 then list[slots[k]] = g else list[slots[k]] = g[places[k]] end
      end
    end
    if verbose then print(' V : ' .. plan.back[i]:label()) end
  end
  return totals[p.n]
end

--- The backward pass to the input.
-- @param self gModule
-- @param gradOutput a tensor, or a table for several outputs
-- @return the gradient of the input, nested as that is
function M.backward(self, gradOutput)
  local plan, data = plan_of(self), self.outnode.data
  if plan.nOutputs > 1 and (type(gradOutput) ~= 'table' or #gradOutput ~= plan.nOutputs) then
    error(('%s: expected a table of %d gradOutputs, got %s'):format(tostring(self), plan.nOutputs,
      type(gradOutput) == 'table' and ('one of %d'):format(#gradOutput) or torch.type(gradOutput)), 0)
  end
  if gradOutput == nil then error(tostring(self) .. ': backward: expected a gradOutput, got nil', 0) end
  if not data.input or #data.input < plan.nOutputs then
    error(tostring(self) .. ': backward: call forward first', 0)
  end
  data.gradOutput = data.gradOutput or {}
  data.gradOutput[1] = gradOutput
  guarded(backward, self, plan, plan.back)
  self.gradInput = total(self.innode.data)
  return self.gradInput
end

local function accumulate(_, plan, method, scale)
  local p, totals = plan.backward, plan.totals
  for i = 1, p.n do
    plan.at = i
    local data = p.data[i]
    local module = data.module
    if module then
      local x = data.input
      if x == nil then x = {} elseif #x == 1 then x = x[1] end
      module[method](module, x, totals[i], scale)
    end
  end
end

--- Gradients of the parameters, after M.backward.
-- @param method accGradParameters or accUpdateGradParameters
-- @param scale factor, or the learning rate
function M.accumulate(self, method, scale)
  local plan = plan_of(self)
  if #plan.totals == 0 then error(tostring(self) .. ': ' .. method .. ': call updateGradInput first', 0) end
  guarded(accumulate, self, plan, plan.back, method, scale)
end

return M
