--- nn.CosineSimilarity([dim = 2], [eps = 1e-8]): the cosine of the angle between two tensors along a dimension,
-- y = Σ a b / max(‖a‖ ‖b‖, eps).
--
-- {a, b}, equal sizes → output without dimension dim (of one element where that is the only one). dim counts from 1,
-- from the end when negative. (nn.CosineDistance is Torch7's, for vectors and batches of them.)
-- @usage local y = nn.CosineSimilarity(3):forward { torch.randn(2, 4, 5), torch.randn(2, 4, 5) } -- 2 x 4
local Cosine, parent = torch.class('nn.CosineSimilarity', 'nn.Module')
local common = require 'nn.common'
local couple = require 'nn.couple'
local options = require 'nn.options'
local buffer = common.buffer

function Cosine:__init(...)
  parent.__init(self)
  local o = options.read('nn.CosineSimilarity', { 'dim', 'eps' }, ...)
  self.dim = options.number('nn.CosineSimilarity', 'dim', o.dim, 2)
  if self.dim == 0 or self.dim % 1 ~= 0 then
    options.refuse('nn.CosineSimilarity', 'dim', 'a dimension, from 1 or from the end', self.dim)
  end
  self.eps = options.number('nn.CosineSimilarity', 'eps', o.eps, 1e-8)
  self.gradInput = {}
end

local function check(self, input)
  if type(input) ~= 'table' or not common.istensor(input[1]) or not common.istensor(input[2]) then
    common.expected(self, 'a table of two tensors', input)
  end
  local a, b = input[1], input[2]
  local dim = self.dim < 0 and a:dim() + self.dim + 1 or self.dim
  if dim < 1 or dim > a:dim() then common.expected(self, ('input with dimension %d'):format(self.dim), a) end
  if not a:isSameSizeAs(b) then common.expected(self, 'two tensors of ' .. common.shape(a), b) end
  return a, b, dim
end

-- Sums of products along the dimension, into self[name].
local function dot(self, name, a, b, dim)
  self._product = buffer(self._product, a)
  self._product:resizeAs(a):cmul(a, b)
  self[name] = buffer(self[name], a)
  return self[name]:sum(self._product, dim)
end

local function measure(self, a, b, dim)
  local ab, aa, bb = dot(self, '_ab', a, b, dim), dot(self, '_aa', a, a, dim), dot(self, '_bb', b, b, dim)
  self._norms = buffer(self._norms, a)
  local norms = self._norms:resizeAs(aa):cmul(aa, bb):sqrt():cmax(self.eps)
  return ab, aa, bb, norms
end

function Cosine:updateOutput(input)
  local a, b, dim = check(self, input)
  local ab, _, _, norms = measure(self, a, b, dim)
  self.output = buffer(self.output, a)
  self.output:cdiv(ab, norms)
  if a:dim() == 1 then
    self.output:resize(1)
  else
    self.output:set(self.output:select(dim, 1))
  end
  return self.output
end

-- dy/da = b / norms - y a / ‖a‖², where the norms are above eps
local function gradient(self, out, x, other, y, square, norms, g)
  out:resizeAs(x):cdiv(other, norms:expandAs(x))
  self._share = buffer(self._share, x)
  local share = self._share:resizeAs(y):copy(square):cmax(1e-300):pow(-1):cmul(y)
  share:cmul(self._free)
  out:addcmul(-1, x, share:expandAs(x))
  return out:cmul(g:expandAs(x))
end

function Cosine:updateGradInput(input, gradOutput)
  local a, b, dim = check(self, input)
  local ab, aa, bb, norms = measure(self, a, b, dim)
  common.check_tensor(self, gradOutput, 'gradOutput')
  if gradOutput:nElement() ~= ab:nElement() then
    common.expected(self, ('gradOutput of %d elements'):format(ab:nElement()), gradOutput)
  end
  local g = gradOutput:contiguous():view(ab:size())
  self._free = buffer(self._free, a)
  self._free:resizeAs(norms):copy(couple.mask(self, '_above'):gt(norms, self.eps))
  local y = ab:cdiv(norms)
  self.gradInput[1], self.gradInput[2] = buffer(self.gradInput[1], a), buffer(self.gradInput[2], a)
  gradient(self, self.gradInput[1], a, b, y, aa, norms, g)
  gradient(self, self.gradInput[2], b, a, y, bb, norms, g)
  return self.gradInput
end

function Cosine:type(typename, cache)
  if typename then self._above = nil end
  return parent.type(self, typename, cache)
end

function Cosine:clearState()
  self._above = nil
  nn.utils.clear(self, '_product', '_ab', '_aa', '_bb', '_norms', '_share', '_free')
  return parent.clearState(self)
end

function Cosine:__tostring__() return ('%s(%d)'):format(torch.type(self), self.dim) end

return Cosine
