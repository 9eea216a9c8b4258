--- Tables whose gradients stand in few rows: what nn.SparseEmbedding and a sparse nn.EmbeddingBag share.
--
-- `rows` (LongTensor) lists the rows of gradWeight that may be other than 0. zeroGradParameters and updateParameters
-- look at no others, and optim.SparseAdam moves no others.
local common = require 'nn.common'

local M = {}

-- The rows of the gradient that are in use, as a LongTensor whatever type() has made of it.
local function rows_of(self)
  if torch.type(self.rows) ~= 'torch.LongTensor' then
    self.rows = self.rows and self.rows:long() or torch.LongTensor()
  end
  return self.rows
end

--- Remember that the gradient has moved in these rows (a LongTensor of one dimension).
function M.note(self, keys)
  if self.gradWeight == self.weight then return end -- a step at once: nothing is kept
  local rows = rows_of(self)
  if rows:nElement() > 0 then keys = torch.cat(rows, keys, 1) end
  self.rows = torch.unique(keys)
end

--- Give a class these methods; objects whose field `sparse` is not true keep the parent's.
function M.attach(class, parent)
  --- The gradient's rows in use, and their numbers.
  -- @return LongTensor (K), tensor (K, embeddingDim)
  function class:sparseGradient()
    local rows = rows_of(self)
    self._part = common.buffer(self._part, self.gradWeight)
    if rows:nElement() == 0 then return rows, self._part:resize(0) end
    self._part:index(self.gradWeight, 1, rows)
    return rows, self._part
  end

  function class:zeroGradParameters()
    if not self.sparse then return parent.zeroGradParameters(self) end
    local rows = rows_of(self)
    if rows:nElement() > 0 then self.gradWeight:indexFill(1, rows, 0) end
    self.rows = rows:resize(0)
  end

  function class:updateParameters(lr)
    if not self.sparse then return parent.updateParameters(self, lr) end
    lr = common.rate(self, 'updateParameters', lr)
    local rows, g = self:sparseGradient()
    if rows:nElement() > 0 then self.weight:indexAdd(1, rows, g:mul(-lr)) end
  end

  function class:type(typename, cache)
    local rows = self.rows
    if typename then self.rows, self._part = nil, nil end
    local result = parent.type(self, typename, cache)
    self.rows = rows
    return result
  end
end

return M
