--- nn.OneHot(n): a vector of n with 1 at an index and 0 elsewhere, for each index.
--
-- Shapes: input indices 1..n of any tensor type, (...), or a number; output (..., n), of a number (n). The gradient
-- is 0.
-- @usage nn.OneHot(3):forward(torch.LongTensor {2, 1})
local OneHot, parent = torch.class('nn.OneHot', 'nn.Module')
local common = require 'nn.common'

function OneHot:__init(outputSize)
  parent.__init(self)
  if type(outputSize) ~= 'number' or outputSize < 1 then
    error('nn.OneHot: expected the number of classes, got ' .. tostring(outputSize), 2)
  end
  self.outputSize = outputSize
end

function OneHot:updateOutput(input)
  local sizes
  if type(input) == 'number' then
    self._single = self._single or torch.LongTensor(1)
    self._single[1] = input
    input, sizes = self._single, {}
  else
    common.check_dims(self, input, 1, 11, 'a tensor of indices, or a number')
    sizes = input:size():totable()
  end
  local low, high = input:min(), input:max()
  if not (low >= 1 and high <= self.outputSize) then
    error(('nn.OneHot: expected indices 1 to %d, got %s'):format(self.outputSize,
      tostring(low >= 1 and high or low):gsub('LL$', '')), 0)
  end
  if torch.typename(input) ~= 'torch.LongTensor' or not input:isContiguous() then
    self._input = self._input or torch.LongTensor()
    input = self._input:resize(input:size()):copy(input)
  end
  sizes[#sizes + 1] = self.outputSize
  self.output:resize(torch.LongStorage(sizes)):zero()
  sizes[#sizes] = 1
  self.output:scatter(#sizes, input:view(torch.LongStorage(sizes)), 1)
  return self.output
end

function OneHot:updateGradInput(input)
  if type(input) == 'number' then return 0 end
  common.check_tensor(self, input)
  return self.gradInput:resize(input:size()):zero()
end

-- Indices stay integers.
function OneHot:type(typename, cache)
  if typename then self._single, self._input = nil, nil end
  return parent.type(self, typename, cache)
end

function OneHot:clearState()
  self._single, self._input = nil, nil
  return parent.clearState(self)
end

return OneHot
