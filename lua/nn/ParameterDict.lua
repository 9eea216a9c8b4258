--- nn.ParameterDict([{name = tensor, ...}]): tensors to be learnt under names, each with its gradient; otherwise as
-- nn.ParameterList.
--
-- dict:set(name, tensor), dict:get(name), dict:gradient(name), dict:names(). parameters() lists them by name, sorted.
-- @usage
-- local dict = nn.ParameterDict { scale = torch.ones(3), shift = torch.zeros(3) }
-- dict:gradient('shift'):add(1)
-- local w, g = dict:getParameters()
local Dict, parent = torch.class('nn.ParameterDict', 'nn.ParameterList')

function Dict:__init(dict)
  parent.__init(self)
  if dict ~= nil and torch.type(dict) ~= 'table' then
    error('nn.ParameterDict: expected a table of tensors by name, got ' .. torch.type(dict), 2)
  end
  for name, t in pairs(dict or {}) do
    if type(name) ~= 'string' then
      error(('nn.ParameterDict: expected names (strings) as keys, got %s'):format(torch.type(name)), 2)
    end
    self:_put(name, t)
  end
end

--- Put a tensor under a name.
-- @return self
function Dict:set(name, t)
  if type(name) ~= 'string' then
    error(('nn.ParameterDict: expected a name (string), got %s'):format(torch.type(name)), 2)
  end
  return self:_put(name, t)
end

--- The same: add(name, tensor).
-- @return self
function Dict:add(name, t)
  if type(name) ~= 'string' then
    error(('nn.ParameterDict: expected a name (string), got %s'):format(torch.type(name)), 2)
  end
  return self:_put(name, t)
end

--- The names, sorted.
function Dict:names()
  local list = {}
  for name in pairs(self.params) do list[#list + 1] = name end
  table.sort(list)
  return list
end

--- How many there are.
function Dict:size() return #self:names() end

return Dict
