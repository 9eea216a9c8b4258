--- Scaled dot product attention on batches of matrices: the arithmetic of nn.ScaledDotProductAttention and
-- nn.MultiHeadAttention.
--
-- P = softmax(scale q k' + bias) along keys, out = P v; q (B, L, d), k (B, S, d), v (B, S, e), of any steps.
-- What is masked gets probability 0, and a query that may see nothing an output of 0.
local common = require 'nn.common'
local C, again, buffer = common.C, common.again, common.buffer

local M = {}

local function bmm(self, out, alpha, a, b)
  local s = C.rk_bmm(out, 0, alpha, a, b)
  if s ~= 0 then again(self, s, C.rk_bmm, out, 0, alpha, a, b) end
end

--- Is a mask one of bytes, which hide, rather than of numbers, which are added?
function M.hides(mask) return torch.type(mask):find 'ByteTensor' ~= nil end

--- A byte mask (L, S) of what lies in a query's future: row i may see the first i keys (and the S - L before them).
function M.causal_mask(old, L, S)
  if old and M.hides(old) and old:dim() == 2 and old:size(1) == L and old:size(2) == S then return old end
  local mask = torch.ByteTensor(L, S):zero()
  for i = 1, L do
    local first = math.max(i + S - L + 1, 1)
    if first <= S then mask[i]:narrow(1, first, S - first + 1):fill(1) end
  end
  return mask
end

-- Scores without the last `extra` keys.
local function cut(scores, extra)
  local d = scores:dim()
  return extra == 0 and scores or scores:narrow(d, 1, scores:size(d) - extra)
end

-- Scores and a mask (L, S), (N, L, S) or (B, L, S) as two tensors of the same sizes, repeated over heads.
local function spread(self, mask, scores, name, N, extra)
  local B, L, S = scores:size(1), scores:size(2), scores:size(3) - extra
  local n = mask:dim()
  if n == 2 and mask:size(1) == L and mask:size(2) == S then
    return cut(scores, extra), mask:contiguous():view(1, L, S):expand(B, L, S)
  elseif n == 3 and mask:size(2) == L and mask:size(3) == S and mask:size(1) == B then
    return cut(scores, extra), mask
  elseif n == 3 and mask:size(2) == L and mask:size(3) == S and mask:size(1) == N then
    local by_head = scores:view(N, B / N, L, S + extra)
    return cut(by_head, extra), mask:contiguous():view(N, 1, L, S):expand(N, B / N, L, S)
  end
  common.expected(self, ('%s [%d x %d], [%d x %d x %d] or [%d x %d x %d]'):format(name, L, S, N, L, S, B, L, S), mask)
end

local function hide(self, scores, mask, value)
  local s = C.rk_masked_fill(scores, mask, value)
  if s ~= 0 then again(self, s, C.rk_masked_fill, scores, mask, value) end
end

-- Byte masks of this call, as pairs of scores' view and mask.
local function hidden(self, state, scores, masks, N)
  local extra = masks.extra or 0
  local B, L, S = scores:size(1), scores:size(2), scores:size(3) - extra
  local list = {}
  local function add(view, mask) list[#list + 1] = { view, mask } end
  if masks.causal then
    state.causal = M.causal_mask(state.causal, L, S)
    add(spread(self, state.causal, scores, 'causal mask', N, extra))
  end
  local attention = masks.attention
  if attention and M.hides(attention) then add(spread(self, attention, scores, 'attention mask', N, extra)) end
  local padding = masks.padding
  if padding then
    if not (torch.isTensor(padding) and padding:dim() == 2 and padding:size(1) == N and padding:size(2) == S) then
      common.expected(self, ('key padding mask [%d x %d]'):format(N, S), padding)
    end
    if not M.hides(padding) then padding = padding:ne(0) end
    add(cut(scores:view(N, B / N, L, S + extra), extra), padding:contiguous():view(N, 1, 1, S):expand(N, B / N, L, S))
  end
  return list
end

--- Remember a mask in a module's fields: conversion of the module must not turn bytes into numbers to be added.
function M.keep(self, mask)
  self.mask, self.maskHides = mask, mask ~= nil and M.hides(mask)
end

--- The mask as it was given; numbers in the module's type.
function M.kept(self, like)
  local mask = self.mask
  if not mask then return nil end
  if self.maskHides then
    if not M.hides(mask) then self.mask = mask:byte() end
  elseif mask.dt ~= like.dt then
    self.mask = mask:type(torch.type(like))
  end
  return self.mask
end

--- Forward. state keeps what backward needs; masks: {causal =, attention =, padding =, extra = keys at the end
-- that no mask hides}; N: samples among the B batches.
-- @param out (B, L, e), sized, any steps
function M.forward(self, state, out, q, k, v, scale, masks, dropout, N)
  local P = buffer(state.P, q)
  state.P = P
  P:resize(q:size(1), q:size(2), k:size(2))
  bmm(self, P, scale, q, k:transpose(2, 3))
  local attention = masks.attention
  if attention and not M.hides(attention) then
    local view, bias = spread(self, attention, P, 'attention mask', N, masks.extra or 0)
    view:add(bias)
  end
  local hides = hidden(self, state, P, masks, N)
  for _, pair in ipairs(hides) do hide(self, pair[1], pair[2], -1e30) end
  local s = C.rk_softmax_forward(P, P, 2, 0)
  if s ~= 0 then again(self, s, C.rk_softmax_forward, P, P, 2, 0) end
  for _, pair in ipairs(hides) do hide(self, pair[1], pair[2], 0) end
  state.D = nil
  if dropout > 0 then
    state.mask = buffer(state.mask, q):resize(P:size()):bernoulli(1 - dropout):div(1 - dropout)
    state.dropped = buffer(state.dropped, q):resize(P:size()):cmul(P, state.mask)
    state.D = state.dropped
  end
  bmm(self, out, 1, state.D or P, v)
end

--- Backward: dq, dk, dv (sized, any steps) from the gradient g of out.
-- @param[opt] more gradient of the probabilities P, expanded to (N, heads, L, S), and its factor
function M.backward(self, state, dq, dk, dv, g, q, k, v, scale, more, factor)
  local P, D = state.P, state.D or state.P
  if not P then error(common.name(self) .. ': call forward with this input first', 0) end
  local dP = buffer(state.dP, q):resize(P:size())
  state.dP = dP
  bmm(self, dv, 1, D:transpose(2, 3), g)
  bmm(self, dP, 1, g, v:transpose(2, 3))
  if state.D then dP:cmul(state.mask) end
  if more then dP:view(more:size()):add(factor, more) end
  local s = C.rk_softmax_backward(dP, dP, P, 2, 0)
  if s ~= 0 then again(self, s, C.rk_softmax_backward, dP, dP, P, 2, 0) end
  bmm(self, dq, scale, dP, k)
  bmm(self, dk, scale, dP:transpose(2, 3), q)
end

return M
