--- nn.CosineEmbeddingCriterion([margin = 0]): 1 - cos(a, b) for y = 1, max(0, cos(a, b) - margin) for y = -1, averaged
-- over the rows of a batch. cos = a.b / sqrt((a.a + 1e-12) (b.b + 1e-12)).
-- @usage local loss = nn.CosineEmbeddingCriterion():forward({torch.randn(1, 5), torch.randn(1, 5)}, torch.Tensor{1})
local CosineEmbedding, parent = torch.class('nn.CosineEmbeddingCriterion', 'nn.Criterion')
local common = require 'nn.common'
local couple = require 'nn.couple'

local epsilon = 1e-12

function CosineEmbedding:__init(margin)
  parent.__init(self)
  self.margin = margin or 0
  self.gradInput = { torch.Tensor(), torch.Tensor() }
  self.sizeAverage = true
end

local function rows(self, input, y)
  local a, b = couple.check(self, input)
  common.check_dims(self, a, 1, 2, 'a pair of [N x D] or [D]')
  if a:dim() == 1 then a, b = nn.utils.addSingletonDimension(a), nn.utils.addSingletonDimension(b) end
  return a, b, couple.signs(self, y, a, a:size(1))
end

-- w1 = a.b, w22 = 1/(a.a), w32 = 1/(b.b), w = sqrt(w22 w32), N x 1 each. The cosine w1 w goes to _outputs.
local function cosines(self, a, b)
  for _, name in ipairs { 'buffer', 'w1', 'w22', 'w32', 'w', '_outputs' } do
    self[name] = common.buffer(self[name], a)
  end
  local buffer = self.buffer:resizeAs(a)
  self.w1:sum(buffer:cmul(a, b), 2)
  self.w22:sum(buffer:cmul(a, a), 2):add(epsilon):cinv()
  self.w32:sum(buffer:cmul(b, b), 2):add(epsilon):cinv()
  self.w:resizeAs(self.w22):cmul(self.w22, self.w32):sqrt()
  return self._outputs:resizeAs(self.w1):cmul(self.w1, self.w)
end

-- Of one row: the loss and its slope with respect to the cosine.
local function hinge(cos, sign, margin)
  local loss = sign == 1 and 1 - cos or sign == -1 and math.max(0, cos - margin) or cos
  return loss, loss <= 0 and 0 or -sign
end

-- {a (N, D), b (N, D)} or {(D), (D)}, y 1 or -1 a row → loss
function CosineEmbedding:updateOutput(input, y)
  local a, b, signs = rows(self, input, y)
  local cos = cosines(self, a, b):view(-1)
  signs = signs:contiguous():view(-1)
  local sum = 0
  for i = 1, cos:size(1) do sum = sum + hinge(cos[i], signs[i], self.margin) end
  self.output = sum / (self.sizeAverage and a:size(1) or 1)
  return self.output
end

-- d cos / d a = w (b - a (a.b) / (a.a)), and the same for b
function CosineEmbedding:updateGradInput(input, y)
  local a, b, signs = rows(self, input, y)
  local slope = cosines(self, a, b):view(-1)
  signs = signs:contiguous():view(-1)
  for i = 1, slope:size(1) do
    local _, s = hinge(slope[i], signs[i], self.margin)
    slope[i] = s / (self.sizeAverage and a:size(1) or 1)
  end
  self.w:cmul(slope:view(-1, 1))
  local da, db = couple.gradients(self, a, b)
  self.w22:cmul(self.w1)
  self.w32:cmul(self.w1)
  da:addcmul(b, -1, self.w22:expandAs(a), a):cmul(self.w:expandAs(a))
  db:addcmul(a, -1, self.w32:expandAs(b), b):cmul(self.w:expandAs(b))
  if input[1]:dim() == 1 then
    da:resize(input[1]:size())
    db:resize(input[2]:size())
  end
  return self.gradInput
end

return CosineEmbedding
