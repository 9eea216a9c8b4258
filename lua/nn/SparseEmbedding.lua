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
local sparse_rows = require 'nn.sparse_rows'

Sparse.sparse = true
sparse_rows.attach(Sparse, parent)

function Sparse:__init(numEmbeddings, embeddingDim, paddingIdx, maxNorm, normType)
  parent.__init(self, numEmbeddings, embeddingDim, paddingIdx, maxNorm, normType)
  self.rows = torch.LongTensor()
end

function Sparse:accGradParameters(input, gradOutput, scale)
  parent.accGradParameters(self, input, gradOutput, scale)
  sparse_rows.note(self, self:makeInputContiguous(input):view(-1))
end

function Sparse:clearState()
  self._part = nil
  return parent.clearState(self)
end

return Sparse
