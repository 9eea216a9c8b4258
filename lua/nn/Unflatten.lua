--- nn.Unflatten(dim, sizes): dimension dim becomes several, of these sizes, one of which may be -1; dim counts from 1,
-- from the end when negative. (N, 12) becomes (N, 3, 4) by nn.Unflatten(2, {3, 4}).
-- @usage assert(nn.Unflatten(2, {3, -1}):forward(torch.randn(2, 12)):size(3) == 4)
local Unflatten, parent = torch.class('nn.Unflatten', 'nn.Module')
local common = require 'nn.common'
local options = require 'nn.options'

function Unflatten:__init(dim, sizes)
  parent.__init(self)
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

local function full(self, input)
  common.check_tensor(self, input)
  local n = input:dim()
  local dim = self.dim < 0 and n + 1 + self.dim or self.dim
  if dim < 1 or dim > n then common.expected(self, ('an input with dimension %d'):format(self.dim), input) end
  local known, out = 1, {}
  for _, k in ipairs(self.sizes) do known = known * (k == -1 and 1 or k) end
  for d = 1, n do
    if d ~= dim then
      out[#out + 1] = input:size(d)
    else
      for _, k in ipairs(self.sizes) do out[#out + 1] = k == -1 and input:size(d) / known or k end
    end
  end
  local product, whole = 1, true
  for _, k in ipairs(out) do product, whole = product * k, whole and k % 1 == 0 end
  if not whole or product ~= input:nElement() then
    common.expected(self, ('%d (or a multiple) in dimension %d'):format(known, self.dim), input)
  end
  return torch.LongStorage(out)
end

-- A view; an input whose steps do not allow it is copied first.
function Unflatten:updateOutput(input)
  local size = full(self, input)
  self.output = input:contiguous():view(size)
  return self.output
end

function Unflatten:updateGradInput(input, gradOutput)
  common.check_tensor(self, gradOutput, 'gradOutput')
  if gradOutput:nElement() ~= input:nElement() then
    common.expected(self, ('a gradOutput of %d elements'):format(input:nElement()), gradOutput)
  end
  self.gradInput = gradOutput:contiguous():view(input:size())
  return self.gradInput
end

function Unflatten:__tostring__()
  return ('%s(%d: %s)'):format(torch.type(self), self.dim, table.concat(self.sizes, ' x '))
end

return Unflatten
