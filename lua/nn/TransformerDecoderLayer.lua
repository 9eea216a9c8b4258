--- nn.TransformerDecoderLayer(width, heads, [dimFeedforward = 2048], [dropout = 0.1], [activation = 'relu'],
-- [layerNormEps = 1e-5], [batchFirst = false], [normFirst = false], [bias = true], [causal = true]), or a table of
-- these names from any place on: self-attention, attention to the encoder's output, then a layer of width
-- dimFeedforward at each step, each with dropout, a shortcut around it and nn.LayerNorm after it (before it with
-- normFirst).
--
-- input {x, memory}: x (T, N, width), memory (S, N, width), with batchFirst N first → output like x; gradInput
-- {dx, dmemory}. causal: a step attends to itself and earlier ones only. Masks: setMask, setKeyPaddingMask of
-- `attention`, setMemoryMask, setMemoryKeyPaddingMask of `memoryAttention`. The layer is an nn.Sequential.
-- @usage
-- local layer = nn.TransformerDecoderLayer(8, 2, { dimFeedforward = 16, dropout = 0 })
-- assert(layer:forward({ torch.randn(5, 3, 8), torch.randn(7, 3, 8) }):size(1) == 5)
local Decoder, parent = torch.class('nn.TransformerDecoderLayer', 'nn.Sequential')
local transformer = require 'nn.transformer'

function Decoder:__init(width, heads, ...)
  parent.__init(self)
  local o = transformer.options(torch.type(self), width, heads, true, ...)
  self.attention = transformer.attention(o, o.causal)
  self.memoryAttention = transformer.attention(o)
  self:add(nn.ParallelTable():add(transformer.residual(o, self.attention)):add(nn.Identity()))
    :add(transformer.residual_pair(o, self.memoryAttention)):add(transformer.residual(o, transformer.feed_forward(o)))
end

for name, field in pairs { setMask = 'attention', setMemoryMask = 'memoryAttention' } do
  Decoder[name] = function(self, mask)
    self[field]:setMask(mask)
    return self
  end
end
for name, field in pairs { setKeyPaddingMask = 'attention', setMemoryKeyPaddingMask = 'memoryAttention' } do
  Decoder[name] = function(self, mask)
    self[field]:setKeyPaddingMask(mask)
    return self
  end
end

return Decoder
