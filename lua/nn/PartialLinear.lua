--- nn.PartialLinear(nIn, nOut, [bias = true]): nn.Linear of which only a choice of outputs is computed.
--
-- Shapes: input (nIn) or (N, nIn); output (m) or (N, m) for a partition of m outputs, at first all nOut. Parameters are
-- the whole weight (nOut, nIn), held by the nn.LookupTable in self.network, and the bias (1, nOut).
-- @usage nn.PartialLinear(4, 5):setPartition(torch.LongTensor {2, 4})
local PartialLinear, parent = torch.class('nn.PartialLinear', 'nn.Module')
local common = require 'nn.common'
local rows = require 'nn.rows'

function PartialLinear:__init(nIn, nOut, bias)
  parent.__init(self)
  rows.check_sizes('nn.PartialLinear', nIn, nOut)
  local sides = nn.ParallelTable():add(nn.Identity()):add(nn.LookupTable(nOut, nIn))
  self.network = nn.Sequential():add(sides):add(nn.MM(false, true))
  if bias ~= false then
    self.bias = torch.Tensor(1, nOut):zero()
    self.gradBias = torch.Tensor(1, nOut):zero()
  end
  self.inputsize = nIn
  self.outputsize = nOut
  self.allcolumns = torch.range(1, nOut)
  self:resetPartition()
end

-- The module that holds weight and gradWeight
local function table_of(self) return self.network:get(1):get(2) end

--- Choose outputs.
-- @param indices tensor of numbers 1..nOut
-- @return self
function PartialLinear:setPartition(indices)
  if not torch.isTensor(indices) or indices:dim() ~= 1 then
    common.expected(self, 'a vector of indices', indices)
  end
  if indices:min() < 1 or indices:max() > self.outputsize then
    error(('%s: setPartition: expected indices 1 to %d'):format(tostring(self), self.outputsize), 2)
  end
  self.partition = indices:type(self.allcolumns:type())
  return self
end

--- Choose all outputs.
-- @return self
function PartialLinear:resetPartition()
  self.partition = self.allcolumns
  return self
end

function PartialLinear:parameters()
  local holder = table_of(self)
  if self.bias then return { holder.weight, self.bias }, { holder.gradWeight, self.gradBias } end
  return { holder.weight }, { holder.gradWeight }
end

-- The partition as indices, in a buffer: type() and files see numbers
local function places(self)
  local which = self._places
  if not which or which:type() ~= 'torch.LongTensor' then
    which = torch.LongTensor()
    self._places = which
  end
  return which:resize(self.partition:size(1)):copy(self.partition)
end

-- Indices, and the chosen rows of the weight
local function chosen(self, input)
  self.buffer = common.buffer(self.buffer, input)
  local which = places(self)
  self.buffer:index(table_of(self).weight, 1, which)
  return which, self.buffer
end

function PartialLinear:updateOutput(input)
  local x = rows.of(self, input, self.inputsize)
  local which, w = chosen(self, input)
  local m = which:size(1)
  local out = common.buffer(self.output, x):resize(x:size(1), m)
  self.output = out
  out:mm(x, w:t())
  if self.bias then
    self.biasBuffer = common.buffer(self.biasBuffer, x)
    self.biasBuffer:index(self.bias, 2, which)
    out:add(self.biasBuffer:expandAs(out))
  end
  return rows.back(out, input, m)
end

function PartialLinear:updateGradInput(input, gradOutput)
  if not self.gradInput then return end
  local x = rows.of(self, input, self.inputsize)
  local which, w = chosen(self, input)
  local g = rows.of(self, gradOutput, which:size(1), 'gradOutput')
  local dx = common.buffer(self.gradInput, x):resizeAs(x)
  self.gradInput = dx
  return rows.back(dx:mm(g, w), input, self.inputsize)
end

function PartialLinear:accGradParameters(input, gradOutput, scale)
  scale = scale or 1
  local x = rows.of(self, input, self.inputsize)
  local which = places(self)
  local g = rows.of(self, gradOutput, which:size(1), 'gradOutput')
  self.addBuffer = common.buffer(self.addBuffer, x):resize(which:size(1), self.inputsize)
  self.addBuffer:mm(g:t(), x)
  table_of(self).gradWeight:indexAdd(1, which, self.addBuffer:mul(scale))
  if self.bias then
    self.biasBuffer = common.buffer(self.biasBuffer, x)
    self.gradBias:indexAdd(2, which, self.biasBuffer:sum(g, 1):mul(scale))
  end
end

-- The parameters stand in for their gradients.
function PartialLinear:accUpdateGradParameters(input, gradOutput, lr)
  lr = common.rate(self, 'accUpdateGradParameters', lr)
  local holder = table_of(self)
  local gradWeight, gradBias = holder.gradWeight, self.gradBias
  holder.gradWeight, self.gradBias = holder.weight, self.bias
  local ok, why = pcall(self.accGradParameters, self, input, gradOutput, -lr)
  holder.gradWeight, self.gradBias = gradWeight, gradBias
  if not ok then error(why, 0) end
end

PartialLinear.sharedAccUpdateGradParameters = PartialLinear.accUpdateGradParameters

function PartialLinear:zeroGradParameters()
  local _, grads = self:parameters()
  for i = 1, #grads do grads[i]:zero() end
end

function PartialLinear:updateParameters(lr)
  lr = common.rate(self, 'updateParameters', lr)
  local params, grads = self:parameters()
  for i = 1, #params do params[i]:add(-lr, grads[i]) end
end

function PartialLinear:clearState()
  self.buffer, self.addBuffer, self.biasBuffer, self._places = nil, nil, nil, nil
  self.network:clearState()
  return parent.clearState(self)
end

function PartialLinear:__tostring__()
  return ('%s(%d -> %d)%s'):format(torch.type(self), self.inputsize, self.outputsize,
    self.bias and '' or ' without bias')
end

return PartialLinear
