--- nn.ParallelTable(): child i gets input[i]; the output is the table of their outputs.
-- {x1, x2, ...} → {output of child 1 for x1, ...}.
-- @usage local y = nn.ParallelTable():add(nn.Linear(5, 3)):add(nn.Tanh()):forward { torch.randn(5), torch.randn(2) }
local ParallelTable, parent = torch.class('nn.ParallelTable', 'nn.Container')
local common = require 'nn.common'

function ParallelTable:__init()
  parent.__init(self)
  self.output = {}
  self.gradInput = {}
end

local function check(self, input)
  if type(input) ~= 'table' then
    common.expected(self, ('a table of %d inputs'):format(#self.modules), input)
  end
end

-- {input 1, ...} → {output of child 1, ...}
function ParallelTable:updateOutput(input)
  check(self, input)
  local modules, out = self.modules, self.output
  for i = 1, #modules do out[i] = self:rethrowErrors(modules[i], i, 'updateOutput', input[i]) end
  return out
end

function ParallelTable:updateGradInput(input, gradOutput)
  check(self, input)
  common.check_entries(self, gradOutput, 'gradOutput')
  local modules, dx = self.modules, self.gradInput
  for i = 1, #modules do
    dx[i] = self:rethrowErrors(modules[i], i, 'updateGradInput', input[i], gradOutput[i])
  end
  return dx
end

function ParallelTable:accGradParameters(input, gradOutput, scale)
  check(self, input)
  common.check_entries(self, gradOutput, 'gradOutput')
  for i, module in ipairs(self.modules) do
    self:rethrowErrors(module, i, 'accGradParameters', input[i], gradOutput[i], scale or 1)
  end
end

function ParallelTable:accUpdateGradParameters(input, gradOutput, lr)
  check(self, input)
  common.check_entries(self, gradOutput, 'gradOutput')
  for i, module in ipairs(self.modules) do
    self:rethrowErrors(module, i, 'accUpdateGradParameters', input[i], gradOutput[i], lr)
  end
end

ParallelTable.__tostring__ = require 'nn.tree'

return ParallelTable
