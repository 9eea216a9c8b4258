--- nn.MultiHeadAttention(embedDim, numHeads, [dropout = 0], [bias = true], [causal = false], [kdim = embedDim],
-- [vdim = embedDim], [batchFirst = false], [addBiasKv = false], [addZeroAttn = false], [needWeights = false],
-- [averageWeights = true]), or a table of these names from any place on.
--
-- q = W_q query + b_q, k and v likewise, each cut into numHeads parts of d = embedDim / numHeads features; each head is
-- softmax(q k' / sqrt(d)) v; out = W_o [heads] + b_o. The four are nn.Linear: `modules` 1 to 4.
-- Input {query, key, value}, {query, memory} (which is key and value) or one tensor for all three (self-attention):
-- query (L, N, embedDim), key (S, N, kdim), value (S, N, vdim); with batchFirst (N, L, embedDim) ...; output like the
-- query. Masks: `setKeyPaddingMask` (N, S), 1 where a key is padding; `setMask`: bytes (L, S), (N, L, S) or (N*heads,
-- L, S), 1 hides a key from a query, or numbers added before the softmax; causal: query i sees keys up to i only. A
-- query that may see nothing gets b_o. `weights()`: the probabilities of the last call (N, heads, L, S).
-- addBiasKv: a learnt step follows keys and values (`modules` 5 and 6); addZeroAttn: a step of zeros does; no mask
-- hides them. needWeights: the output is {output, weights}, weights (N, L, S) averaged over heads, (N, heads, L, S)
-- without averageWeights; gradOutput is such a table, too, whose second entry may be nil.
-- @usage assert(nn.MultiHeadAttention(8, 2, { causal = true }):forward(torch.randn(5, 3, 8)):size(3) == 8)
local MHA, parent = torch.class('nn.MultiHeadAttention', 'nn.Container')
local attention = require 'nn.attention'
local common = require 'nn.common'
local options = require 'nn.options'
local buffer = common.buffer

function MHA:__init(embedDim, numHeads, ...)
  parent.__init(self)
  local who = torch.type(self)
  local o = options.read(who, { 'embedDim', 'numHeads', 'dropout', 'bias', 'causal', 'kdim', 'vdim', 'batchFirst',
    'addBiasKv', 'addZeroAttn', 'needWeights', 'averageWeights' }, embedDim, numHeads, ...)
  embedDim, numHeads = o.embedDim, o.numHeads
  self.embedDim = options.count(who, 'embedDim', embedDim)
  self.numHeads = options.count(who, 'numHeads', numHeads)
  if embedDim % numHeads ~= 0 then options.refuse(who, 'numHeads', 'a divisor of ' .. embedDim, numHeads) end
  self.dropout = options.fraction(who, 'dropout', o.dropout or 0)
  self.causal = options.flag(who, 'causal', o.causal, false)
  self.batchFirst = options.flag(who, 'batchFirst', o.batchFirst, false)
  local bias = options.flag(who, 'bias', o.bias, true)
  self.widths = { embedDim, options.count(who, 'kdim', o.kdim or embedDim),
    options.count(who, 'vdim', o.vdim or embedDim) }
  for i = 1, 4 do self.modules[i] = nn.Linear(self.widths[i] or embedDim, embedDim, bias) end
  self.addBiasKv = options.flag(who, 'addBiasKv', o.addBiasKv, false)
  self.addZeroAttn = options.flag(who, 'addZeroAttn', o.addZeroAttn, false)
  self.needWeights = options.flag(who, 'needWeights', o.needWeights, false)
  self.averageWeights = options.flag(who, 'averageWeights', o.averageWeights, true)
  if self.addBiasKv then
    for i = 5, 6 do self.modules[i] = nn.Parameter(1, embedDim) end
  end
  self.train = true
  self.state = {}
  self:reset()
end

--- Weights by Xavier's rule, biases 0; the learnt step by Xavier's rule with normal numbers.
function MHA:reset()
  for i, m in ipairs(self.modules) do
    nn.init[i > 4 and 'xavierNormal' or 'xavierUniform'](m.weight)
    if m.bias then m.bias:zero() end
  end
  return self
end

--- @param mask (N, S), 1 where a key is padding; nil: none is
-- @return self
function MHA:setKeyPaddingMask(mask)
  if mask ~= nil then common.check_tensor(self, mask, 'key padding mask') end
  self.keyPaddingMask = mask
  return self
end

--- @param mask bytes, 1 hides a key from a query, or numbers that are added; nil: none
-- @return self
function MHA:setMask(mask)
  if mask ~= nil then common.check_tensor(self, mask, 'mask') end
  attention.keep(self, mask)
  return self
end

--- Probabilities of the last call.
-- @param[opt=false] average over heads?
-- @return (N, heads, L, S), or (N, L, S); nil before the first call
function MHA:weights(average)
  local P = self.state.P
  if not P then return nil end
  local each = P:view(-1, self.numHeads, P:size(2), P:size(3))
  if not average then return each end
  self.state.mean = buffer(self.state.mean, P)
  return self.state.mean:mean(each, 2):select(2, 1)
end

-- query, key, value, and how many tensors the input was.
local function inputs(self, input)
  if torch.isTensor(input) then return input, input, input, 1 end
  if type(input) ~= 'table' or not input[2] then
    common.expected(self, 'a tensor, {query, memory} or {query, key, value} as input', input)
  end
  return input[1], input[2], input[3] or input[2], input[3] and 3 or 2
end

local names = { 'query', 'key', 'value' }
local function check(self, list)
  local L = self.batchFirst and 2 or 1
  for i = 1, 3 do
    local x = list[i]
    local form = (self.batchFirst and '%s [N x %s x %d]' or '%s [%s x N x %d]'):format(names[i], i == 1 and 'L' or 'S',
      self.widths[i])
    common.check_dims(self, x, 3, 3, form)
    if x:size(3) ~= self.widths[i] or x:size(3 - L) ~= list[1]:size(3 - L) then common.expected(self, form, x) end
  end
  if list[3]:size(L) ~= list[2]:size(L) then
    common.expected(self, ('as many values as keys, %d'):format(list[2]:size(L)), list[3])
  end
end

-- (steps, N, width) as a matrix of steps*N rows, copied for batchFirst.
local function rows(self, x, name)
  if self.batchFirst then x = x:transpose(1, 2) end
  if x:isContiguous() then return x:view(-1, x:size(3)) end
  local t = buffer(self.state[name], x)
  self.state[name] = t
  return t:resize(x:size()):copy(x):view(-1, x:size(3))
end

-- (steps*N, embedDim) as (N*heads, steps, d), without copying.
local function heads(self, x, N) return x:view(-1, N * self.numHeads, self.embedDim / self.numHeads):transpose(1, 2) end

-- How many steps follow the keys.
local function extra(self) return (self.addBiasKv and 1 or 0) + (self.addZeroAttn and 1 or 0) end

local long = { nil, 'keys', 'values' } -- with what follows them
local function lengthened(self, i, x, N)
  local state, n, more = self.state, x:size(1), extra(self)
  local t = buffer(state[long[i]], x):resize(n + more * N, self.embedDim)
  state[long[i]] = t
  t:narrow(1, 1, n):copy(x)
  if self.addBiasKv then t:narrow(1, n + 1, N):copy(self.modules[3 + i].weight:expand(N, self.embedDim)) end
  if self.addZeroAttn then t:narrow(1, n + (more - 1) * N + 1, N):zero() end
  return t
end

-- What the heads see of query, key or value: its projection, and what follows.
local function seen(self, i)
  return i > 1 and extra(self) > 0 and self.state[long[i]] or self.modules[i].output
end

local function projected(self, list, N)
  local m, out = self.modules, {}
  for i = 1, 3 do
    local x = self:rethrowErrors(m[i], i, 'updateOutput', list[i])
    out[i] = heads(self, i > 1 and extra(self) > 0 and lengthened(self, i, x, N) or x, N)
  end
  return out[1], out[2], out[3]
end

local function matrices(self, q, k, v)
  local a = rows(self, q, 'q')
  local b = k == q and a or rows(self, k, 'k')
  return { a, b, v == k and b or rows(self, v, 'v') }
end

function MHA:updateOutput(input)
  local query, key, value = inputs(self, input)
  check(self, { query, key, value })
  local N = query:size(self.batchFirst and 1 or 2)
  local list, state = matrices(self, query, key, value), self.state
  local q, k, v = projected(self, list, N)
  state.joined = buffer(state.joined, query):resize(list[1]:size(1), self.embedDim)
  local masks = { causal = self.causal, attention = attention.kept(self, query), padding = self.keyPaddingMask,
    extra = extra(self) }
  attention.forward(self, state, heads(self, state.joined, N), q, k, v, 1 / math.sqrt(q:size(3)), masks,
    self.train ~= false and self.dropout or 0, N)
  local y = self:rethrowErrors(self.modules[4], 4, 'updateOutput', state.joined):view(-1, N, self.embedDim)
  if self.batchFirst then
    state.y = buffer(state.y, y):resize(N, y:size(1), self.embedDim):copy(y:transpose(1, 2))
    y = state.y
  end
  self.output = self.needWeights and { y, self:weights(self.averageWeights) } or y
  return self.output
end

-- The gradient of the output proper, and of the weights where there is one.
local function gradients(self, g)
  local y, w, gw = self.output, nil, nil
  if self.needWeights then
    if type(g) ~= 'table' or type(y) ~= 'table' then common.expected(self, 'a table as gradOutput', g) end
    y, w, g, gw = y[1], y[2], g[1], g[2]
  end
  if not (common.istensor(g) and torch.isTensor(y) and g:isSameSizeAs(y)) then
    common.expected(self, 'gradOutput ' .. common.shape(y), g)
  elseif gw ~= nil and not (common.istensor(gw) and gw:isSameSizeAs(w)) then
    common.expected(self, 'a gradient of the weights ' .. common.shape(w), gw)
  end
  return g, gw
end

-- The gradient of the weights for each head, and its factor.
local function of_heads(self, gw)
  if gw == nil or gw:dim() == 4 then return gw, 1 end
  local N, L, S = gw:size(1), gw:size(2), gw:size(3)
  return gw:contiguous():view(N, 1, L, S):expand(N, self.numHeads, L, S), 1 / self.numHeads
end

-- A gradient of the matrices, as the caller gave the tensor.
local function given(self, place, dx, N)
  local t = dx:view(-1, N, dx:size(2))
  if not self.batchFirst then return t end
  local out = buffer(self.state[place], t)
  self.state[place] = out
  return out:resize(N, t:size(1), t:size(3)):copy(t:transpose(1, 2))
end

-- Gradients of the projections' outputs, in state.d.
local function attend_back(self, list, N, gradOutput)
  local state, m = self.state, self.modules
  local weights, factor
  gradOutput, weights = gradients(self, gradOutput)
  weights, factor = of_heads(self, weights)
  local g = self:rethrowErrors(m[4], 4, 'updateGradInput', state.joined, rows(self, gradOutput, 'g'))
  state.d = state.d or {}
  local d, views = state.d, {}
  for i = 1, 3 do
    local n = list[i]:size(1) + (i > 1 and extra(self) * N or 0)
    d[i] = buffer(d[i], g):resize(n, self.embedDim)
    views[i] = heads(self, d[i], N)
  end
  local q, k, v = heads(self, seen(self, 1), N), heads(self, seen(self, 2), N), heads(self, seen(self, 3), N)
  attention.backward(self, state, views[1], views[2], views[3], heads(self, g, N), q, k, v, 1 / math.sqrt(q:size(3)),
    weights, factor)
end

-- The gradient of projection i's output.
local function slope(self, list, i)
  if not self.state or not self.state.d then error('nn.MultiHeadAttention: call updateGradInput first', 0) end
  return self.state.d[i]:narrow(1, 1, list[i]:size(1))
end

function MHA:updateGradInput(input, gradOutput)
  local query, key, value, count = inputs(self, input)
  gradients(self, gradOutput)
  local N = query:size(self.batchFirst and 1 or 2)
  local list = matrices(self, query, key, value)
  attend_back(self, list, N, gradOutput)
  local dx = {}
  for i = 1, 3 do dx[i] = self:rethrowErrors(self.modules[i], i, 'updateGradInput', list[i], slope(self, list, i)) end
  if count < 3 then dx[2]:add(dx[3]) end
  if count == 1 then
    self.gradInput = given(self, 'dq', dx[1]:add(dx[2]), N)
  else
    self.gradInput = { given(self, 'dq', dx[1], N), given(self, 'dk', dx[2], N) }
    if count == 3 then self.gradInput[3] = given(self, 'dv', dx[3], N) end
  end
  return self.gradInput
end

function MHA:accGradParameters(input, gradOutput, scale)
  local query, key, value = inputs(self, input)
  check(self, { query, key, value })
  local list = matrices(self, query, key, value)
  scale = scale or 1
  for i = 1, 3 do self:rethrowErrors(self.modules[i], i, 'accGradParameters', list[i], slope(self, list, i), scale) end
  if self.addBiasKv then
    local N = query:size(self.batchFirst and 1 or 2)
    for i = 2, 3 do
      self.state.sum = buffer(self.state.sum, query)
      local steps = self.state.d[i]:narrow(1, list[i]:size(1) + 1, N)
      self.modules[3 + i].gradWeight:add(scale, self.state.sum:sum(steps, 1))
    end
  end
  gradOutput = gradients(self, gradOutput)
  self:rethrowErrors(self.modules[4], 4, 'accGradParameters', self.state.joined, rows(self, gradOutput, 'g'), scale)
end

function MHA:clearState()
  self.state = {}
  return parent.clearState(self)
end

function MHA:__tostring__()
  return ('%s(%d, %d heads%s)'):format(torch.type(self), self.embedDim, self.numHeads, self.causal and ', causal' or '')
end

return MHA
