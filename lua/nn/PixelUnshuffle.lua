--- nn.PixelUnshuffle(r): the inverse of nn.PixelShuffle, blocks of r x r pixels become planes.
-- input (N, C, H*r, W*r) or (C, H*r, W*r) → (N, C*r^2, H, W) or without N; plane (c*r + i)*r + j (from 0) is pixel
-- (i, j) of each block of plane c.
-- @usage y = nn.PixelUnshuffle(2):forward(torch.randn(1, 4, 6)) -- 4x2x3
local Unshuffle, parent = torch.class('nn.PixelUnshuffle', 'nn.Module')
local options = require 'nn.options'
local common = require 'nn.common'

function Unshuffle:__init(r)
  parent.__init(self)
  r = options.positional('nn.PixelUnshuffle', { 'downscaleFactor' }, r)
  if type(r) ~= 'number' or r < 1 or r ~= math.floor(r) then
    error('nn.PixelUnshuffle: expected an integer >= 1, got ' .. tostring(r), 2)
  end
  self.downscaleFactor = r
end

-- Sizes of the fine image, with a batch of one where there is none: n, c, h, w in blocks.
local function measure(self, x)
  local r = self.downscaleFactor
  if not common.istensor(x) or x.rank < 3 or x.rank > 4 or x:size(x.rank) % r ~= 0 or x:size(x.rank - 1) % r ~= 0 then
    common.expected(self, ('input [N x C x H x W] or [C x H x W], H and W multiples of %d'):format(r), x)
  end
  return x.rank == 4 and x:size(1) or 1, x:size(x.rank - 2), x:size(x.rank - 1) / r, x:size(x.rank) / r, r
end

-- input (N, C, H*r, W*r) → output (N, C*r*r, H, W); or without N
function Unshuffle:updateOutput(input)
  local n, c, h, w, r = measure(self, input)
  self.output = common.buffer(self.output, input)
  self.output:resize(n, c, r, r, h, w):copy(input:contiguous():view(n, c, h, r, w, r):permute(1, 2, 4, 6, 3, 5))
  if input.rank == 4 then return self.output:resize(n, c * r * r, h, w) end
  return self.output:resize(c * r * r, h, w)
end

function Unshuffle:updateGradInput(input, gradOutput)
  local n, c, h, w, r = measure(self, input)
  if not common.istensor(gradOutput) or gradOutput:nElement() ~= input:nElement() or gradOutput.rank ~= input.rank then
    common.expected(self, 'gradOutput of the output\'s size', gradOutput)
  end
  self.gradInput = common.buffer(self.gradInput, input)
  self.gradInput:resize(n, c, h, r, w, r):copy(gradOutput:contiguous():view(n, c, r, r, h, w):permute(1, 2, 5, 3, 6, 4))
  return self.gradInput:resizeAs(input)
end

function Unshuffle:__tostring__() return ('%s(%d)'):format(torch.type(self), self.downscaleFactor) end

return Unshuffle
