--- nn.Unflatten(dim, sizes): dimension dim becomes several, of these sizes, one of which may be -1; dim counts from 1,
-- from the end when negative. (N, 12) becomes (N, 3, 4) by nn.Unflatten(2, {3, 4}).
-- @usage assert(nn.Unflatten(2, {3, -1}):forward(torch.randn(2, 12)):size(3) == 4)
local Unflatten, parent = torch.class('nn.Unflatten', 'nn.Module')
local common = require 'nn.common'
local options = require 'nn.options'
local resized = require 'nn.resized'
local dims = resized.dims

function Unflatten:__init(dim, sizes)
  parent.__init(self)
  dim, sizes = options.positional('nn.Unflatten', { 'dim', 'sizes|unflattenedSize' }, dim, sizes)
  self.dim = options.number('nn.Unflatten', 'dim', dim)
  if torch.isTypeOf(sizes, 'torch.LongStorage') then sizes = sizes:totable() end
  if type(sizes) ~= 'table' or #sizes == 0 then options.refuse('nn.Unflatten', 'sizes', 'a list of sizes', sizes) end
  local unknown = 0
  for i, n in ipairs(sizes) do
    if n == -1 then unknown = unknown + 1 else options.count('nn.Unflatten', 'size ' .. i, n) end
  end
  if unknown > 1 then options.refuse('nn.Unflatten', 'sizes', 'at most one -1', unknown) end
  self.sizes = sizes
end

-- The sizes, in dims; returns how many.
local function full(self, input)
  common.check_tensor(self, input)
  local n = input:dim()
  local dim = self.dim < 0 and n + 1 + self.dim or self.dim
  if dim < 1 or dim > n then common.expected(self, ('an input with dimension %d'):format(self.dim), input) end
  local parts, size, known, unknown = self.sizes, input:size(dim), 1, false
  for _, k in ipairs(parts) do
    if k == -1 then unknown = true else known = known * k end
  end
  if size % known ~= 0 or (not unknown and size ~= known) then
    common.expected(self, ('%d%s in dimension %d'):format(known, unknown and ' (or a multiple)' or '', self.dim), input)
  end
  resized.fits(self, n + #parts - 1)
  for d = 1, n do
    if d < dim then dims[d - 1] = input.extent[d - 1] end
    if d > dim then dims[#parts + d - 2] = input.extent[d - 1] end
  end
  for i, k in ipairs(parts) do dims[dim + i - 2] = k == -1 and size / known or k end
  return n + #parts - 1
end

-- A view; an input whose steps do not allow it is copied first.
function Unflatten:updateOutput(input)
  local rank = full(self, input)
  self.output = common.buffer(self.output, input)
  return resized.view(self, self.output, input, rank, dims, '_input')
end

function Unflatten:__tostring__()
  return ('%s(%d: %s)'):format(torch.type(self), self.dim, table.concat(self.sizes, ' x '))
end

return resized.methods(Unflatten, parent)
