--- nn.SparseEmbedding(numEmbeddings, embeddingDim, [paddingIdx], [maxNorm], [normType = 2]): an nn.LookupTable whose
-- steps cost what the batch picks, not what the table holds: what nn.Embedding makes with sparse = true.
--
-- input: indices (T) or (N, T), 1..numEmbeddings → output (..., embeddingDim), row i of the weight for index i. The
-- gradient stands in gradWeight, as of nn.LookupTable; `rows` (LongTensor) lists which rows of it may be other than 0:
-- zeroGradParameters and updateParameters look at no others, and optim.SparseAdam moves no others. Optimisers over
-- flattened parameters go through all of it.
-- @usage
-- local table_ = nn.SparseEmbedding(100000, 8)
-- local x = torch.LongTensor { 7, 7, 99999 }
-- table_:backward(x, table_:forward(x))
-- assert(table_.rows:nElement() == 2)
-- table_:updateParameters(0.1)
local Sparse, parent = torch.class('nn.SparseEmbedding', 'nn.LookupTable')
local common = require 'nn.common'

Sparse.sparse = true

function Sparse:__init(numEmbeddings, embeddingDim, paddingIdx, maxNorm, normType)
  parent.__init(self, numEmbeddings, embeddingDim, paddingIdx, maxNorm, normType)
  self.rows = torch.LongTensor()
end

-- The rows of the gradient that are in use, as a LongTensor whatever type() has made of it.
local function rows_of(self)
  if torch.type(self.rows) ~= 'torch.LongTensor' then
    self.rows = self.rows and self.rows:long() or torch.LongTensor()
  end
  return self.rows
end

function Sparse:accGradParameters(input, gradOutput, scale)
  parent.accGradParameters(self, input, gradOutput, scale)
  if self.gradWeight == self.weight then return end -- a step at once: nothing is kept
  local rows = rows_of(self)
  local keys = self:makeInputContiguous(input):view(-1)
  if rows:nElement() > 0 then keys = torch.cat(rows, keys, 1) end
  self.rows = torch.unique(keys)
end

--- The gradient's rows in use, and their numbers.
-- @return LongTensor (K), tensor (K, embeddingDim)
function Sparse:sparseGradient()
  local rows = rows_of(self)
  self._part = common.buffer(self._part, self.gradWeight)
  if rows:nElement() == 0 then return rows, self._part:resize(0) end
  self._part:index(self.gradWeight, 1, rows)
  return rows, self._part
end

function Sparse:zeroGradParameters()
  local rows = rows_of(self)
  if rows:nElement() > 0 then self.gradWeight:indexFill(1, rows, 0) end
  self.rows = rows:resize(0)
end

function Sparse:updateParameters(lr)
  if not tonumber(lr) then error('nn.SparseEmbedding: updateParameters: a learning rate expected', 2) end
  local rows, g = self:sparseGradient()
  if rows:nElement() > 0 then self.weight:indexAdd(1, rows, g:mul(-lr)) end
end

function Sparse:type(typename, cache)
  local rows = self.rows
  if typename then self.rows, self._part = nil, nil end
  local result = parent.type(self, typename, cache)
  self.rows = rows
  return result
end

function Sparse:clearState()
  self._part = nil
  return parent.clearState(self)
end

return Sparse
