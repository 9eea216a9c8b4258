--- nn.PixelShuffle(r): planes rearranged to an image r times as high and wide.
--
-- Shapes: input (C * r^2, H, W) or (N, C * r^2, H, W); output (C, H * r, W * r) or (N, C, H * r, W * r).
-- Shi et al. 2016, Real-Time Single Image and Video Super-Resolution.
-- @usage nn.PixelShuffle(2):forward(torch.ones(1, 8, 3, 3))  -- 1x2x6x6
local PixelShuffle, parent = torch.class('nn.PixelShuffle', 'nn.Module')
local options = require 'nn.options'
local common = require 'nn.common'
local utils = require 'nn.utils'

function PixelShuffle:__init(upscaleFactor)
  parent.__init(self)
  upscaleFactor = options.positional('nn.PixelShuffle', { 'upscaleFactor' }, upscaleFactor)
  if type(upscaleFactor) ~= 'number' or upscaleFactor < 1 then
    error('nn.PixelShuffle: expected a positive factor, got ' .. tostring(upscaleFactor), 2)
  end
  self.upscaleFactor = upscaleFactor
  self.upscaleFactorSquared = upscaleFactor * upscaleFactor
end

-- N, C, H, W of the output before enlarging
local function measure(self, input)
  local text = ('input [C x H x W] or [N x C x H x W], C a multiple of %d'):format(self.upscaleFactorSquared)
  common.check_dims(self, input, 3, 4, text)
  local rank = input:dim()
  local planes = input:size(rank - 2)
  if planes % self.upscaleFactorSquared ~= 0 then common.expected(self, text, input) end
  return rank == 4 and input:size(1) or 1, planes / self.upscaleFactorSquared, input:size(rank - 1), input:size(rank)
end

-- (N, C, r, r, H, W) turned to (N, C, H, r, W, r)
function PixelShuffle:updateOutput(input)
  local n, c, h, w = measure(self, input)
  local r = self.upscaleFactor
  local x = input:isContiguous() and input or input:clone()
  local out = common.buffer(self.output, input):resize(n, c, h, r, w, r)
  self.output = out
  out:copy(x:view(n, c, r, r, h, w):permute(1, 2, 5, 3, 6, 4))
  if input:dim() == 4 then return out:resize(n, c, h * r, w * r) end
  return out:resize(c, h * r, w * r)
end

function PixelShuffle:updateGradInput(input, gradOutput)
  local n, c, h, w = measure(self, input)
  local r = self.upscaleFactor
  common.check_tensor(self, gradOutput, 'gradOutput')
  if gradOutput:nElement() ~= input:nElement() then
    common.expected(self, 'gradOutput ' .. common.shape(self.output), gradOutput)
  end
  local g = gradOutput:isContiguous() and gradOutput or gradOutput:clone()
  local dx = common.buffer(self.gradInput, input):resize(n, c, r, r, h, w)
  self.gradInput = dx
  dx:copy(g:view(n, c, h, r, w, r):permute(1, 2, 4, 6, 3, 5))
  return dx:resize(input:size())
end

function PixelShuffle:clearState()
  utils.clear(self, '_intermediateShape', '_outShape', '_shuffleIn', '_shuffleOut')
  return parent.clearState(self)
end

return PixelShuffle
