--- nn.Flatten([startDim = 2], [endDim = -1]): dimensions startDim to endDim become one; they count from 1, from the end
-- when negative. (N, C, H, W) becomes (N, C*H*W).
-- @usage assert(nn.Flatten():forward(torch.randn(2, 3, 4, 5)):size(2) == 60)
local Flatten, parent = torch.class('nn.Flatten', 'nn.Module')
local common = require 'nn.common'
local options = require 'nn.options'

function Flatten:__init(...)
  parent.__init(self)
  local o = options.read('nn.Flatten', { 'startDim', 'endDim' }, ...)
  self.startDim = options.number('nn.Flatten', 'startDim', o.startDim, 2)
  self.endDim = options.number('nn.Flatten', 'endDim', o.endDim, -1)
end

local function sizes(self, input)
  common.check_tensor(self, input)
  local n = input:dim()
  local first, last = self.startDim, self.endDim
  if first < 0 then first = n + 1 + first end
  if last < 0 then last = n + 1 + last end
  if first < 1 or last > n or first > last then
    common.expected(self, ('an input of at least %d dimensions'):format(math.max(math.abs(self.startDim),
      math.abs(self.endDim))), input)
  end
  local out, product = {}, 1
  for d = 1, n do
    if d >= first and d <= last then product = product * input:size(d) else out[#out + 1] = input:size(d) end
    if d == last then out[#out + 1] = product end
  end
  return torch.LongStorage(out)
end

-- A view; an input whose steps do not allow it is copied first.
function Flatten:updateOutput(input)
  local size = sizes(self, input)
  if input:isContiguous() then
    self.output = input:view(size)
  else
    self.buffer = common.buffer(self.buffer, input):resizeAs(input):copy(input)
    self.output = self.buffer:view(size)
  end
  return self.output
end

function Flatten:updateGradInput(input, gradOutput)
  common.check_tensor(self, gradOutput, 'gradOutput')
  if gradOutput:nElement() ~= input:nElement() then
    common.expected(self, ('a gradOutput of %d elements'):format(input:nElement()), gradOutput)
  end
  self.gradInput = gradOutput:contiguous():view(input:size())
  return self.gradInput
end

function Flatten:clearState()
  self.buffer = nil
  return parent.clearState(self)
end

function Flatten:__tostring__() return ('%s(%d to %d)'):format(torch.type(self), self.startDim, self.endDim) end

return Flatten
