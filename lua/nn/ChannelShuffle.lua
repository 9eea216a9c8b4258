--- nn.ChannelShuffle(groups): planes of `groups` groups dealt out in turn, y[n, i·g + k] = x[n, k·C/g + i] (from 0):
-- what lets grouped convolutions mix (Zhang et al. 2017, ShuffleNet).
--
-- input (N, C, ...), C a multiple of groups → output (the same).
-- @usage local y = nn.ChannelShuffle(2):forward(torch.randn(1, 4, 2, 2))
local Shuffle, parent = torch.class('nn.ChannelShuffle', 'nn.Module')
local common = require 'nn.common'
local options = require 'nn.options'

function Shuffle:__init(...)
  parent.__init(self)
  local o = options.read('nn.ChannelShuffle', { 'groups' }, ...)
  self.groups = options.count('nn.ChannelShuffle', 'groups', o.groups)
end

-- out (N, a, b, rest) from x (N, b, a, rest)
local function deal(self, out, x, a, b)
  local n, rest = x:size(1), x:nElement() / (x:size(1) * a * b)
  x = x:contiguous()
  out:resizeAs(x)
  out:view(n, a, b, rest):copy(x:view(n, b, a, rest):transpose(2, 3))
  return out
end

local function check(self, input)
  local text = ('input [N x C x ...], C a multiple of %d'):format(self.groups)
  common.check_dims(self, input, 2, 12, text)
  if input:size(2) % self.groups ~= 0 then common.expected(self, text, input) end
  return input:size(2) / self.groups
end

function Shuffle:updateOutput(input)
  local each = check(self, input)
  self.output = deal(self, common.buffer(self.output, input), input, each, self.groups)
  return self.output
end

function Shuffle:updateGradInput(input, gradOutput)
  local each = check(self, input)
  common.check_tensor(self, gradOutput, 'gradOutput')
  if not gradOutput:isSameSizeAs(input) then common.expected(self, 'gradOutput ' .. common.shape(input), gradOutput) end
  self.gradInput = deal(self, common.buffer(self.gradInput, input), gradOutput, self.groups, each)
  return self.gradInput
end

function Shuffle:__tostring__() return ('%s(%d)'):format(torch.type(self), self.groups) end

return Shuffle
