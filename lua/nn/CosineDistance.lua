--- nn.CosineDistance(): the cosine of the angle between two vectors, a.b / (||a|| ||b||).
--
-- Shapes: input {(n), (n)} or {(N, n), (N, n)}; output (1) or (N).
-- @usage nn.CosineDistance():forward {torch.ones(2, 3), torch.ones(2, 3)}
local CosineDistance, parent = torch.class('nn.CosineDistance', 'nn.Module')
local common = require 'nn.common'
local rows = require 'nn.rows'
local utils = require 'nn.utils'

local TINY = 1e-12 -- added to squared lengths
local buffers = { 'buffer', 'w1', 'w22', 'w', 'w32', 'ones' }

function CosineDistance:__init()
  parent.__init(self)
  self.gradInput = { torch.Tensor(), torch.Tensor() }
end

-- w1 = a.b, w22 = 1/|a|^2, w32 = 1/|b|^2, w = 1/(|a||b|): (N, 1) each
function CosineDistance:updateOutput(input)
  local a, b = rows.pair(self, input)
  for _, name in ipairs { 'buffer', 'w1', 'w22', 'w32', 'w' } do self[name] = common.buffer(self[name], a) end
  local buffer = self.buffer:resizeAs(a)
  self.w1:sum(buffer:cmul(a, b), 2)
  self.w22:sum(buffer:cmul(a, a), 2):add(TINY):pow(-1)
  self.w32:sum(buffer:cmul(b, b), 2):add(TINY):pow(-1)
  self.w:resizeAs(self.w22):cmul(self.w22, self.w32):sqrt()
  local out = common.buffer(self.output, a)
  self.output = out
  out:resizeAs(self.w1):cmul(self.w1, self.w)
  return out:resize(a:size(1))
end

-- da = g (b w - a w1 w w22), db = g (a w - b w1 w w32)
function CosineDistance:updateGradInput(input, gradOutput)
  local a, b = rows.pair(self, input)
  local n = a:size(1)
  local g = rows.column(self, gradOutput, n):expandAs(a)
  if not self.buffer then error(tostring(self) .. ': backward before forward', 0) end
  local da, db = rows.gradients(self, a)
  local along = self.buffer:resize(n, 1)
  local w = self.w:view(n, 1):expandAs(a)
  local y = self.output:view(n, 1)
  da:cmul(a, along:cmul(y, self.w22):expandAs(a)):mul(-1):addcmul(b, w):cmul(g)
  db:cmul(b, along:cmul(y, self.w32):expandAs(b)):mul(-1):addcmul(a, w):cmul(g)
  rows.back(da, input[1], a:size(2))
  rows.back(db, input[1], a:size(2))
  return self.gradInput
end

function CosineDistance:clearState()
  utils.clear(self, buffers)
  return parent.clearState(self)
end

return CosineDistance
