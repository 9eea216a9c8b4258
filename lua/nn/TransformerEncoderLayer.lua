--- nn.TransformerEncoderLayer(width, heads, [dimFeedforward = 2048], [dropout = 0.1], [activation = 'relu'],
-- [layerNormEps = 1e-5], [batchFirst = false], [normFirst = false], [bias = true], [causal = false]), or a table of
-- these names from any place on: self-attention, then a layer of width dimFeedforward at each step, each with dropout,
-- a shortcut around it and nn.LayerNorm after it (before it with normFirst).
--
-- input (T, N, width), with batchFirst (N, T, width) → output (the same). activation: 'relu', 'gelu', 'silu', 'tanh'.
-- Masks: setMask, setKeyPaddingMask as of `attention`, the nn.MultiHeadAttention inside. The layer is an nn.Sequential.
-- @usage
-- local layer = nn.TransformerEncoderLayer(8, 2, { dimFeedforward = 16, dropout = 0 })
-- assert(layer:forward(torch.randn(5, 3, 8)):size(1) == 5)
local Encoder, parent = torch.class('nn.TransformerEncoderLayer', 'nn.Sequential')
local transformer = require 'nn.transformer'

function Encoder:__init(width, heads, ...)
  parent.__init(self)
  local o = transformer.options(torch.type(self), width, heads, false, ...)
  self.attention = transformer.attention(o, o.causal)
  self:add(transformer.residual(o, self.attention)):add(transformer.residual(o, transformer.feed_forward(o)))
end

--- As nn.MultiHeadAttention:setMask.
-- @return self
function Encoder:setMask(mask)
  self.attention:setMask(mask)
  return self
end

--- As nn.MultiHeadAttention:setKeyPaddingMask.
-- @return self
function Encoder:setKeyPaddingMask(mask)
  self.attention:setKeyPaddingMask(mask)
  return self
end

return Encoder
