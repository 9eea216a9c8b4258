--- nn.Collapse(nInputDim): the last nInputDim dimensions made one.
--
-- Shapes: input (..., d1, ..., dn); output (..., d1 * ... * dn).
-- @usage nn.Collapse(2):forward(torch.ones(5, 2, 3))
local Collapse, parent = torch.class('nn.Collapse', 'nn.Module')
local common = require 'nn.common'
local resized = require 'nn.resized'

function Collapse:__init(nInputDim)
  parent.__init(self)
  if type(nInputDim) ~= 'number' then
    error('nn.Collapse: expected a number of dimensions, got ' .. torch.type(nInputDim), 2)
  end
  self.nInputDim = nInputDim
end

function Collapse:updateOutput(input)
  common.check_dims(self, input, self.nInputDim, 12, ('input of at least %d dimensions'):format(self.nInputDim))
  if not input:isContiguous() then
    self._input = common.buffer(self._input, input)
    input = self._input:resize(input:size()):copy(input)
  end
  local sizes = input:size():totable()
  for d = #sizes, #sizes - self.nInputDim + 2, -1 do
    sizes[d - 1] = sizes[d - 1] * sizes[d]
    sizes[d] = nil
  end
  self.output = common.buffer(self.output, input)
  return self.output:view(input, torch.LongStorage(sizes))
end

return resized.methods(Collapse, parent)
