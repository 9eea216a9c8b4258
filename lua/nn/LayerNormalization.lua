--- nn.LayerNormalization(n, [bias = 0], [eps = 1e-10], [affine = true]): each sample less its mean, divided by its
-- standard deviation, times a learnt gain plus a learnt bias.
--
-- Shapes: input (N, n); output the same. A chain of simpler modules; the gain (n) starts at 1, the bias (n) at `bias`.
-- Ba et al. 2016, Layer Normalization. A fault of Torch7's is kept, since saved networks were trained with it: the
-- means (N) are repeated as (n, N) and taken off element after element, so that in a batch a sample loses means of
-- others, too; one sample, (1, n), is centred as it should be.
-- @usage nn.LayerNormalization(3):forward(torch.randn(2, 3))
local LayerNormalization, parent = torch.class('nn.LayerNormalization', 'nn.Sequential')

function LayerNormalization:__init(n, bias, eps, affine)
  parent.__init(self)
  if type(n) ~= 'number' or n < 1 then
    error('nn.LayerNormalization: expected the number of elements, got ' .. tostring(n), 2)
  end
  eps = eps or 1e-10
  local mean = nn.Sequential():add(nn.Mean(2)):add(nn.Replicate(n))
  self:add(nn.ConcatTable():add(nn.Identity()):add(mean))
  self:add(nn.CSubTable())
  self:add(nn.Normalize(2, eps))
  self:add(nn.MulConstant(math.sqrt(n)))
  if affine ~= false then
    local gain, shift = nn.CMul(n), nn.Add(n)
    gain.weight:fill(1)
    shift.bias:fill(bias or 0)
    self:add(gain):add(shift)
  end
end

return LayerNormalization
