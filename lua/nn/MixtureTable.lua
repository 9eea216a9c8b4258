--- nn.MixtureTable([dim]): a sum of expert outputs, weighted by a gate, sum_i gate_i * expert_i.
--
-- Shapes: input {gate, experts}. The gate is (E) or (N, E); experts are a table of E tensors, (...) or (N, ...), or one
-- tensor whose dimension dim (by default that of the gate) counts the experts, (..., E, ...). The output is sized like
-- one expert's.
-- @usage nn.MixtureTable():forward {torch.ones(2, 3):div(3), {torch.randn(2, 4), torch.randn(2, 4), torch.randn(2, 4)}}
local MixtureTable, parent = torch.class('nn.MixtureTable', 'nn.Module')
local common = require 'nn.common'
local utils = require 'nn.utils'

function MixtureTable:__init(dim)
  parent.__init(self)
  self.dim = dim
  self.size = torch.LongStorage()
  self.size2 = torch.LongStorage()
  self.batchSize = 0
  self.backwardSetup = false
  self.gradInput = {}
end

local function check(self, input)
  if type(input) ~= 'table' then common.expected(self, 'a table {gate, experts}', input) end
  local gate, experts = input[1], input[2]
  common.check_dims(self, gate, 1, 2, 'a gate of one or two dimensions')
  self.dimG = gate:dim()
  self.batchSize = gate:dim() == 2 and gate:size(1) or 1
  self.table = type(experts) == 'table'
  local count = gate:size(gate:dim())
  if self.table then
    for i = 1, math.max(count, #experts) do
      local x = experts[i]
      if #experts ~= count or not torch.isTensor(x) or not x:isSameSizeAs(experts[1])
        or (self.dimG == 2 and x:size(1) ~= self.batchSize) then
        common.expected(self, ('%d experts of one size for gate %s; expert %d'):format(count, common.shape(gate), i), x)
      end
    end
    return gate, experts, count
  end
  local dim = self.dim or self.dimG
  common.check_dims(self, experts, math.max(dim, self.dimG), 12, ('experts with a dimension %d'):format(dim))
  if experts:size(dim) ~= count or (self.dimG == 2 and (dim == 1 or experts:size(1) ~= self.batchSize)) then
    common.expected(self, ('%d experts in dimension %d for gate %s'):format(count, dim, common.shape(gate)), experts)
  end
  return gate, experts, count, dim
end

-- Gate i repeated to an expert's sizes
local function gate_of(self, gate, i, x)
  if self.dimG == 1 then return gate:narrow(1, i, 1):view(torch.LongStorage(x:dim()):fill(1)):expandAs(x) end
  local sizes, steps = torch.LongStorage(x:dim()):fill(1), torch.LongStorage(x:dim()):fill(1)
  sizes[1], steps[1] = self.batchSize, gate:stride(1)
  return gate.new(gate:storage(), gate:storageOffset() + (i - 1) * gate:stride(2), sizes, steps):expandAs(x)
end

local function expert_of(experts, i, dim) return dim and experts:select(dim, i) or experts[i] end

function MixtureTable:updateOutput(input)
  local gate, experts, count, dim = check(self, input)
  local first = expert_of(experts, 1, dim)
  self.output = common.buffer(self.output, first)
  self.output:resize(first:size()):zero()
  for i = 1, count do
    local x = expert_of(experts, i, dim)
    self.output:addcmul(x, gate_of(self, gate, i, x))
  end
  return self.output
end

-- d gate_i = sum of gradOutput * expert_i, d expert_i = gate_i * gradOutput
function MixtureTable:updateGradInput(input, gradOutput)
  local gate, experts, count, dim = check(self, input)
  utils.recursiveResizeAs(self.gradInput, input)
  for i = 1, 2 do
    if torch.isTensor(input[i]) then self.gradInput[i] = common.buffer(self.gradInput[i], gate):resizeAs(input[i]) end
  end
  local dgate, dexperts = self.gradInput[1], self.gradInput[2]
  self._expert = common.buffer(self._expert, gate)
  for i = 1, count do
    local x = expert_of(experts, i, dim)
    local product = self._expert:resize(x:size()):cmul(x, gradOutput)
    if self.dimG == 1 then
      dgate[i] = product:sum()
    else
      self._sum = common.buffer(self._sum, gate)
      dgate:select(2, i):copy(self._sum:sum(product:view(self.batchSize, -1), 2))
    end
    expert_of(dexperts, i, dim):cmul(gate_of(self, gate, i, x), gradOutput)
  end
  return self.gradInput
end

local buffers = { '_gaterView', '_expert', '_expertView', '_sum', '_expert2', '_expertView2', 'table' }

utils.clears(MixtureTable, parent, buffers)

return MixtureTable
