--- nn.ClassSimplexCriterion(nClasses): mean squared distance of x from the corner of a regular simplex that stands for
-- the class. The corners are unit vectors, equally far from each other; x has nClasses numbers, of which the last stays
-- near 0.
-- input x (nClasses) or (N, nClasses), target a class from 1 or (N) of them → loss, a number.
-- @usage local loss = nn.ClassSimplexCriterion(3):forward(torch.randn(2, 3), torch.LongTensor{1, 3})
local ClassSimplex, parent = torch.class('nn.ClassSimplexCriterion', 'nn.MSECriterion')
local common = require 'nn.common'
local labels = require 'nn.labels'

-- n + 1 unit vectors of n numbers with equal inner products of -1/n, row by row. Column k is chosen so that row k gets
-- norm 1, and the rows below it the inner product.
local function simplex(n)
  local a = torch.zeros(n + 1, n)
  for k = 1, n do
    local rest = k > 1 and a[{ k, { 1, k - 1 } }]:norm() or 0
    a[k][k] = math.sqrt(1 - rest ^ 2)
    a[{ { k + 1, n + 1 }, k }]:fill((a[k][k] ^ 2 - 1 - 1 / n) / a[k][k])
  end
  return a
end

function ClassSimplex:__init(nClasses)
  parent.__init(self)
  if type(nClasses) ~= 'number' or nClasses < 2 or nClasses % 1 ~= 0 then
    error('nn.ClassSimplexCriterion: expected the number of classes, 2 or more, got ' .. tostring(nClasses), 2)
  end
  self.nClasses = nClasses
  self.simplex = torch.cat(simplex(nClasses - 1), torch.zeros(nClasses, 1), 2)
  self._target = torch.Tensor(nClasses)
end

local function corners(self, input, target)
  local n = self.nClasses
  common.check_dims(self, input, 1, 2, ('input [N x %d] or [%d]'):format(n, n))
  if input:size(input:dim()) ~= n then common.expected(self, ('input [N x %d] or [%d]'):format(n, n), input) end
  local classes = labels.long(self, target, '_classes')
  labels.check(self, classes, input:dim() == 2 and input:size(1) or 1, n)
  self._target = common.buffer(self._target, self.simplex)
  self._target:index(self.simplex, 1, classes:contiguous():view(-1))
  return input:dim() == 1 and self._target[1] or self._target
end

-- input (N, n) or (n), target classes from 1 → loss
function ClassSimplex:updateOutput(input, target)
  self.output = parent.updateOutput(self, input, corners(self, input, target))
  return self.output
end

function ClassSimplex:each(input, target) return parent.each(self, input, corners(self, input, target)) end

function ClassSimplex:updateGradInput(input, target)
  return parent.updateGradInput(self, input, corners(self, input, target))
end

--- Inner product of each input with each corner.
-- @param input (N, n) or (n)
-- @return N x n
function ClassSimplex:getPredictions(input)
  common.check_dims(self, input, 1, 2, 'input [N x n] or [n]')
  return torch.mm(input:dim() == 1 and input:view(1, -1) or input, self.simplex:t())
end

--- The class whose corner is nearest.
-- @return LongTensor of N classes
function ClassSimplex:getTopPrediction(input)
  local _, best = self:getPredictions(input):max(2)
  return best:view(-1)
end

return ClassSimplex
