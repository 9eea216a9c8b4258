--- nn.Fold(outputSize, kernelSize, [dilation = 1], [padding = 0], [stride = 1]): columns, one a window, added up to an
-- image: the transpose of nn.Unfold.
--
-- Sizes are numbers or {height, width}, and may be given by name in a last table. outputSize: {H, W} of the image.
-- input (N, C·kH·kW, L) or (C·kH·kW, L) → output (N, C, H, W) or (C, H, W); L as nn.Unfold has it.
-- @usage local image = nn.Fold(8, 2, { stride = 2 }):forward(torch.randn(2, 12, 16)) -- 2 x 3 x 8 x 8
local Fold, parent = torch.class('nn.Fold', 'nn.Module')
local columns = require 'nn.columns'
local common = require 'nn.common'
local options = require 'nn.options'
local utils = require 'nn.utils'

local names = { 'outputSize', 'kernelSize', 'dilation', 'padding', 'stride' }

function Fold:__init(...)
  parent.__init(self)
  local o, who = options.read('nn.Fold', names, ...), 'nn.Fold'
  self.outputSize = columns.pair(who, 'outputSize', o.outputSize, 1)
  self.kernelSize = columns.pair(who, 'kernelSize', o.kernelSize, 1)
  self.dilation = columns.pair(who, 'dilation', o.dilation, 1, 1)
  self.padding = columns.pair(who, 'padding', o.padding, 0, 0)
  self.stride = columns.pair(who, 'stride', o.stride, 1, 1)
  local places = columns.places(self, self.outputSize[1], self.outputSize[2])
  if places[1] < 1 or places[2] < 1 then
    error(('nn.Fold: an image of %d x %d holds no window of %d x %d'):format(self.outputSize[1], self.outputSize[2],
      self.kernelSize[1], self.kernelSize[2]), 2)
  end
end

-- Samples, planes.
local function check(self, input)
  local places = columns.places(self, self.outputSize[1], self.outputSize[2])
  local count, taps = places[1] * places[2], self.kernelSize[1] * self.kernelSize[2]
  local text = ('input [N x C*%d x %d] or [C*%d x %d]'):format(taps, count, taps, count)
  common.check_dims(self, input, 2, 3, text)
  local d = input:dim()
  if input:size(d) ~= count or input:size(d - 1) % taps ~= 0 then common.expected(self, text, input) end
  return d == 3 and input:size(1) or 1, input:size(d - 1) / taps
end

function Fold:updateOutput(input)
  local n, planes = check(self, input)
  self._padded = common.buffer(self._padded, input)
  local out = common.buffer(self.output, input):resize(n, planes, self.outputSize[1], self.outputSize[2])
  self.output = columns.fold(self, out, input, self._padded)
  if input:dim() == 2 then self.output = self.output:select(1, 1) end
  return self.output
end

function Fold:updateGradInput(input, gradOutput)
  local n, planes = check(self, input)
  local dims, height, width = input:dim() + 1, self.outputSize[1], self.outputSize[2]
  if not common.istensor(gradOutput) or gradOutput:dim() ~= dims or gradOutput:size(dims) ~= width
    or gradOutput:size(dims - 1) ~= height or gradOutput:size(dims - 2) ~= planes
    or (dims == 4 and gradOutput:size(1) ~= n) then
    local first = dims == 4 and ('[%d x '):format(n) or '['
    common.expected(self, ('gradOutput %s%d x %d x %d]'):format(first, planes, height, width), gradOutput)
  end
  self._padded = common.buffer(self._padded, input)
  local g = gradOutput:contiguous():view(n, planes, height, width)
  self.gradInput = columns.unfold(self, common.buffer(self.gradInput, input), g, self._padded):resizeAs(input)
  return self.gradInput
end

function Fold:clearState()
  utils.clear(self, '_padded')
  return parent.clearState(self)
end

function Fold:__tostring__()
  return ('nn.Fold(%dx%d -> %dx%d)'):format(self.kernelSize[1], self.kernelSize[2], self.outputSize[1],
    self.outputSize[2])
end

return Fold
