--- nn.Flatten([startDim = 2], [endDim = -1]): dimensions startDim to endDim become one; they count from 1, from the end
-- when negative. (N, C, H, W) becomes (N, C*H*W).
-- @usage assert(nn.Flatten():forward(torch.randn(2, 3, 4, 5)):size(2) == 60)
local Flatten, parent = torch.class('nn.Flatten', 'nn.Module')
local common = require 'nn.common'
local options = require 'nn.options'
local resized = require 'nn.resized'
local dims = resized.dims

function Flatten:__init(...)
  parent.__init(self)
  local o = options.read('nn.Flatten', { 'startDim', 'endDim' }, ...)
  self.startDim = options.number('nn.Flatten', 'startDim', o.startDim, 2)
  self.endDim = options.number('nn.Flatten', 'endDim', o.endDim, -1)
end

-- The sizes, in dims; returns how many.
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
  local rank, product = 0, 1
  for d = 1, n do
    local size = tonumber(input.extent[d - 1])
    if d >= first and d <= last then
      product = product * size
      size = product
    end
    dims[rank] = size
    if d < first or d >= last then rank = rank + 1 end
  end
  return rank
end

-- A view; an input whose steps do not allow it is copied first.
function Flatten:updateOutput(input)
  local rank = sizes(self, input)
  self.output = common.buffer(self.output, input)
  return resized.view(self, self.output, input, rank, dims, '_input')
end

function Flatten:__tostring__() return ('%s(%d to %d)'):format(torch.type(self), self.startDim, self.endDim) end

return resized.methods(Flatten, parent)
