--- nn.Add(n, [scalar = false]): y = x + b, one bias an element; with scalar true one bias for all.
--
-- Shapes: input (n), (N, n) or (N, ...) with n elements an entry; output the same. bias (n), or (1) with scalar.
-- @usage nn.Add(3):forward(torch.ones(2, 3))
local Add, parent = torch.class('nn.Add', 'nn.Module')
local common = require 'nn.common'

function Add:__init(n, scalar)
  parent.__init(self)
  n = common.number(n)
  if not scalar and torch.typename(n) ~= 'torch.LongStorage' and not (type(n) == 'number' and n >= 1) then
    error('nn.Add: expected the number of elements, got ' .. tostring(n), 2)
  end
  n = scalar and 1 or n
  self.scalar = scalar
  self.bias = torch.Tensor(n)
  self.gradBias = torch.Tensor(n)
  self._ones = torch.Tensor { 1 }
  self:reset()
end

--- Draw a new bias, uniform in ±stdv*sqrt(3), by default ±1/sqrt(n).
function Add:reset(stdv)
  stdv = common.spread(self, stdv, self.bias:size(1))
  self.bias:uniform(-stdv, stdv)
end

-- x as a matrix of N rows of n
local function rows(self, x)
  local n = self.bias:nElement()
  if x:nElement() ~= n * x:size(1) then
    common.expected(self, ('input [%d] or [N x %d]'):format(n, n), x)
  end
  return x:isContiguous() and x:view(-1, n) or x:reshape(x:size(1), n)
end

-- input → input + bias
function Add:updateOutput(input)
  common.check_dims(self, input, 1, 12, 'a tensor with elements')
  local out, bias = common.buffer(self.output, input), self.bias
  self.output = out
  if self.scalar then return out:resizeAs(input):add(input, bias[1]) end
  if not input:isSameSizeAs(bias) then rows(self, input) end
  out:resizeAs(input):copy(input)
  if input:isSameSizeAs(bias) then return out:add(bias) end
  local matrix = out:view(-1, bias:nElement())
  matrix:add(bias:view(1, -1):expandAs(matrix))
  return out
end

function Add:updateGradInput(_input, gradOutput)
  if not self.gradInput then return end
  common.check_tensor(self, gradOutput, 'gradOutput')
  self.gradInput = common.buffer(self.gradInput, gradOutput)
  return self.gradInput:resizeAs(gradOutput):copy(gradOutput)
end

-- gradBias (n) += scale * sums of gradOutput over the batch
function Add:accGradParameters(_input, gradOutput, scale)
  common.check_tensor(self, gradOutput, 'gradOutput')
  scale = scale or 1
  local grad = self.gradBias
  if grad:size(1) == 1 then
    grad[1] = grad[1] + scale * gradOutput:sum()
  elseif gradOutput:isSameSizeAs(grad) then
    grad:add(scale, gradOutput)
  else
    local g = rows(self, gradOutput)
    if self._ones:size(1) ~= g:size(1) then self._ones:resize(g:size(1)):fill(1) end
    grad:view(-1):addmv(scale, g:t(), self._ones)
  end
end

return Add
