--- nn.Constant(value, [nInputDim]): the same value whatever the input.
--
-- Shapes: input anything; output sized like value (a number counts as one element), with nInputDim and an input of
-- more dimensions (N, sizes of value). The gradient is 0.
-- @usage nn.Constant(torch.Tensor {1, 2}, 1):forward(torch.ones(3, 4))
local Constant, parent = torch.class('nn.Constant', 'nn.Module')
local common = require 'nn.common'

function Constant:__init(value, nInputDim)
  parent.__init(self)
  if type(value) == 'number' then value = torch.Tensor { value } end
  if not torch.isTensor(value) then
    error('nn.Constant: expected a number or a tensor, got ' .. torch.type(value), 2)
  end
  self.value = value
  self.nInputDim = common.optional('nn.Constant', 'nInputDim', nInputDim)
end

function Constant:updateOutput(input)
  local value = self.value
  self.output = common.buffer(self.output, value)
  if self.nInputDim and torch.isTensor(input) and input:dim() > self.nInputDim then
    local sizes = { input:size(1), unpack(value:size():totable()) }
    self.output:resize(torch.LongStorage(sizes))
    return self.output:copy(value:view(1, unpack(sizes, 2)):expand(torch.LongStorage(sizes)))
  end
  return self.output:resize(value:size()):copy(value)
end

function Constant:updateGradInput(input)
  common.check_tensor(self, input)
  self.gradInput = common.buffer(self.gradInput, input)
  return self.gradInput:resizeAs(input):zero()
end

return Constant
