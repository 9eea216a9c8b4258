--- nn.Padding(dim, pad, [nInputDim], [value = 0], [index = 1]): entries of one value put in along a dimension.
--
-- Shapes: input (..., n, ...); output (..., n + |pad|, ...). A negative pad puts them before entry `index`, a positive
-- one behind entry `index` counted from the end: by default in front of all or behind all. With nInputDim, inputs of
-- another number of dimensions are batches.
-- @usage nn.Padding(1, -2, 1, 9):forward(torch.ones(3))  -- 9 9 1 1 1
local Padding, parent = torch.class('nn.Padding', 'nn.Module')
local common = require 'nn.common'

function Padding:__init(dim, pad, nInputDim, value, index)
  parent.__init(self)
  if type(dim) ~= 'number' or type(pad) ~= 'number' then
    error(('nn.Padding: expected a dimension and a number of entries, got %s and %s'):format(torch.type(dim),
      torch.type(pad)), 2)
  end
  for name, v in pairs { nInputDim = nInputDim or 1, value = value or 0, index = index or 1 } do
    if type(v) ~= 'number' then
      error(('nn.Padding: %s: expected a number, got %s'):format(name, torch.type(v)), 2)
    end
  end
  self.dim = dim
  self.pad = pad
  self.nInputDim = nInputDim
  self.value = common.optional(torch.type(self), 'value', value) or 0
  self.index = common.optional(torch.type(self), 'index', index) or 1
  self.outputSize = torch.LongStorage()
end

-- Dimension; entries before the gap; its width; entries in all
local function place(self, input)
  common.check_tensor(self, input)
  local dim = self.dim
  if self.nInputDim and input:dim() ~= self.nInputDim then dim = dim + 1 end
  if dim < 1 or dim > input:dim() then
    common.expected(self, ('input with a dimension %d'):format(dim), input)
  end
  local n = input:size(dim)
  local before = self.pad > 0 and n - self.index + 1 or self.index - 1
  if before < 0 or before > n then
    common.expected(self, ('input with an entry %d in dimension %d'):format(self.index, dim), input)
  end
  return dim, before, math.abs(self.pad), n
end

-- Copy the entries before and after the gap, from the short tensor to the long one or back.
local function copy(short, long, dim, before, pad, n, back)
  for part = 1, 2 do
    local first, length = part == 1 and 1 or before + 1, part == 1 and before or n - before
    if length > 0 then
      local narrow = short:narrow(dim, first, length)
      local wide = long:narrow(dim, part == 1 and 1 or first + pad, length)
      if back then narrow:copy(wide) else wide:copy(narrow) end
    end
  end
end

function Padding:updateOutput(input)
  local dim, before, pad, n = place(self, input)
  self.outputSize = input:size()
  self.outputSize[dim] = n + pad
  local out = common.buffer(self.output, input)
  self.output = out
  out:resize(self.outputSize):fill(self.value)
  copy(input, out, dim, before, pad, n)
  return out
end

function Padding:updateGradInput(input, gradOutput)
  local dim, before, pad, n = place(self, input)
  common.check_dims(self, gradOutput, input:dim(), input:dim(), ('gradOutput of %d dimensions'):format(input:dim()))
  if gradOutput:size(dim) ~= n + pad then
    common.expected(self, ('gradOutput with %d entries in dimension %d'):format(n + pad, dim), gradOutput)
  end
  local dx = common.buffer(self.gradInput, input)
  self.gradInput = dx
  dx:resizeAs(input)
  copy(dx, gradOutput, dim, before, pad, n, true)
  return dx
end

return Padding
