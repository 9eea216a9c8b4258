--- nn.Cosine(nIn, nOut): the cosine of the angle between the input and each of nOut learnt vectors,
-- y_j = x.w_j / (||x|| ||w_j||).
--
-- Shapes: input (nIn) or (N, nIn); output (nOut) or (N, nOut). weight (nOut, nIn).
-- @usage nn.Cosine(3, 4):forward(torch.ones(2, 3))
local Cosine, parent = torch.class('nn.Cosine', 'nn.Module')
local common = require 'nn.common'
local rows = require 'nn.rows'
local utils = require 'nn.utils'

local TINY = 1e-12 -- keeps lengths off 0

function Cosine:__init(nIn, nOut)
  parent.__init(self)
  rows.check_sizes('nn.Cosine', nIn, nOut)
  self.weight = torch.Tensor(nOut, nIn)
  self.gradWeight = torch.Tensor(nOut, nIn)
  self:reset()
end

--- Draw new vectors, uniform in ±stdv*sqrt(3), by default ±1/sqrt(nOut).
function Cosine:reset(stdv)
  stdv = common.spread(self, stdv, self.weight:size(1))
  self.weight:uniform(-stdv, stdv)
end

-- Lengths of the weight's rows, (nOut)
local function weight_norm(self)
  self._weightNorm = common.buffer(self._weightNorm, self.weight)
  return self._weightNorm:norm(self.weight, 2, 2):add(TINY):view(-1)
end

-- Lengths of the input's rows, (N, 1)
local function input_norm(self, x)
  self._inputNorm = common.buffer(self._inputNorm, x)
  return self._inputNorm:norm(x, 2, 2):add(TINY)
end

function Cosine:updateOutput(input)
  local x = rows.of(self, input, self.weight:size(2))
  local nOut = self.weight:size(1)
  local out = common.buffer(self.output, x):resize(x:size(1), nOut)
  self.output = out
  out:mm(x, self.weight:t())
  out:cdiv(weight_norm(self):view(1, nOut):expandAs(out))
  out:cdiv(input_norm(self, x):expandAs(out))
  return rows.back(out, input, nOut)
end

-- dx = W' (g / (|w| |x|)) - x (g.y) / |x|^2
function Cosine:updateGradInput(input, gradOutput)
  if not self.gradInput then return end
  local nOut, nIn = self.weight:size(1), self.weight:size(2)
  local x = rows.of(self, input, nIn)
  local g = rows.of(self, gradOutput, nOut, 'gradOutput')
  local y = self.output:view(-1, nOut)
  local norm = input_norm(self, x)
  self._gradOutput = common.buffer(self._gradOutput, x)
  self.__norm = common.buffer(self.__norm, x)
  local scaled, along = self._gradOutput:resizeAs(g), self.__norm
  scaled:cmul(g, y)
  along:sum(scaled, 2):cdiv(norm):cdiv(norm)
  scaled:cdiv(g, weight_norm(self):view(1, nOut):expandAs(g)):cdiv(norm:expandAs(g))
  local dx = common.buffer(self.gradInput, x):resizeAs(x)
  self.gradInput = dx
  dx:cmul(x, along:expandAs(x)):mul(-1)
  dx:addmm(1, scaled, self.weight)
  return rows.back(dx, input, nIn)
end

-- dw_j = sum over samples of g_j (x / (|x| |w_j|) - y_j w_j / |w_j|^2); as in Torch7 the
-- second term ignores scale, for a batch the first, too
function Cosine:accGradParameters(input, gradOutput, scale)
  local nOut, nIn = self.weight:size(1), self.weight:size(2)
  common.check_tensor(self, input)
  if input:dim() == 2 then scale = 1 else scale = scale or 1 end
  local x = rows.of(self, input, nIn)
  local g = rows.of(self, gradOutput, nOut, 'gradOutput')
  local norm, wnorm = input_norm(self, x), weight_norm(self)
  self._gradOutput = common.buffer(self._gradOutput, x)
  self._sum = common.buffer(self._sum, x)
  self._weight = common.buffer(self._weight, self.weight)
  local scaled = self._gradOutput:resizeAs(g):cmul(g, self.output:view(-1, nOut))
  local along = self._sum:sum(scaled, 1):view(nOut):cdiv(wnorm):cdiv(wnorm)
  self._weight:resizeAs(self.weight):cmul(self.weight, along:view(nOut, 1):expandAs(self.weight))
  self.gradWeight:add(-1, self._weight)
  scaled:cdiv(g, wnorm:view(1, nOut):expandAs(g)):cdiv(norm:expandAs(g))
  self.gradWeight:addmm(scale, scaled:t(), x)
end

-- A step of -lr needs what accGradParameters ignores.
function Cosine:defaultAccUpdateGradParameters(input, gradOutput, lr)
  self:sharedAccUpdateGradParameters(input, gradOutput, lr)
end

local buffers = { '_input', '_weight', '_gradOutput', '_sum', '_inputNorm', '_weightNorm', '__norm' }

utils.clears(Cosine, parent, buffers)

return Cosine
