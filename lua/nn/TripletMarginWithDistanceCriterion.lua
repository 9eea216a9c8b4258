--- nn.TripletMarginWithDistanceCriterion([distance = nn.PairwiseDistance(2)], [margin = 1], [swap = false],
-- [sizeAverage = true]): max(0, d(a, b) - d(a, c) + margin) for {anchor a, positive b, negative c}, d a module that
-- maps {x, y} to one number a row. swap: d(b, c) serves where it is smaller than d(a, c). Averaged over rows.
--
-- input {a, b, c}, each (N, ...) → loss; gradInput three tensors. The module is used through copies that share its
-- parameters; their gradients accumulate.
-- @usage
-- local c = nn.TripletMarginWithDistanceCriterion(nn.CosineDistance(), 0.5)
-- local loss = c:forward { torch.randn(2, 4), torch.randn(2, 4), torch.randn(2, 4) }
local Triplet, parent = torch.class('nn.TripletMarginWithDistanceCriterion', 'nn.Criterion')
local common = require 'nn.common'
local couple = require 'nn.couple'
local space = common.space

function Triplet:__init(distance, margin, swap, sizeAverage)
  parent.__init(self)
  if distance ~= nil and not torch.isTypeOf(distance, 'nn.Module') then
    error('nn.TripletMarginWithDistanceCriterion: distance: expected a module, got ' .. torch.type(distance), 2)
  end
  self.margin = common.optional(torch.type(self), 'margin', margin) or 1
  if type(self.margin) ~= 'number' then
    error('nn.TripletMarginWithDistanceCriterion: margin: expected a number, got ' .. torch.type(margin), 2)
  end
  distance = distance or nn.PairwiseDistance(2)
  self.distances = { distance, distance:sharedClone(), distance:sharedClone() }
  self.swap = swap or false
  self.sizeAverage = sizeAverage ~= false
  self.gradInput = {}
end

local pairs_of = { { 1, 2 }, { 1, 3 }, { 2, 3 } }

-- The distance of pair k, a row each.
local function measure(self, input, k)
  local i, j = pairs_of[k][1], pairs_of[k][2]
  return self.distances[k]:forward { input[i], input[j] }:contiguous():view(-1)
end

local function check(self, input)
  local fits = type(input) == 'table'
  for i = 1, 3 do fits = fits and common.istensor(input[i]) and input[i]:isSameSizeAs(input[1]) end
  if not fits then common.expected(self, 'a table of three tensors of equal sizes', input) end
end

--- The losses of the rows; keeps which of them count and which take d(b, c).
function Triplet:each(input)
  check(self, input)
  local near, far = measure(self, input, 1), measure(self, input, 2)
  if self.swap then
    local other = measure(self, input, 3)
    space(self, '_swapped', far):copy(couple.mask(self, '_mask'):lt(other, far))
    far = space(self, '_far', far):cmin(far, other)
  end
  local loss = space(self, '_loss', near):add(near, -1, far):add(self.margin):cmax(0)
  space(self, '_active', loss):copy(couple.mask(self, '_mask'):gt(loss, 0))
  return loss
end

-- {a, b, c} → loss
function Triplet:updateOutput(input)
  local loss = self:each(input)
  self.output = loss:sum() / (self.sizeAverage and loss:nElement() or 1)
  return self.output
end

function Triplet:updateGradInput(input)
  check(self, input)
  if not self._active or self._active:nElement() == 0 then self:updateOutput(input) end
  local near = space(self, '_near', self._active):copy(self._active)
  if self.sizeAverage then near:div(near:nElement()) end
  for i = 1, 3 do
    self.gradInput[i] = common.buffer(self.gradInput[i], input[i])
    self.gradInput[i]:resizeAs(input[i]):zero()
  end
  local parts = { near, space(self, '_direct', near):mul(near, -1) }
  if self.swap then
    parts[3] = space(self, '_other', near):cmul(parts[2], self._swapped)
    parts[2]:add(-1, parts[3])
  end
  for k, part in ipairs(parts) do
    local i, j = pairs_of[k][1], pairs_of[k][2]
    local d = self.distances[k]
    local dx = d:backward({ input[i], input[j] }, part:view(d.output:size()))
    self.gradInput[i]:add(dx[1])
    self.gradInput[j]:add(dx[2])
  end
  return self.gradInput
end

function Triplet:type(typename, cache)
  self._mask = nil
  return parent.type(self, typename, cache)
end

return Triplet
