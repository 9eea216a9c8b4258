--- What makes modules into nodes: their call, unary minus and minus.

local Module, Criterion = nn.Module, nn.Criterion

-- Why a value is no node; used by nn.gModule, too.
local function not_a_node(value, where, i)
  if value == nil then
    return ('%s[%d] is nil (a misspelt variable, or a wrong index?)'):format(where, i)
  elseif torch.isTypeOf(value, 'nn.Module') or torch.isTypeOf(value, 'nn.Criterion') then
    return ('%s[%d] is an nn.Module, a %s, where an nngraph.Node is expected: did you forget a second pair of '
      .. 'parentheses, which makes a node of a module?'):format(where, i, torch.typename(value))
  end
  local hint = torch.isTensor(value) and '; to compute, call module:forward(x)' or ''
  return ('%s[%d] should be an nngraph.Node but is a %s%s'):format(where, i, torch.type(value), hint)
end

--- Insist on a list of nodes without holes.
-- @return its length
function nngraph._checkNodes(list, where)
  local n = 0
  for k in pairs(list) do
    if type(k) == 'number' then n = math.max(n, k) end
  end
  for i = 1, n do
    if not torch.isTypeOf(list[i], 'nngraph.Node') then error('nngraph: ' .. not_a_node(list[i], where, i), 0) end
  end
  return n
end

--- module(node), module {nodes}, module(): a node.
-- @function nn.Module.__call__
function Module:__call__(...)
  local input = ...
  local n = select('#', ...)
  if n > 1 then error('nngraph: one argument expected; use {input1, input2} to pass several nodes', 2) end
  if n == 1 and input == nil then error('nngraph: ' .. not_a_node(nil, 'inputs', 1), 2) end
  if n == 1 and torch.type(input) == 'table' and next(input) == nil then
    error('nngraph: an empty table of inputs; for no input leave the second pair of parentheses empty', 2)
  end
  if torch.type(input) ~= 'table' then input = { input } end
  local ok, count = pcall(nngraph._checkNodes, input, 'inputs')
  if not ok then error(count, 2) end
  local node = nngraph.Node { module = self }
  for i = 1, count do node:add(input[i], true) end
  return node
end

--- criterion {prediction, target}: the node of an nn.ModuleFromCriterion.
-- @function nn.Criterion.__call__
function Criterion:__call__(...) return nn.ModuleFromCriterion(self)(...) end

--- -module is module().
function Module:__unm__() return self() end

--- node - module is module(node); so is {nodes} - module.
function Module.__sub__(before, module)
  if not torch.isTypeOf(module, 'nn.Module') and not torch.isTypeOf(module, 'nn.Criterion') then
    error('nngraph: node - module: a module expected on the right, got ' .. torch.type(module), 2)
  end
  return module(before)
end
Criterion.__sub__ = Module.__sub__
nngraph.Node.__sub__ = Module.__sub__

return not_a_node
