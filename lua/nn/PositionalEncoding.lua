--- nn.PositionalEncoding(width, [maxLength = 5000], [dropout = 0], [batchFirst = false]): adds sines and cosines of
-- each step's position, p[t][2i+1] = sin(t / 10000^(2i/width)), p[t][2i+2] = cos of the same (t and i from 0; Vaswani
-- et al. 2017). input (T, N, width), (N, T, width) with batchFirst, or (T, width) → output (the same).
-- @usage assert(nn.PositionalEncoding(4):forward(torch.zeros(3, 2, 4))[1][1][2] == 1)
local Positional, parent = torch.class('nn.PositionalEncoding', 'nn.Module')
local common = require 'nn.common'
local options = require 'nn.options'
local buffer = common.buffer

local function sinusoids(length, width)
  local p = torch.DoubleTensor(length, width)
  local t = torch.range(0, length - 1):double()
  for j = 1, width do
    local i = math.floor((j - 1) / 2)
    local angle = torch.mul(t, 10000 ^ (-2 * i / width))
    p:select(2, j):copy(j % 2 == 1 and torch.sin(angle) or torch.cos(angle))
  end
  return p
end

function Positional:__init(...)
  parent.__init(self)
  local who = 'nn.PositionalEncoding'
  local o = options.read(who, { 'width', 'maxLength', 'dropout', 'batchFirst' }, ...)
  self.width = options.count(who, 'width', o.width)
  self.maxLength = options.count(who, 'maxLength', o.maxLength or 5000)
  self.dropout = options.fraction(who, 'dropout', o.dropout or 0)
  self.batchFirst = options.flag(who, 'batchFirst', o.batchFirst, false)
  self.positions = torch.Tensor(self.maxLength, self.width):copy(sinusoids(self.maxLength, self.width))
  self.train = true
end

-- The positions of the input's steps, repeated over the batch.
local function expanded(self, input)
  local rank = common.istensor(input) and input:dim() or 0
  local steps = (self.batchFirst and rank == 3) and 2 or 1
  local form = self.batchFirst and 'input [N x T x %d] or [T x %d]' or 'input [T x N x %d] or [T x %d]'
  if rank < 2 or rank > 3 or input:size(rank) ~= self.width then
    common.expected(self, form:format(self.width, self.width), input)
  elseif input:size(steps) > self.maxLength then
    common.expected(self, ('at most %d steps (maxLength)'):format(self.maxLength), input)
  end
  local p = self.positions:narrow(1, 1, input:size(steps))
  if rank == 2 then return p end
  local sizes = { p:size(1), 1, self.width }
  if steps == 2 then sizes = { 1, p:size(1), self.width } end
  return p:view(unpack(sizes)):expand(input:size(1), input:size(2), self.width)
end

function Positional:updateOutput(input)
  local p = expanded(self, input)
  self.output = buffer(self.output, input):resize(input:size()):add(input, p)
  if self.dropout > 0 and self.train ~= false then
    self.noise = buffer(self.noise, input):resize(input:size())
    self.noise:bernoulli(1 - self.dropout):div(1 - self.dropout)
    self.output:cmul(self.noise)
  end
  return self.output
end

function Positional:updateGradInput(input, gradOutput)
  if not (common.istensor(gradOutput) and gradOutput:isSameSizeAs(input)) then
    common.expected(self, 'gradOutput ' .. common.shape(input), gradOutput)
  end
  self.gradInput = buffer(self.gradInput, gradOutput):resize(input:size())
  if self.dropout > 0 and self.train ~= false then
    self.gradInput:cmul(gradOutput, self.noise)
  else
    self.gradInput:copy(gradOutput)
  end
  return self.gradInput
end

function Positional:clearState()
  self.noise = nil
  return parent.clearState(self)
end

function Positional:__tostring__() return ('%s(%d)'):format(torch.type(self), self.width) end

return Positional
