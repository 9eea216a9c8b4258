--- nn.PoolIndices(pool): a max pooling layer that gives {values, positions}, what PyTorch's returnIndices asks for.
--
-- input as the layer's → {its output, positions (LongTensor of the same sizes, from 1 in their plane)}. gradOutput: a
-- table whose first entry is the values' gradient, or that gradient. The layer may stand in nn.OneRow.
-- @usage local y = nn.PoolIndices(nn.SpatialMaxPooling(2, 2)):forward(torch.randn(3, 4, 4)); print(y[2])
local PoolIndices, parent = torch.class('nn.PoolIndices', 'nn.Decorator')

local function positions(self, y)
  local pool = self.modules[1]
  if torch.isTypeOf(pool, 'nn.OneRow') then pool = pool:get(1) end
  local at = pool.indices
  if not torch.isTensor(at) then
    error(('%s: expected a layer with positions (indices), got %s'):format(torch.type(self), torch.type(pool)), 0)
  end
  at = at:type() == 'torch.LongTensor' and at or at:long()
  return at:isSameSizeAs(y) and at or at:contiguous():view(y:size())
end

function PoolIndices:updateOutput(input)
  local y = self:rethrowErrors(self.modules[1], 1, 'updateOutput', input)
  self.output = { y, positions(self, y) }
  return self.output
end

local function values(g) return type(g) == 'table' and g[1] or g end

function PoolIndices:updateGradInput(input, gradOutput)
  return parent.updateGradInput(self, input, values(gradOutput))
end

function PoolIndices:accGradParameters(input, gradOutput, scale)
  parent.accGradParameters(self, input, values(gradOutput), scale)
end

return PoolIndices
