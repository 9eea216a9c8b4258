--- What criterions that compare element with element share.
local common = require 'nn.common'

local M = {}

--- Insist on two tensors with as many elements.
function M.check(self, input, target)
  common.check_tensor(self, input)
  common.check_tensor(self, target, 'target')
  if input:nElement() ~= target:nElement() then
    local text = 'a target of %d elements for input %s'
    common.expected(self, text:format(input:nElement(), common.shape(input)), target)
  end
end

--- A sum over elements, divided by their number where self.sizeAverage says so.
function M.average(self, input, sum) return self.sizeAverage and sum / input:nElement() or sum end

--- self.gradInput = input - target
function M.difference(self, input, target)
  self.gradInput = common.buffer(self.gradInput, input)
  return self.gradInput:resizeAs(input):add(input, -1, target)
end

return M
