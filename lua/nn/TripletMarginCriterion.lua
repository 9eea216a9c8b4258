--- nn.TripletMarginCriterion([margin = 1], [p = 2], [swap = false], [sizeAverage = true], [eps = 1e-6]):
-- max(0, d(a, b) - d(a, c) + margin) for {anchor a, positive b, negative c}, d the p-norm of the difference (plus eps
-- in each component). swap: d(b, c) serves where it is smaller than d(a, c). Averaged over rows.
-- @usage local loss = nn.TripletMarginCriterion():forward{torch.randn(2, 4), torch.randn(2, 4), torch.randn(2, 4)}
local common = require 'nn.common'
local couple = require 'nn.couple'
local Triplet, parent = torch.class('nn.TripletMarginCriterion', 'nn.Criterion')
local space = common.space

function Triplet:__init(margin, p, swap, sizeAverage, eps)
  parent.__init(self)
  self.margin = common.optional(torch.type(self), 'margin', margin) or 1
  self.p = common.optional(torch.type(self), 'p', p) or 2
  if type(self.p) ~= 'number' or self.p < 1 then
    error('nn.TripletMarginCriterion: p: expected a number of 1 or more, got ' .. tostring(p), 2)
  end
  self.swap = swap or false
  self.sizeAverage = sizeAverage ~= false
  self.eps = eps
end

local function rows(self, input)
  local a, b = couple.check(self, input)
  couple.check(self, { input[1], input[3] })
  common.check_dims(self, a, 1, 2, 'three of [N x D] or [D]')
  local out = {}
  for i, x in ipairs { a, b, input[3] } do out[i] = x:dim() == 1 and nn.utils.addSingletonDimension(x) or x end
  return out[1], out[2], out[3]
end

-- x - y + eps, and its p-norm row by row (N x 1), in buffers named after the pair.
local function distance(self, pair, x, y)
  local d = space(self, '_' .. pair, x):add(x, -1, y):add(self.eps or 1e-6)
  local norm = common.buffer(self['_norm_' .. pair], x)
  self['_norm_' .. pair] = norm
  return d, norm:norm(d, self.p, 2)
end

-- Distances of a batch, and which rows take d(b, c).
local function measure(self, a, b, c)
  local m = {}
  m.ab, m.nab = distance(self, 'ab', a, b)
  m.ac, m.nac = distance(self, 'ac', a, c)
  m.far = m.nac
  if self.swap then
    m.bc, m.nbc = distance(self, 'bc', b, c)
    m.far = space(self, '_far', m.nac):cmin(m.nac, m.nbc)
    m.swapped = space(self, '_swapped', m.nac):copy(couple.mask(self, '_mask'):lt(m.nbc, m.nac))
  end
  m.loss = space(self, '_loss', m.nab):add(m.nab, -1, m.far):add(self.margin):cmax(0)
  return m
end

-- {a, b, c} (N, D) or (D) → loss
function Triplet:updateOutput(input)
  local a, b, c = rows(self, input)
  self.output = measure(self, a, b, c).loss:sum() / (self.sizeAverage and a:size(1) or 1)
  return self.output
end

function Triplet:each(input)
  local a, b, c = rows(self, input)
  return measure(self, a, b, c).loss:view(-1)
end

-- Into out: d |d|_p / d d = sign(d) (|d| / |d|_p)^(p-1), times a factor a row. d's place is used up.
local function slope(self, out, d, n, factor)
  n = space(self, '_divisor', n):cmax(n, 1e-30)
  out:resizeAs(d):abs(d):cdiv(n:expandAs(d))
  return out:pow(self.p - 1):cmul(d:sign(d)):cmul(factor:expandAs(d))
end

function Triplet:updateGradInput(input)
  local a, b, c = rows(self, input)
  local m = measure(self, a, b, c)
  local active = space(self, '_active', m.loss):copy(couple.mask(self, '_mask'):gt(m.loss, 0))
  active:div(self.sizeAverage and a:size(1) or 1)
  local out = type(self.gradInput) == 'table' and self.gradInput or {}
  self.gradInput = out
  for i = 1, 3 do out[i] = common.buffer(out[i], a) end
  slope(self, out[1], m.ab, m.nab, active)
  out[2]:resizeAs(b):mul(out[1], -1)
  local other = m.swapped and space(self, '_other', active):cmul(active, m.swapped)
  local direct = other and active:add(-1, other) or active
  slope(self, out[3], m.ac, m.nac, direct)
  out[1]:add(-1, out[3])
  if other then
    local far = slope(self, space(self, '_slope', b), m.bc, m.nbc, other)
    out[2]:add(-1, far)
    out[3]:add(far)
  end
  for i = 1, 3 do out[i]:resize(input[i]:size()) end
  return out
end

return Triplet
