--- nn.View(sizes...): another shape on the same elements. One size may be -1; a batch dimension stays before them.
-- input (sizes) or (N, sizes), as many elements → output (sizes...) or (N, sizes...).
-- @usage local y = nn.View(-1, 6):forward(torch.randn(4, 2, 3)) -- 4 x 6
local View, parent = torch.class('nn.View', 'nn.Module')
local common = require 'nn.common'
local joined = require('torch.check').joined
local resized = require 'nn.resized'
local buffer, dims = common.buffer, resized.dims

--- Set new sizes: numbers or one LongStorage.
-- @return self
function View:resetSize(...)
  local first = ...
  if select('#', ...) == 1 and torch.typename(first) == 'torch.LongStorage' then
    self.size = first
  else
    local sizes = { ... }
    for i = 1, select('#', ...) do
      local n = tonumber(sizes[i]) -- texts of numbers, too, as of any storage
      if not n or n ~= n or n >= 2 ^ 63 then
        error(('nn.View: argument %d: expected a size, got %s'):format(i, tostring(sizes[i])), 3)
      end
    end
    self.size = torch.LongStorage(sizes)
  end
  local n, inferred = 1, false
  for i = 1, self.size:size() do
    local size = tonumber(self.size[i])
    if size >= 0 then
      n = n * size
    else
      if size ~= -1 then error(('nn.View: size %d: should be positive or -1'):format(size), 3) end
      if inferred then error('nn.View: only one size can be -1', 3) end
      inferred = true
    end
  end
  if n >= 2 ^ 63 then
    error(('nn.View: sizes %s: more elements than a tensor can have'):format(joined(self.size, ' x ')), 3)
  end
  self.numElements = n
  return self
end

function View:__init(...)
  parent.__init(self)
  self:resetSize(...)
  self.numInputDims = nil
end

resized.batches(View)

local function mismatch(self, input)
  common.expected(self, ('input whose size is a multiple of %d elements'):format(self.numElements), input)
end

-- The batch size to put before the sizes; 0 for none.
local function batch_size(self, input)
  local rank, size = input.rank, self.size
  local unbatched = math.min(self.numInputDims or rank, rank)
  local n, leading = 1, 1
  for d = 0, rank - 1 do
    if d < rank - unbatched then
      leading = leading * tonumber(input.extent[d])
    else
      n = n * tonumber(input.extent[d])
    end
  end
  if self.numElements == 0 or n % self.numElements ~= 0 then mismatch(self, input) end
  local batch = n / self.numElements
  for i = 1, size:size() do
    if size[i] == -1 then batch = 1 end
  end
  batch = batch * leading
  if batch == 1 and (not self.numInputDims or rank <= self.numInputDims) then return 0 end
  return batch
end

-- input → output of (batch,) sizes: a view where the input's steps allow one, a packed copy where not
function View:updateOutput(input)
  common.check_dims(self, input, 1, 12, 'a tensor with elements')
  local batch, rank = batch_size(self, input), 0
  resized.fits(self, self.size:size() + (batch > 0 and 1 or 0))
  if batch > 0 then
    dims[0], rank = batch, 1
  end
  local size = self.size
  for i = 1, size:size() do dims[rank + i - 1] = size[i] end
  rank = rank + size:size()
  local out = buffer(self.output, input)
  self.output = out
  return resized.view(self, out, input, rank, dims, '_input')
end

function View:__tostring__() return ('%s(%s)'):format(torch.type(self), joined(self.size, ', ')) end

return resized.methods(View, parent)
