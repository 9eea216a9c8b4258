--- nn.TripletMarginCriterion([margin = 1], [p = 2], [swap = false], [sizeAverage = true]): max(0, d(a, b) - d(a, c) +
-- margin) for {anchor a, positive b, negative c}, d the p-norm of the difference (plus 1e-6 in each component). swap:
-- d(b, c) serves where it is smaller than d(a, c). Averaged over rows.
-- @usage local loss = nn.TripletMarginCriterion():forward{torch.randn(2, 4), torch.randn(2, 4), torch.randn(2, 4)}
local common = require 'nn.common'
local couple = require 'nn.couple'
local Triplet, parent = torch.class('nn.TripletMarginCriterion', 'nn.Criterion')

local epsilon = 1e-6

function Triplet:__init(margin, p, swap, sizeAverage)
  parent.__init(self)
  self.margin = margin or 1
  self.p = p or 2
  if type(self.p) ~= 'number' or self.p < 1 then
    error('nn.TripletMarginCriterion: p: expected a number of 1 or more, got ' .. tostring(p), 2)
  end
  self.swap = swap or false
  self.sizeAverage = sizeAverage ~= false
end

local function rows(self, input)
  local a, b = couple.check(self, input)
  couple.check(self, { input[1], input[3] })
  common.check_dims(self, a, 1, 2, 'three of [N x D] or [D]')
  local out = {}
  for i, x in ipairs { a, b, input[3] } do out[i] = x:dim() == 1 and nn.utils.addSingletonDimension(x) or x end
  return out[1], out[2], out[3]
end

-- x - y + eps, and its p-norm row by row (N x 1).
local function distance(x, y, p)
  local d = torch.add(x, -1, y):add(epsilon)
  return d, d:norm(p, 2)
end

-- Distances of a batch, and which rows take d(b, c).
local function measure(self, a, b, c)
  local m = {}
  m.ab, m.nab = distance(a, b, self.p)
  m.ac, m.nac = distance(a, c, self.p)
  m.far = m.nac
  if self.swap then
    m.bc, m.nbc = distance(b, c, self.p)
    m.far = torch.cmin(m.nac, m.nbc)
    m.swapped = m.nbc:lt(m.nac):typeAs(a)
  end
  m.loss = torch.add(m.nab, -1, m.far):add(self.margin):cmax(0)
  return m
end

-- {a, b, c} (N, D) or (D) → loss
function Triplet:updateOutput(input)
  local a, b, c = rows(self, input)
  self.output = measure(self, a, b, c).loss:sum() / (self.sizeAverage and a:size(1) or 1)
  return self.output
end

-- d |d|_p / d d = sign(d) (|d| / |d|_p)^(p-1), times a factor a row
local function slope(d, n, p, factor)
  local far = torch.abs(d):cdiv(torch.cmax(n, 1e-30):expandAs(d))
  return far:pow(p - 1):cmul(torch.sign(d)):cmul(factor:expandAs(d))
end

function Triplet:updateGradInput(input)
  local a, b, c = rows(self, input)
  local m = measure(self, a, b, c)
  local active = m.loss:gt(0):typeAs(a):div(self.sizeAverage and a:size(1) or 1)
  local near = slope(m.ab, m.nab, self.p, active)
  local out = { near, near * -1, torch.zeros(1) }
  local direct = m.swapped and torch.cmul(active, 1 - m.swapped) or active
  local far = slope(m.ac, m.nac, self.p, direct)
  out[1], out[3] = near - far, far
  if m.swapped then
    local other = slope(m.bc, m.nbc, self.p, torch.cmul(active, m.swapped))
    out[2]:add(-1, other)
    out[3] = far + other
  end
  self.gradInput = type(self.gradInput) == 'table' and self.gradInput or {}
  for i = 1, 3 do self.gradInput[i] = out[i]:viewAs(input[i]) end
  return self.gradInput
end

return Triplet
