--- nn.UnreducedCriterion(criterion): the losses of a criterion one by one instead of their mean or sum: what PyTorch
-- calls reduction = 'none'.
--
-- forward(input, target) → a tensor: of the input's sizes for criterions that compare element with element, one a
-- sample (N), or one a position (N, H, W), for those that look at a sample's classes or at pairs. backward(input,
-- target, [g = 1]): the gradient of sum(g · losses); g a number, or a tensor of as many elements as there are losses.
-- The criterion inside is one of nn's that are sums over losses; from here on it sums.
-- @usage
-- local c = nn.UnreducedCriterion(nn.CrossEntropyCriterion())
-- local losses = c:forward(torch.randn(2, 3), torch.LongTensor { 1, 3 })
-- local dx = c:backward(torch.randn(2, 3), torch.LongTensor { 1, 3 }, torch.Tensor { 0.5, 2 })
local Unreduced, parent = torch.class('nn.UnreducedCriterion', 'nn.Criterion')
local common = require 'nn.common'

-- Let a criterion sum.
local function summing(criterion)
  if criterion.reduction ~= nil then criterion.reduction = 'sum' else criterion.sizeAverage = false end
  for _, c in ipairs(criterion.criterions or {}) do summing(c) end
end

function Unreduced:__init(criterion)
  parent.__init(self)
  if not torch.isTypeOf(criterion, 'nn.Criterion') then
    error('nn.UnreducedCriterion: expected a criterion, got ' .. torch.type(criterion), 2)
  elseif not criterion.each then
    error(('nn.UnreducedCriterion: %s has no losses one by one'):format(torch.type(criterion)), 2)
  end
  summing(criterion)
  self.criterion = criterion
  self.output = torch.Tensor()
end

-- input, target → losses
function Unreduced:updateOutput(input, target)
  self.output = self.criterion:each(input, target)
  return self.output
end

-- g as a view that expands to dx: one a sample or a position of it.
local function spread(self, g, dx)
  if dx:isSameSizeAs(g) then return g end
  local sizes, n = torch.LongStorage(dx:dim()):fill(1), g:dim()
  if n == 1 then
    sizes[self.criterion.sampleDim or 1] = g:size(1)
  elseif n == dx:dim() - 1 then
    for d = 1, n do sizes[d == 1 and 1 or d + 1] = g:size(d) end
  else
    return nil
  end
  for d = 1, dx:dim() do
    if sizes[d] ~= 1 and sizes[d] ~= dx:size(d) then return nil end
  end
  return g:view(sizes):expandAs(dx)
end

local function weigh(self, dx, g)
  if type(dx) == 'table' then
    for _, t in ipairs(dx) do weigh(self, t, g) end
  elseif g:nElement() == 1 then
    dx:mul(g:sum())
  else
    local factors = spread(self, g, dx)
    if not factors then common.expected(self, 'one number a loss as gradOutput', g) end
    dx:cmul(factors)
  end
end

function Unreduced:updateGradInput(input, target, g)
  self.gradInput = self.criterion:updateGradInput(input, target)
  if g == nil then return self.gradInput end
  if type(g) == 'number' then
    g = self.output.new { g }
  elseif not common.istensor(g) then
    common.expected(self, 'a number or a tensor as gradOutput', g)
  elseif g.dt ~= self.output.dt then
    g = g:type(self.output:type())
  end
  local n = self.output:nElement()
  if g:nElement() ~= 1 and g:nElement() ~= n then common.expected(self, ('gradOutput of %d elements'):format(n), g) end
  if g:nElement() == n and not g:isSameSizeAs(self.output) then g = g:reshape(self.output:size()) end
  weigh(self, self.gradInput, g:contiguous())
  return self.gradInput
end

--- The gradient of sum(g · losses).
-- @param input as of forward
-- @param target as of forward
-- @param[opt=1] g a number or a tensor
function Unreduced:backward(input, target, g) return self:updateGradInput(input, target, g) end

function Unreduced:type(typename, cache)
  self.criterion:type(typename, cache)
  return parent.type(self, typename, cache)
end

function Unreduced:__tostring__() return ('%s(%s)'):format(torch.type(self), torch.type(self.criterion)) end

return Unreduced
