--- nn.MaskedSelect(): the elements of a tensor where a mask is 1, as a vector.
--
-- Shapes: input {x, ByteTensor of as many elements}; output (number of ones). The mask gets a gradient of 0.
-- @usage nn.MaskedSelect():forward {torch.ones(2, 2), torch.ByteTensor {{1, 0}, {0, 1}}}
local MaskedSelect, parent = torch.class('nn.MaskedSelect', 'nn.Module')
local common = require 'nn.common'

function MaskedSelect:__init()
  parent.__init(self)
  self._maskIndices = torch.LongTensor()
  self._maskIndexBuffer = torch.LongTensor()
  self._maskIndexBufferCPU = torch.FloatTensor()
  self._gradBuffer = torch.Tensor()
  self._gradMask = torch.ByteTensor()
end

local function check(self, input)
  if type(input) ~= 'table' then common.expected(self, 'a table {tensor, ByteTensor}', input) end
  common.check_tensor(self, input[1], 'first input')
  if not torch.isTensor(input[2]) or not torch.typename(input[2]):find 'Byte'
    or input[2]:nElement() ~= input[1]:nElement() then
    common.expected(self, ('a ByteTensor as mask, with %d elements'):format(input[1]:nElement()), input[2])
  end
  return input[1], input[2]
end

function MaskedSelect:updateOutput(input)
  local x, mask = check(self, input)
  self.output = common.buffer(self.output, x)
  self.output:maskedSelect(x, mask)
  return self.output
end

function MaskedSelect:updateGradInput(input, gradOutput)
  local x, mask = check(self, input)
  common.check_tensor(self, gradOutput, 'gradOutput')
  self._gradBuffer = common.buffer(self._gradBuffer, x)
  self._gradBuffer:resizeAs(x):zero()
  if gradOutput:nElement() > 0 then self._gradBuffer:maskedCopy(mask, gradOutput) end
  self._gradMask:resize(mask:size()):zero()
  self.gradInput = { self._gradBuffer, self._gradMask }
  return self.gradInput
end

-- Mask and indices keep their types.
function MaskedSelect:type(typename, cache)
  if not typename then return self._type end
  local kept = {}
  for _, name in ipairs { '_maskIndices', '_maskIndexBuffer', '_maskIndexBufferCPU', '_gradMask' } do
    kept[name] = self[name]
    self[name] = nil
  end
  self.gradInput = self.output.new()
  parent.type(self, typename, cache)
  for name, value in pairs(kept) do self[name] = value end
  return self
end

function MaskedSelect:clearState()
  self._gradBuffer:set()
  self._gradMask:set()
  return parent.clearState(self)
end

return MaskedSelect
