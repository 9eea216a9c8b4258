--- nn.ModuleList([{module, ...}]): a list of modules whose parameters, type and mode go together; it computes nothing.
--
-- For programs that call the modules themselves: list[i] or list:get(i), #list.modules or list:size(), and
-- `for i, m in ipairs(list.modules)`. add (append), insert, extend, remove change it. Its forward is an error.
-- @usage
-- local list = nn.ModuleList { nn.Linear(2, 3), nn.Linear(3, 1) }
-- local x = torch.randn(4, 2)
-- for i = 1, list:size() do x = list[i]:forward(x) end
-- local w, g = list:getParameters()
local List, parent = torch.class('nn.ModuleList', 'nn.Container')

local function check(name, module)
  if not torch.isTypeOf(module, 'nn.Module') then
    error(('nn.ModuleList: %s: expected a module, got %s'):format(name, torch.type(module)), 3)
  end
  return module
end

function List:__init(list)
  parent.__init(self)
  if list ~= nil and torch.type(list) ~= 'table' and not torch.isTypeOf(list, 'nn.ModuleList') then
    error('nn.ModuleList: expected a list of modules, got ' .. torch.type(list), 2)
  end
  self:extend(list or {})
end

--- Append a module.
-- @return self
function List:add(module)
  self.modules[#self.modules + 1] = check('add', module)
  return self
end
List.append = List.add

--- Append all modules of a list.
-- @return self
function List:extend(list)
  if type(list) ~= 'table' then
    error('nn.ModuleList: extend: expected a list of modules, got ' .. torch.type(list), 2)
  end
  for i, module in ipairs(list.modules or list) do
    self.modules[#self.modules + 1] = check('module ' .. i, module)
  end
  return self
end

--- Put a module at place i; those from there on move up. Without i: append.
-- @return self
function List:insert(module, i)
  local n = #self.modules
  i = i or n + 1
  if type(i) ~= 'number' or i < 1 or i > n + 1 then
    error(('nn.ModuleList: insert: expected a place of 1..%d, got %s'):format(n + 1, tostring(i)), 2)
  end
  table.insert(self.modules, i, check('insert', module))
  return self
end

--- Take out the module at place i, by default the last.
-- @return the module
function List:remove(i)
  local n = #self.modules
  i = i or n
  if type(i) ~= 'number' or i < 1 or i > n then
    error(('nn.ModuleList: remove: expected a place of 1..%d, got %s'):format(n, tostring(i)), 2)
  end
  return table.remove(self.modules, i)
end

function List:updateOutput()
  error('nn.ModuleList: it only holds modules: call list[i]:forward(input), or use nn.Sequential', 0)
end
List.updateGradInput, List.accGradParameters = List.updateOutput, List.updateOutput

function List:__index__(i)
  if type(i) ~= 'number' then return nil, false end
  return self.modules[i], true
end

function List:__newindex__(i, module)
  if type(i) ~= 'number' then return false end
  if i < 1 or i > #self.modules + 1 then
    error(('nn.ModuleList: expected a place of 1..%d, got %s'):format(#self.modules + 1, tostring(i)), 3)
  end
  self.modules[i] = check(('place %d'):format(i), module)
  return true
end

List.__tostring__ = require 'nn.tree'

return List
