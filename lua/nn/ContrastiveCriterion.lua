--- nn.ContrastiveCriterion([margin = 1], [sizeAverage = true]): d^2 / 2 for y = 1 (alike), max(0, margin - d)^2 / 2 for
-- y = -1 (or 0), d the distance of the rows of {a, b}; averaged over rows. Hadsell, Chopra and LeCun, 2006.
-- @usage local loss = nn.ContrastiveCriterion():forward({torch.randn(2, 4), torch.randn(2, 4)}, torch.Tensor{1, -1})
local common = require 'nn.common'
local couple = require 'nn.couple'
local Contrastive, parent = torch.class('nn.ContrastiveCriterion', 'nn.Criterion')
local space = common.space

function Contrastive:__init(margin, sizeAverage)
  parent.__init(self)
  self.margin = common.optional(torch.type(self), 'margin', margin) or 1
  self.sizeAverage = sizeAverage ~= false
  self.gradInput = { torch.Tensor(), torch.Tensor() }
end

-- a - b (N x D), distances (N x 1), 1 where alike (N x 1), margin - d limited to 0.. (N x 1): buffers
local function measure(self, input, y)
  local a, b = couple.check(self, input)
  common.check_dims(self, a, 1, 2, 'a pair of [N x D] or [D]')
  local n = a:dim() == 2 and a:size(1) or 1
  local d = space(self, '_difference', a):add(a, -1, b):view(n, -1)
  self._distance = common.buffer(self._distance, a)
  local norm = self._distance:norm(d, 2, 2)
  local signs = couple.signs(self, y, a, n)
  local alike = space(self, '_alike', norm):copy(couple.mask(self, '_mask'):gt(signs, 0))
  return a, b, d, norm, alike, space(self, '_slack', norm):mul(norm, -1):add(self.margin):cmax(0)
end

-- {a, b} (N, D) or (D), y 1 or -1 a row → loss
function Contrastive:updateOutput(input, y)
  local _, _, d, norm, alike, slack = measure(self, input, y)
  local sum = norm:pow(2):dot(alike) + slack:pow(2):dot(alike:mul(-1):add(1))
  self.output = sum / 2 / (self.sizeAverage and d:size(1) or 1)
  return self.output
end

function Contrastive:each(input, y)
  local _, _, _, norm, alike, slack = measure(self, input, y)
  norm:pow(2):cmul(alike)
  return norm:addcmul(slack:pow(2), alike:mul(-1):add(1)):div(2):view(-1)
end

function Contrastive:updateGradInput(input, y)
  local a, b, d, norm, alike, slack = measure(self, input, y)
  -- alike - slack / norm * (1 - alike)
  slack:cdiv(norm:cmax(1e-30))
  local factor = norm:mul(alike, -1):add(1):cmul(slack):mul(-1):add(alike)
  d:cmul(factor:expandAs(d)):div(self.sizeAverage and d:size(1) or 1)
  local da, db = couple.gradients(self, a, b)
  da:copy(d)
  db:neg(da)
  return self.gradInput
end

return Contrastive
