--- nn.ParameterList([{tensor, ...}]): tensors to be learnt, each with its gradient: found by parameters() and
-- getParameters(), converted by type(), copied and saved with the module that holds the list.
--
-- list:get(i), list:gradient(i), list:add(tensor), list:size(). The tensors are taken as they are, not copied. In a
-- layer of one's own the list is an entry of self.modules, or its parameters() are returned with the others.
-- @usage
-- local list = nn.ParameterList { torch.randn(3, 2), torch.zeros(3) }
-- list:gradient(2):add(1)
-- list:updateParameters(0.1)
local List, parent = torch.class('nn.ParameterList', 'nn.Module')
local joined = require('torch.check').joined
local fail = require 'torch.position'.fail

function List:__init(list)
  parent.__init(self)
  self.params, self.gradParams = {}, {}
  if list ~= nil and torch.type(list) ~= 'table' then
    error('nn.ParameterList: expected a list of tensors, got ' .. torch.type(list), 2)
  end
  for i, t in ipairs(list or {}) do self:_put(i, t) end
end

function List:_put(key, t)
  if key == nil or key ~= key then fail(torch.type(self) .. ': expected a key, got ' .. tostring(key)) end
  if not torch.isTensor(t) then
    fail(('%s: %s: expected a tensor, got %s'):format(torch.type(self), tostring(key), torch.type(t)))
  end
  self.params[key], self.gradParams[key] = t, t:clone():zero()
  return self
end

--- Append a tensor.
-- @return self
function List:add(t) return self:_put(#self.params + 1, t) end
List.append = List.add

--- The i-th tensor.
function List:get(i) return self.params[i] end

--- Its gradient.
function List:gradient(i) return self.gradParams[i] end

--- How many there are.
function List:size() return #self.params end

-- In a fixed order: numbers, or names sorted.
local function keys(self)
  local list = {}
  for key in pairs(self.params) do list[#list + 1] = key end
  table.sort(list)
  return list
end

--- The tensors and their gradients, as two lists; names in alphabetical order.
function List:parameters()
  local params, grads = {}, {}
  for i, key in ipairs(keys(self)) do params[i], grads[i] = self.params[key], self.gradParams[key] end
  return params, grads
end

function List:updateOutput()
  error(torch.type(self) .. ': it only holds parameters: use get(key)', 0)
end
List.updateGradInput, List.accGradParameters = List.updateOutput, List.updateOutput

function List:__tostring__()
  local lines = { torch.type(self) .. ' {' }
  for _, key in ipairs(keys(self)) do
    local t = self.params[key]
    lines[#lines + 1] = ('  (%s): %s of %s'):format(tostring(key), torch.type(t), joined(t:size(), 'x'))
  end
  lines[#lines + 1] = '}'
  return table.concat(lines, '\n')
end

return List
