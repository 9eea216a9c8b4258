--- nn.CosineEmbeddingCriterion([margin = 0]): 1 - cos(a, b) for y = 1, max(0, cos(a, b) - margin) for y = -1, averaged
-- over the rows of a batch. cos = a.b / sqrt((a.a + 1e-12) (b.b + 1e-12)).
-- input {a, b}, both (n) or (N, n), target y a number or (N) → loss, a number; gradient {da, db}.
-- @usage local loss = nn.CosineEmbeddingCriterion():forward({torch.randn(1, 5), torch.randn(1, 5)}, torch.Tensor{1})
local CosineEmbedding, parent = torch.class('nn.CosineEmbeddingCriterion', 'nn.Criterion')
local common = require 'nn.common'
local couple = require 'nn.couple'

local epsilon = 1e-12

function CosineEmbedding:__init(margin)
  parent.__init(self)
  self.margin = common.optional(torch.type(self), 'margin', margin) or 0
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

-- The values of a column where a mask says.
local function picked(self, x, mask)
  self._picked:maskedSelect(x, mask)
  return self._picked
end

-- Losses of the rows, 1 - cos for 1, max(0, cos - margin) for -1, the cosine for another sign; and, into slopes, -sign
-- where a loss is above 0. Both N x 1, as cos, whose place is used up.
local function hinge(self, cos, signs)
  local loss, slopes, mask = cos, self._slopes, couple.mask(self, '_mask')
  slopes:copy(signs):mul(-1)
  local far = self._far:resizeAs(cos):add(cos, -self.margin):cmax(0)
  mask:eq(signs, -1)
  loss:maskedCopy(mask, picked(self, far, mask))
  far:mul(loss, -1):add(1)
  mask:eq(signs, 1)
  loss:maskedCopy(mask, picked(self, far, mask))
  slopes:maskedFill(mask:le(loss, 0), 0)
  return loss, slopes
end

local function losses(self, a, b, signs)
  local cos = cosines(self, a, b)
  for _, name in ipairs { '_slopes', '_far', '_picked' } do self[name] = common.buffer(self[name], a) end
  self._slopes:resizeAs(cos)
  if signs:dim() ~= 2 then signs = signs:isContiguous() and signs:view(-1, 1) or signs:reshape(signs:nElement(), 1) end
  return hinge(self, cos, signs)
end

-- {a (N, D), b (N, D)} or {(D), (D)}, y 1 or -1 a row → loss
function CosineEmbedding:updateOutput(input, y)
  local a, b, signs = rows(self, input, y)
  self.output = losses(self, a, b, signs):sum() / (self.sizeAverage and a:size(1) or 1)
  return self.output
end

function CosineEmbedding:each(input, y)
  local a, b, signs = rows(self, input, y)
  return losses(self, a, b, signs):view(-1)
end

-- d cos / d a = w (b - a (a.b) / (a.a)), and the same for b
function CosineEmbedding:updateGradInput(input, y)
  local a, b, signs = rows(self, input, y)
  local _, slopes = losses(self, a, b, signs)
  self.w:cmul(slopes):div(self.sizeAverage and a:size(1) or 1)
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
