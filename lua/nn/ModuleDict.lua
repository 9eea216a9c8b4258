--- nn.ModuleDict([{name = module, ...}]): modules under names, whose parameters, type and mode go together; it computes
-- nothing.
--
-- dict:set(name, module), dict:get(name), dict:remove(name), dict:has(name), dict:names(),
-- `for name, m in dict:iterate()`; also dict:get(i) for the i-th. Names keep the order in which they came; those of a
-- table at once are sorted.
-- @usage
-- local heads = nn.ModuleDict { digit = nn.Linear(4, 10), parity = nn.Linear(4, 2) }
-- local y = heads:get('parity'):forward(torch.randn(3, 4))
-- local w, g = heads:getParameters()
local Dict, parent = torch.class('nn.ModuleDict', 'nn.Container')

function Dict:__init(dict)
  parent.__init(self)
  self.keys = {}
  if dict ~= nil and torch.type(dict) ~= 'table' then
    error('nn.ModuleDict: expected a table of modules by name, got ' .. torch.type(dict), 2)
  end
  self:update(dict or {})
end

local function place(self, name)
  for i, key in ipairs(self.keys) do
    if key == name then return i end
  end
end

local function set(self, name, module, level)
  if type(name) ~= 'string' then
    error(('nn.ModuleDict: expected a name (string), got %s'):format(torch.type(name)), level)
  elseif not torch.isTypeOf(module, 'nn.Module') then
    error(('nn.ModuleDict: %s: expected a module, got %s'):format(name, torch.type(module)), level)
  end
  local i = place(self, name) or #self.keys + 1
  self.keys[i], self.modules[i] = name, module
  return self
end

--- Put a module under a name; one that was there gives way.
-- @return self
function Dict:set(name, module) return set(self, name, module, 3) end

--- As set(name, module), and Container's add(module) for a module with a name: add(module, name).
-- @return self
function Dict:add(module, name)
  if torch.isTypeOf(name, 'nn.Module') then module, name = name, module end
  return set(self, name, module, 3)
end

--- Put all modules of a table under their names.
-- @return self
function Dict:update(dict)
  if type(dict) ~= 'table' then
    error('nn.ModuleDict: update: expected a table of modules, got ' .. torch.type(dict), 2)
  end
  local names = {}
  for name in pairs(dict) do names[#names + 1] = name end
  table.sort(names, function(a, b) return tostring(a) < tostring(b) end)
  for _, name in ipairs(names) do set(self, name, dict[name], 4) end
  return self
end

--- The module of a name or number; nil when there is none.
function Dict:get(name)
  if type(name) == 'number' then return self.modules[name] end
  local i = place(self, name)
  return i and self.modules[i]
end

--- Is there a module of that name?
function Dict:has(name) return place(self, name) ~= nil end

--- Take out the module of a name.
-- @return the module
function Dict:remove(name)
  local i = place(self, name)
  if not i then error(('nn.ModuleDict: there is no module %s'):format(tostring(name)), 2) end
  table.remove(self.keys, i)
  return table.remove(self.modules, i)
end

--- The names, in order.
function Dict:names() return { unpack(self.keys) } end

--- `for name, module in dict:iterate() do`
function Dict:iterate()
  local i = 0
  return function()
    i = i + 1
    return self.keys[i], self.modules[i]
  end
end

function Dict:updateOutput()
  error("nn.ModuleDict: it only holds modules: call dict:get('name'):forward(input)", 0)
end
Dict.updateGradInput, Dict.accGradParameters = Dict.updateOutput, Dict.updateOutput

function Dict:__tostring__()
  local lines = { torch.type(self) .. ' {' }
  for name, module in self:iterate() do
    lines[#lines + 1] = ('  (%s): %s'):format(name, (tostring(module):gsub('\n', '\n  ')))
  end
  lines[#lines + 1] = '}'
  return table.concat(lines, '\n')
end

return Dict
