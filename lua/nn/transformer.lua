--- What nn.TransformerEncoderLayer and nn.TransformerDecoderLayer share: options, and the blocks they are made of.
local options = require 'nn.options'

local M = {}

local activations = { relu = 'ReLU', gelu = 'GELU', silu = 'SiLU', tanh = 'Tanh' }
local names = { 'width|dModel', 'heads|nhead', 'dimFeedforward', 'dropout', 'activation', 'layerNormEps', 'batchFirst',
  'normFirst', 'bias', 'causal' }

--- Read the arguments that follow width and heads.
-- @param causal its default
function M.options(who, width, heads, causal, ...)
  local o = options.read(who, names, width, heads, ...)
  width, heads = o.width, o.heads
  local out = { width = options.count(who, 'width', width), heads = options.count(who, 'heads', heads) }
  if width % heads ~= 0 then options.refuse(who, 'heads', 'a divisor of ' .. width, heads) end
  out.inner = options.count(who, 'dimFeedforward', o.dimFeedforward or 2048)
  out.dropout = options.fraction(who, 'dropout', o.dropout or 0.1)
  out.activation = activations[o.activation or 'relu']
  if not out.activation then
    options.refuse(who, 'activation', "'relu', 'gelu', 'silu' or 'tanh'", o.activation)
  end
  out.eps = options.number(who, 'layerNormEps', o.layerNormEps, 1e-5)
  out.batchFirst = options.flag(who, 'batchFirst', o.batchFirst, false)
  out.normFirst = options.flag(who, 'normFirst', o.normFirst, false)
  out.bias = options.flag(who, 'bias', o.bias, true)
  out.causal = options.flag(who, 'causal', o.causal, causal)
  return out
end

--- Attention with the layer's options.
function M.attention(o, causal)
  return nn.MultiHeadAttention(o.width, o.heads, { dropout = o.dropout, bias = o.bias, batchFirst = o.batchFirst,
    causal = causal })
end

--- Linear, activation, Linear, on each step.
function M.feed_forward(o)
  local inner = nn.Sequential():add(nn.Linear(o.width, o.inner, o.bias)):add(nn[o.activation]())
  if o.dropout > 0 then inner:add(nn.Dropout(o.dropout)) end
  return nn.Bottle(inner:add(nn.Linear(o.inner, o.width, o.bias)))
end

function M.norm(o) return nn.LayerNorm(o.width, o.eps, true, o.bias) end

local function dropped(o, module)
  return o.dropout > 0 and nn.Sequential():add(module):add(nn.Dropout(o.dropout)) or module
end

--- Of one tensor: norm(x + block(x)), or x + block(norm(x)) with normFirst.
function M.residual(o, block)
  local net = nn.Sequential()
  local path = o.normFirst and nn.Sequential():add(M.norm(o)):add(dropped(o, block)) or dropped(o, block)
  net:add(nn.ConcatTable():add(nn.Identity()):add(path)):add(nn.CAddTable())
  return o.normFirst and net or net:add(M.norm(o))
end

--- Of {x, memory}: the same with block({x, memory}).
function M.residual_pair(o, block)
  local path = dropped(o, block)
  if o.normFirst then
    path = nn.Sequential():add(nn.ParallelTable():add(M.norm(o)):add(nn.Identity())):add(path)
  end
  local net = nn.Sequential():add(nn.ConcatTable():add(nn.SelectTable(1)):add(path)):add(nn.CAddTable())
  return o.normFirst and net or net:add(M.norm(o))
end

--- Check the arguments of a stack of layers.
function M.check_stack(who, class, layer, numLayers, norm)
  if not torch.isTypeOf(layer, class) then options.refuse(who, 'layer', 'a module ' .. class, layer) end
  options.count(who, 'numLayers', numLayers, 1, 10000) -- each is a copy: what no memory holds is refused at once
  if norm ~= nil and not torch.isTypeOf(norm, 'nn.Module') then options.refuse(who, 'norm', 'a module', norm) end
end

return M
