--- nn.Sequential: one module after another, y = f_n(... f_2(f_1(x))).
-- The modules may be given at once, nn.Sequential(nn.Linear(5, 3), nn.Tanh()), or in a list.
-- input: what the first module takes → output: what the last one gives.
-- @usage local y = nn.Sequential():add(nn.Linear(5, 3)):add(nn.Tanh()):forward(torch.randn(2, 5))
local Sequential, parent = torch.class('nn.Sequential', 'nn.Container')
local common = require 'nn.common'
local guard = require 'nn.guard'

-- Classes derived from this one hand over arguments of their own, which Torch7 left alone: so is what is no module.
function Sequential:__init(...)
  local first = ...
  parent.__init(self)
  local list = torch.type(first) == 'table' and first or { ... }
  if torch.type(self) ~= 'nn.Sequential' or not torch.isTypeOf(list[1], 'nn.Module') then return end
  for i = 1, #list do
    if not torch.isTypeOf(list[i], 'nn.Module') then
      error(('nn.Sequential: argument %d: expected a module, got %s'):format(i, torch.type(list[i])), 2)
    end
    self:add(list[i])
  end
end

--- Append a module.
-- @return self
-- @usage nn.Sequential():add(nn.Linear(4, 8)):add(nn.Tanh())
function Sequential:add(module)
  if not common.is_module(module) then
    error('nn.Sequential: add: expected a module, got ' .. torch.type(module), 2)
  end
  local modules = self.modules
  if #modules == 0 then self.gradInput = module.gradInput end
  modules[#modules + 1] = module
  self.output = module.output
  return self
end

-- The buffers shown are those of the children at the ends.
local function ends(self)
  local modules = self.modules
  if #modules > 0 then
    self.output = modules[#modules].output
    self.gradInput = modules[1].gradInput
  else
    self.output, self.gradInput = torch.Tensor(), torch.Tensor()
  end
end

local function check_index(self, name, index, most)
  local n = tonumber(index)
  if not n or not (n >= 1 and n <= most) then
    error(('%s: %s: index %s out of range 1..%d'):format(torch.type(self), name, tostring(index), most), 3)
  end
  return n
end

--- Put a module in before position index (default: after the last).
function Sequential:insert(module, index)
  if not torch.isTypeOf(module, 'nn.Module') then
    error(('%s: insert: expected a module, got %s'):format(torch.type(self), torch.type(module)), 2)
  end
  index = check_index(self, 'insert', index or #self.modules + 1, #self.modules + 1)
  table.insert(self.modules, index, module)
  ends(self)
end

--- Take the module at index (default: the last) out.
function Sequential:remove(index)
  index = check_index(self, 'remove', index or #self.modules, #self.modules)
  table.remove(self.modules, index)
  ends(self)
end

-- input → output of the last module (the input itself when there is none)
function Sequential:updateOutput(input)
  local modules, x = self.modules, input
  for i = 1, #modules do x = self:rethrowErrors(modules[i], i, 'updateOutput', x) end
  self.output = x
  return x
end

-- The gradient from the last module to the first, by updateGradInput or backward.
local function back(self, input, gradOutput, method, scale)
  local modules, g = self.modules, gradOutput
  for i = #modules, 1, -1 do
    local x = i > 1 and modules[i - 1].output or input
    g = self:rethrowErrors(modules[i], i, method, x, g, scale)
    modules[i].gradInput = g
  end
  self.gradInput = g
  return g
end

-- Once more, each module with the gradient that came from the next.
local function accumulate(self, input, gradOutput, method, factor)
  local modules, g = self.modules, gradOutput
  for i = #modules, 1, -1 do
    local x = i > 1 and modules[i - 1].output or input
    self:rethrowErrors(modules[i], i, method, x, g, factor)
    g = modules[i].gradInput
  end
end

function Sequential:updateGradInput(input, gradOutput) return back(self, input, gradOutput, 'updateGradInput') end

function Sequential:accGradParameters(input, gradOutput, scale)
  accumulate(self, input, gradOutput, 'accGradParameters', scale or 1)
end

function Sequential:accUpdateGradParameters(input, gradOutput, lr)
  accumulate(self, input, gradOutput, 'accUpdateGradParameters', lr)
end

function Sequential:backward(input, gradOutput, scale)
  return guard.run(self, back, input, gradOutput, 'backward', scale or 1)
end

function Sequential:__len() return #self.modules end

function Sequential:__tostring__()
  local chain, lines = { '[input' }, {}
  for i, module in ipairs(self.modules) do
    chain[#chain + 1] = '(' .. i .. ')'
    lines[i] = '\n  (' .. i .. '): ' .. tostring(module):gsub('\n', '\n  ')
  end
  chain[#chain + 1] = 'output]'
  return 'nn.Sequential {\n  ' .. table.concat(chain, ' -> ') .. table.concat(lines) .. '\n}'
end

return Sequential
