--- nn.MultiHeadAttention(embedDim, numHeads, [dropout = 0], [bias = true], [causal = false], [kdim = embedDim],
-- [vdim = embedDim], [batchFirst = false]), or a table of these names from any place on.
--
-- q = W_q query + b_q, k and v likewise, each cut into numHeads parts of d = embedDim / numHeads features; each head is
-- softmax(q k' / sqrt(d)) v; out = W_o [heads] + b_o. The four are nn.Linear: `modules` 1 to 4.
-- Input {query, key, value}, {query, memory} (which is key and value) or one tensor for all three (self-attention):
-- query (L, N, embedDim), key (S, N, kdim), value (S, N, vdim); with batchFirst (N, L, embedDim) ...; output like the
-- query. Masks: `setKeyPaddingMask` (N, S), 1 where a key is padding; `setMask`: bytes (L, S), (N, L, S) or (N*heads,
-- L, S), 1 hides a key from a query, or numbers added before the softmax; causal: query i sees keys up to i only. A
-- query that may see nothing gets b_o. `weights()`: the probabilities of the last call (N, heads, L, S).
-- @usage assert(nn.MultiHeadAttention(8, 2, { causal = true }):forward(torch.randn(5, 3, 8)):size(3) == 8)
local MHA, parent = torch.class('nn.MultiHeadAttention', 'nn.Container')
local attention = require 'nn.attention'
local common = require 'nn.common'
local options = require 'nn.options'
local buffer = common.buffer

function MHA:__init(embedDim, numHeads, ...)
  parent.__init(self)
  local who = torch.type(self)
  local o = options.read(who, { 'dropout', 'bias', 'causal', 'kdim', 'vdim', 'batchFirst' }, ...)
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
  self.train = true
  self.state = {}
  self:reset()
end

--- Weights by Xavier's rule, biases 0.
function MHA:reset()
  for _, linear in ipairs(self.modules) do
    nn.init.xavierUniform(linear.weight)
    if linear.bias then linear.bias:zero() end
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

--- Probabilities of the last call, (N, heads, L, S).
function MHA:weights()
  local P = self.state.P
  return P and P:view(-1, self.numHeads, P:size(2), P:size(3))
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

local function projected(self, list, N)
  local m, out = self.modules, {}
  for i = 1, 3 do out[i] = heads(self, self:rethrowErrors(m[i], i, 'updateOutput', list[i]), N) end
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
  local masks = { causal = self.causal, attention = attention.kept(self, query), padding = self.keyPaddingMask }
  attention.forward(self, state, heads(self, state.joined, N), q, k, v, 1 / math.sqrt(q:size(3)), masks,
    self.train ~= false and self.dropout or 0, N)
  local y = self:rethrowErrors(self.modules[4], 4, 'updateOutput', state.joined):view(-1, N, self.embedDim)
  if self.batchFirst then
    self.output = buffer(self.output, y):resize(N, y:size(1), self.embedDim):copy(y:transpose(1, 2))
  else
    self.output = y
  end
  return self.output
end

local function check_gradient(self, g)
  if not (common.istensor(g) and torch.isTensor(self.output) and g:isSameSizeAs(self.output)) then
    common.expected(self, 'gradOutput ' .. common.shape(self.output), g)
  end
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
  local g = self:rethrowErrors(m[4], 4, 'updateGradInput', state.joined, rows(self, gradOutput, 'g'))
  state.d = state.d or {}
  local d, views = state.d, {}
  for i = 1, 3 do
    d[i] = buffer(d[i], g):resize(list[i]:size(1), self.embedDim)
    views[i] = heads(self, d[i], N)
  end
  local q, k, v = heads(self, m[1].output, N), heads(self, m[2].output, N), heads(self, m[3].output, N)
  attention.backward(self, state, views[1], views[2], views[3], heads(self, g, N), q, k, v, 1 / math.sqrt(q:size(3)))
end

function MHA:updateGradInput(input, gradOutput)
  local query, key, value, count = inputs(self, input)
  check_gradient(self, gradOutput)
  local N = query:size(self.batchFirst and 1 or 2)
  local list = matrices(self, query, key, value)
  attend_back(self, list, N, gradOutput)
  local dx = {}
  for i = 1, 3 do dx[i] = self:rethrowErrors(self.modules[i], i, 'updateGradInput', list[i], self.state.d[i]) end
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
  local list = matrices(self, query, key, value)
  scale = scale or 1
  for i = 1, 3 do self:rethrowErrors(self.modules[i], i, 'accGradParameters', list[i], self.state.d[i], scale) end
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
