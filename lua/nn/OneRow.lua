--- nn.OneRow(module, [flat = false]): a layer for images, on sequences: (N, C, L) or (C, L) goes in as (N, C, 1, L) or
-- (C, 1, L), and comes out without the row. flat: (N, C) is a batch without positions, and goes in as (N, C, 1, 1).
--
-- What PyTorch's names for one dimension (nn.Conv1d, nn.MaxPool1d, nn.BatchNorm1d ...) are made of.
-- @usage print(nn.OneRow(nn.SpatialConvolution(3, 4, 5, 1)):forward(torch.randn(2, 3, 9)):size())
local OneRow, parent = torch.class('nn.OneRow', 'nn.Decorator')
local common = require 'nn.common'

function OneRow:__init(module, flat)
  parent.__init(self, module)
  self.flat = flat or false
end

local function raised(self, x, name)
  common.check_dims(self, x, 2, 3, (name or 'input') .. (self.flat and ' [N x C x L] or [N x C]'
    or ' [N x C x L] or [C x L]'))
  if not x:isContiguous() then x = x:contiguous() end
  if x:dim() == 3 then return x:view(x:size(1), x:size(2), 1, x:size(3)) end
  if self.flat then return x:view(x:size(1), x:size(2), 1, 1) end
  return x:view(x:size(1), 1, x:size(2))
end

local function lowered(self, y, dims)
  if not y:isContiguous() then y = y:contiguous() end
  if dims == 3 then return y:view(y:size(1), y:size(2), y:size(4)) end
  return y:view(y:size(1), y:size(self.flat and 2 or 3))
end

function OneRow:updateOutput(input)
  self.output = lowered(self, parent.updateOutput(self, raised(self, input)), input:dim())
  return self.output
end

function OneRow:updateGradInput(input, gradOutput)
  local dx = parent.updateGradInput(self, raised(self, input), raised(self, gradOutput, 'gradOutput'))
  self.gradInput = dx and lowered(self, dx, input:dim())
  return self.gradInput
end

for _, name in ipairs { 'accGradParameters', 'accUpdateGradParameters', 'sharedAccUpdateGradParameters' } do
  OneRow[name] = function(self, input, gradOutput, scale)
    return parent[name](self, raised(self, input), raised(self, gradOutput, 'gradOutput'), scale)
  end
end

return OneRow
