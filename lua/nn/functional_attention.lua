--- nn.functional.scaled_dot_product_attention and multi_head_attention_forward.
local bare = require 'nn.bare'
local joined = require('torch.check').joined
local options = require 'nn.options'

local M = {}

local function insist(who, name, x, dims)
  if not torch.isTensor(x) then options.refuse(who, name, 'a tensor', x) end
  if dims and x:dim() < dims then options.refuse(who, name, ('%d dimensions or more'):format(dims), x:dim()) end
  return x
end

-- The sizes that lists of sizes broadcast to, aligned at their ends; nil where they do not.
local function common_sizes(lists)
  local n, out = 0, {}
  for _, s in ipairs(lists) do n = math.max(n, #s) end
  for i = 1, n do
    out[i] = 1
    for _, s in ipairs(lists) do
      local size = s[i - n + #s] or 1
      if size ~= 1 and out[i] ~= 1 and size ~= out[i] then return nil end
      if size ~= 1 then out[i] = size end
    end
  end
  return out
end

-- x with leading dimensions of 1 and expanded to sizes.
local function expanded(x, sizes)
  local s = x:size():totable()
  while #s < #sizes do table.insert(s, 1, 1) end
  return x:contiguous():view(unpack(s)):expand(unpack(sizes))
end

local function batch_of(x)
  local s = x:size():totable()
  s[#s], s[#s - 1] = nil, nil
  return s
end

-- x (..., A, B) as (B', A, B), its batch repeated to `batch`.
local function flat(x, batch)
  local a, b = x:size(x:dim() - 1), x:size(x:dim())
  local sizes = { unpack(batch) }
  sizes[#sizes + 1], sizes[#sizes + 2] = a, b
  return expanded(x, sizes):contiguous():view(-1, a, b)
end

-- Each of the heads in dimension -3 as many times in a row as makes `heads` of them.
local function grouped(who, x, name, heads)
  local n = x:dim()
  if n < 3 or heads % x:size(n - 2) ~= 0 then
    options.refuse(who, name, ('a number of heads that divides %d'):format(heads), n > 2 and x:size(n - 2) or x)
  end
  local sizes = x:size():totable()
  local own = sizes[n - 2]
  table.insert(sizes, n - 1, 1)
  x = x:contiguous():view(unpack(sizes))
  sizes[n - 1] = heads / own
  x = x:expand(unpack(sizes)):contiguous()
  table.remove(sizes, n - 1)
  sizes[n - 2] = heads
  return x:view(unpack(sizes))
end

-- The mask as nn.ScaledDotProductAttention takes it: bytes of what is hidden, or numbers; (L, S) or (B, L, S).
local function mask_of(who, mask, batch, L, S)
  if torch.isTypeOf(insist(who, 'attnMask', mask), 'torch.ByteTensor') then mask = mask:eq(0) end
  local own = mask:size():totable()
  local sizes = { unpack(batch) }
  if #own < 3 then sizes = {} end
  sizes[#sizes + 1], sizes[#sizes + 2] = L, S
  local fits = common_sizes { own, sizes }
  if not fits or #fits > #sizes then
    options.refuse(who, 'attnMask', 'sizes that broadcast to ' .. table.concat(sizes, ' x '), table.concat(own, ' x '))
  end
  for i, size in ipairs(sizes) do
    if fits[i] ~= size then
      options.refuse(who, 'attnMask', 'sizes that broadcast to ' .. table.concat(sizes, ' x '),
        table.concat(own, ' x '))
    end
  end
  mask = expanded(mask, sizes)
  return #sizes > 2 and mask:contiguous():view(-1, L, S) or mask
end

--- softmax(q kᵀ scale) v: q (..., L, d), k (..., S, d), v (..., S, e) → (..., L, e); what stands before the last two
-- sizes broadcasts.
-- mask: bytes where 1 lets a query see a key, as PyTorch's, or numbers that are added to the scores; of sizes that
-- broadcast to (..., L, S). isCausal: query i sees the first i keys. enableGqa: k and v have fewer heads, dimension -3,
-- each of which serves several of q's. A query that may see nothing gets 0.
-- @function scaled_dot_product_attention
-- @usage
-- local q, k = torch.randn(2, 3, 4), torch.randn(2, 5, 4)
-- local y = nn.functional.scaled_dot_product_attention(q, k, k)
function M.scaled_dot_product_attention(q, k, v, ...)
  local who = 'nn.functional.scaled_dot_product_attention'
  local o = options.read(who, { 'attnMask', 'dropoutP', 'isCausal', 'scale', 'enableGqa' }, ...)
  insist(who, 'query', q, 2)
  insist(who, 'key', k, 2)
  insist(who, 'value', v, 2)
  if options.flag(who, 'enableGqa', o.enableGqa, false) then
    local heads = insist(who, 'query', q, 3):size(q:dim() - 2)
    k, v = grouped(who, k, 'key', heads), grouped(who, v, 'value', heads)
  end
  local batch = common_sizes { batch_of(q), batch_of(k), batch_of(v) }
  if not batch then
    options.refuse(who, 'key', 'as many matrices as of queries and values', joined(k:size(), ' x '))
  end
  local L, S, mask = q:size(q:dim() - 1), k:size(k:dim() - 1), o.attnMask
  if options.flag(who, 'isCausal', o.isCausal, false) then
    if mask ~= nil then options.refuse(who, 'attnMask', 'none with isCausal', mask) end
    mask = torch.ByteTensor(L, S):fill(1):tril()
  end
  local m = nn.ScaledDotProductAttention(o.dropoutP or 0, false, o.scale)
  if mask ~= nil then m:setMask(mask_of(who, mask, batch, L, S)) end
  local y = m:forward { flat(q, batch), flat(k, batch), flat(v, batch) }
  batch[#batch + 1], batch[#batch + 2] = L, v:size(v:dim())
  return y:view(unpack(batch))
end

local arguments = { 'embedDimToCheck', 'numHeads', 'inProjWeight', 'inProjBias', 'biasK', 'biasV', 'addZeroAttn',
  'dropoutP', 'outProjWeight', 'outProjBias', 'training', 'keyPaddingMask', 'needWeights', 'attnMask',
  'useSeparateProjWeight', 'qProjWeight', 'kProjWeight', 'vProjWeight', 'averageAttnWeights', 'isCausal' }

-- The three projections' weights and biases.
local function projections(who, o, E)
  local weights, biases = {}, {}
  if options.flag(who, 'useSeparateProjWeight', o.useSeparateProjWeight, false) then
    weights = { o.qProjWeight, o.kProjWeight, o.vProjWeight }
  elseif insist(who, 'inProjWeight', o.inProjWeight, 2):size(1) ~= 3 * E then
    options.refuse(who, 'inProjWeight', ('%d rows'):format(3 * E), o.inProjWeight:size(1))
  else
    for i = 1, 3 do weights[i] = o.inProjWeight:narrow(1, (i - 1) * E + 1, E) end
  end
  for i, name in ipairs { 'qProjWeight', 'kProjWeight', 'vProjWeight' } do
    if insist(who, name, weights[i], 2):size(1) ~= E then
      options.refuse(who, name, ('%d rows'):format(E), weights[i]:size(1))
    end
  end
  if o.inProjBias ~= nil then
    if insist(who, 'inProjBias', o.inProjBias):nElement() ~= 3 * E then
      options.refuse(who, 'inProjBias', ('%d elements'):format(3 * E), o.inProjBias:nElement())
    end
    for i = 1, 3 do biases[i] = o.inProjBias:narrow(1, (i - 1) * E + 1, E) end
  end
  return weights, biases
end

-- An nn.MultiHeadAttention of the weights given.
local function module_of(who, o, q)
  local E = q:size(q:dim())
  local weights, biases = projections(who, o, E)
  weights[4], biases[4] = insist(who, 'outProjWeight', o.outProjWeight, 2), o.outProjBias
  local modules, widths = {}, {}
  for i = 1, 4 do
    modules[i] = bare('Linear', q, { weight = weights[i]:contiguous(), bias = biases[i], addBuffer = q.new() })
    widths[i] = i < 4 and weights[i]:size(2) or nil
  end
  for i, name in ipairs { 'biasK', 'biasV' } do
    if o[name] ~= nil then
      modules[4 + i] = bare('Parameter', q, { weight = insist(who, name, o[name]):contiguous():view(1, -1) })
    end
  end
  if #modules == 5 then options.refuse(who, 'biasV', 'a tensor where biasK is one', o.biasV) end
  return bare('MultiHeadAttention', q, { modules = modules, embedDim = E, numHeads = o.numHeads, widths = widths,
    dropout = options.fraction(who, 'dropoutP', o.dropoutP or 0), addBiasKv = #modules > 4, batchFirst = false,
    addZeroAttn = options.flag(who, 'addZeroAttn', o.addZeroAttn, false), needWeights = false, causal = false,
    train = options.flag(who, 'training', o.training, true), state = {} })
end

--- Attention of several heads with the weights given: nn.MultiHeadAttention, in PyTorch's order of arguments (staticK
-- and staticV are not taken).
-- @function multi_head_attention_forward
-- @param query (L, N, E) or (L, E)
-- @param key (S, N, kdim) or (S, kdim)
-- @param value (S, N, vdim) or (S, vdim)
-- @param ... embedDimToCheck (E), numHeads, inProjWeight (3E, E), inProjBias, biasK, biasV, addZeroAttn, dropoutP,
-- outProjWeight, outProjBias, [training = true], [keyPaddingMask], [needWeights = true], [attnMask],
-- [useSeparateProjWeight = false], [qProjWeight], [kProjWeight], [vProjWeight], [averageAttnWeights = true],
-- [isCausal = false]; in masks of bytes 1 hides
-- @return (L, N, E); the weights (N, L, S), averaged over heads or (N, heads, L, S), or nil
-- @usage
-- local x, w = torch.randn(3, 2, 4), torch.randn(12, 4)
-- local y = nn.functional.multi_head_attention_forward(x, x, x, 4, 2, w, nil, nil, nil, false, 0, torch.randn(4, 4))
function M.multi_head_attention_forward(query, key, value, ...)
  local who = 'nn.functional.multi_head_attention_forward'
  local o = options.read(who, arguments, ...)
  local single = insist(who, 'query', query, 2):dim() == 2
  local list = { query, insist(who, 'key', key, 2), insist(who, 'value', value, 2) }
  local E = query:size(query:dim())
  if o.embedDimToCheck ~= nil and o.embedDimToCheck ~= E then
    options.refuse(who, 'embedDimToCheck', ('%d, the size of queries'):format(E), o.embedDimToCheck)
  elseif E % options.count(who, 'numHeads', o.numHeads) ~= 0 then
    options.refuse(who, 'numHeads', ('a divisor of %d'):format(E), o.numHeads)
  end
  local m = module_of(who, o, query)
  local padding, mask = o.keyPaddingMask, o.attnMask
  if single then
    for i = 1, 3 do list[i] = list[i]:contiguous():view(list[i]:size(1), 1, -1) end
    if torch.isTensor(padding) and padding:dim() == 1 then padding = padding:contiguous():view(1, -1) end
  end
  if options.flag(who, 'isCausal', o.isCausal, false) and mask == nil then
    mask = torch.ByteTensor(list[1]:size(1), list[2]:size(1)):fill(1):triu(1)
  end
  local y = m:setKeyPaddingMask(padding):setMask(mask):forward(list)
  if single then y = y:select(2, 1) end
  if not options.flag(who, 'needWeights', o.needWeights, true) then return y end
  local w = m:weights(options.flag(who, 'averageAttnWeights', o.averageAttnWeights, true))
  return y, single and w:select(1, 1) or w
end

return M
