--- nn.Unfold(kernelSize, [dilation = 1], [padding = 0], [stride = 1]): every window of an image as a column.
--
-- Sizes are numbers or {height, width}, and may be given by name in a last table.
-- input (N, C, H, W) or (C, H, W) → output (N, C·kH·kW, L) or (C·kH·kW, L), L = H'·W',
-- H' = floor((H + 2·padding - dilation·(kH - 1) - 1) / stride) + 1. A window of ones in nn.Fold is the way back.
-- @usage local columns = nn.Unfold(3, { padding = 1 }):forward(torch.randn(2, 3, 8, 8)) -- 2 x 27 x 64
local Unfold, parent = torch.class('nn.Unfold', 'nn.Module')
local columns = require 'nn.columns'
local common = require 'nn.common'
local options = require 'nn.options'
local utils = require 'nn.utils'

local names = { 'kernelSize', 'dilation', 'padding', 'stride' }

function Unfold:__init(...)
  parent.__init(self)
  local o, who = options.read('nn.Unfold', names, ...), 'nn.Unfold'
  self.kernelSize = columns.pair(who, 'kernelSize', o.kernelSize, 1)
  self.dilation = columns.pair(who, 'dilation', o.dilation, 1, 1)
  self.padding = columns.pair(who, 'padding', o.padding, 0, 0)
  self.stride = columns.pair(who, 'stride', o.stride, 1, 1)
end

local function batch(self, input)
  common.check_dims(self, input, 3, 4, 'input [N x C x H x W] or [C x H x W]')
  local x = input:dim() == 3 and input:view(1, input:size(1), input:size(2), input:size(3)) or input
  return x, columns.check_fits(self, self, x:size(3), x:size(4), input)
end

local function padded(self, x)
  self._padded = common.buffer(self._padded, x)
  return self._padded
end

function Unfold:updateOutput(input)
  common.check_tensor(self, input)
  local x = batch(self, input:dim() == 3 and input:contiguous() or input)
  self.output = columns.unfold(self, common.buffer(self.output, input), x, padded(self, x))
  if input:dim() == 3 then self.output = self.output:select(1, 1) end
  return self.output
end

function Unfold:updateGradInput(input, gradOutput)
  common.check_tensor(self, input)
  local x, places = batch(self, input:contiguous())
  local n, rows, count = x:size(1), x:size(2) * self.kernelSize[1] * self.kernelSize[2], places[1] * places[2]
  local dims = input:dim() - 1
  if not common.istensor(gradOutput) or gradOutput:dim() ~= dims or gradOutput:size(dims) ~= count
    or gradOutput:size(dims - 1) ~= rows or (dims == 3 and gradOutput:size(1) ~= n) then
    common.expected(self, ('gradOutput %s%d x %d]'):format(dims == 3 and ('[%d x '):format(n) or '[', rows, count),
      gradOutput)
  end
  local dx = common.buffer(self.gradInput, input):resizeAs(x)
  columns.fold(self, dx, gradOutput, padded(self, x))
  self.gradInput = dx:resizeAs(input)
  return self.gradInput
end

function Unfold:clearState()
  utils.clear(self, '_padded')
  return parent.clearState(self)
end

function Unfold:__tostring__()
  return ('nn.Unfold(%dx%d)'):format(self.kernelSize[1], self.kernelSize[2])
end

return Unfold
