--- nn.MapTable([module], [shared = true]): one module applied to each entry of a table.
--
-- Shapes: input {x1, ..., xn}; output {f(x1), ..., f(xn)}. The module is cloned for each entry; with shared true the
-- clones have its parameters, or, with a list of names, the fields named.
-- @usage nn.MapTable(nn.Linear(3, 2)):forward {torch.ones(3), torch.ones(4, 3)}
local MapTable, parent = torch.class('nn.MapTable', 'nn.Container')
local common = require 'nn.common'
local fail = require 'torch.position'.fail

function MapTable:__init(module, shared)
  parent.__init(self)
  if shared == nil then shared = true end
  self.shared = shared
  self.sharedparams = type(shared) == 'table' and shared or { 'weight', 'bias', 'gradWeight', 'gradBias' }
  self.output = {}
  self.gradInput = {}
  if module then self:add(module) end
end

--- Clone the module until there are n.
function MapTable:_extend(n)
  if not self.module then error('nn.MapTable: there is no module yet: add one', 0) end
  if type(n) ~= 'number' or not (n >= 0 and n <= 2 ^ 31) then
    fail('nn.MapTable: resize: expected a number of modules, got ' .. tostring(n))
  end
  self.modules[1] = self.module
  for i = #self.modules + 1, n do
    self.modules[i] = self.shared and self.module:clone(unpack(self.sharedparams)) or self.module:clone()
  end
end

--- Clone the module until there are n, or drop clones beyond n.
-- @return self
function MapTable:resize(n)
  self:_extend(n)
  for i = #self.modules, n + 1, -1 do self.modules[i] = nil end
  return self
end

--- Set the module; there can be but one.
-- @return self
function MapTable:add(module)
  if self.module then error('nn.MapTable: it has its one module already', 2) end
  if not torch.isTypeOf(module, 'nn.Module') then
    error('nn.MapTable: add: expected a module, got ' .. torch.type(module), 2)
  end
  self.module = module
  self.modules[1] = module
  return self
end

local function trim(list, n)
  for i = n + 1, #list do list[i] = nil end
  return list
end

function MapTable:updateOutput(input)
  if type(input) ~= 'table' then common.expected(self, 'a table of inputs', input) end
  self:_extend(#input)
  for i = 1, #input do self.output[i] = self:rethrowErrors(self.modules[i], i, 'updateOutput', input[i]) end
  return trim(self.output, #input)
end

function MapTable:updateGradInput(input, gradOutput)
  common.check_entries(self, input, 'input')
  if type(input) ~= 'table' then common.expected(self, 'a table as input', input) end
  common.check_entries(self, gradOutput, 'gradOutput')
  self:_extend(#input)
  for i = 1, #input do
    self.gradInput[i] = self:rethrowErrors(self.modules[i], i, 'updateGradInput', input[i], gradOutput[i])
  end
  return trim(self.gradInput, #input)
end

function MapTable:accGradParameters(input, gradOutput, scale)
  if type(input) ~= 'table' then common.expected(self, 'a table as input', input) end
  common.check_entries(self, gradOutput, 'gradOutput')
  self:_extend(#input)
  for i = 1, #input do
    self:rethrowErrors(self.modules[i], i, 'accGradParameters', input[i], gradOutput[i], scale or 1)
  end
end

function MapTable:accUpdateGradParameters(input, gradOutput, lr)
  if type(input) ~= 'table' then common.expected(self, 'a table as input', input) end
  common.check_entries(self, gradOutput, 'gradOutput')
  self:_extend(#input)
  for i = 1, #input do
    self:rethrowErrors(self.modules[i], i, 'accUpdateGradParameters', input[i], gradOutput[i], lr)
  end
end

-- Shared parameters are those of the module: once is enough.
function MapTable:zeroGradParameters()
  if not self.shared then return parent.zeroGradParameters(self) end
  if self.module then self.module:zeroGradParameters() end
end

function MapTable:updateParameters(lr)
  if not self.shared then return parent.updateParameters(self, lr) end
  if self.module then self.module:updateParameters(lr) end
end

--- Drop the clones and what the module holds.
function MapTable:clearState()
  for i = #self.modules, 2, -1 do self.modules[i] = nil end
  return parent.clearState(self)
end

function MapTable:__tostring__()
  if not self.module then return torch.type(self) .. ' { }' end
  return ('%s {\n  %s\n}'):format(torch.type(self), (tostring(self.module):gsub('\n', '\n        ')))
end

return MapTable
