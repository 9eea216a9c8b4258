--- nn.ScaledDotProductAttention([dropout = 0], [causal = false], [scale = 1/sqrt(d)]), or a table of these names:
-- softmax(scale q k') v.
--
-- input {q, k, v}: q (B, L, d), k (B, S, d), v (B, S, e) → output (B, L, e); gradInput {dq, dk, dv}. causal: query i
-- sees keys up to i only (the last query sees all). `setMask(mask)`: bytes (L, S) or (B, L, S), 1 hides a key from a
-- query, or numbers of the input's type that are added before the softmax. A query that may see nothing gets 0.
-- @usage
-- local q, k, v = torch.randn(2, 3, 4), torch.randn(2, 5, 4), torch.randn(2, 5, 6)
-- assert(nn.ScaledDotProductAttention():forward({ q, k, v }):size(3) == 6)
local SDPA, parent = torch.class('nn.ScaledDotProductAttention', 'nn.Module')
local attention = require 'nn.attention'
local common = require 'nn.common'
local options = require 'nn.options'
local buffer = common.buffer

function SDPA:__init(...)
  parent.__init(self)
  local who = 'nn.ScaledDotProductAttention'
  local o = options.read(who, { 'dropout', 'causal', 'scale' }, ...)
  self.dropout = options.fraction(who, 'dropout', o.dropout or 0)
  self.causal = options.flag(who, 'causal', o.causal, false)
  self.scale = o.scale and options.number(who, 'scale', o.scale)
  self.train = true
  self.state = {}
  self.gradInput = {}
end

--- What queries may not see, or what is added to their scores; nil: nothing.
-- @return self
function SDPA:setMask(mask)
  if mask ~= nil then common.check_tensor(self, mask, 'mask') end
  attention.keep(self, mask)
  return self
end

local function check(self, input)
  if type(input) ~= 'table' then common.expected(self, '{q, k, v} as input', input) end
  local q, k, v = input[1], input[2], input[3]
  common.check_dims(self, q, 3, 3, 'q [B x L x d]')
  common.check_dims(self, k, 3, 3, 'k [B x S x d]')
  common.check_dims(self, v, 3, 3, 'v [B x S x e]')
  if k:size(1) ~= q:size(1) or k:size(3) ~= q:size(3) then
    common.expected(self, ('k [%d x S x %d]'):format(q:size(1), q:size(3)), k)
  elseif v:size(1) ~= q:size(1) or v:size(2) ~= k:size(2) then
    common.expected(self, ('v [%d x %d x e]'):format(q:size(1), k:size(2)), v)
  end
  return q, k, v, self.scale or 1 / math.sqrt(q:size(3))
end

function SDPA:updateOutput(input)
  local q, k, v, scale = check(self, input)
  self.output = buffer(self.output, q):resize(q:size(1), q:size(2), v:size(3))
  local masks = { causal = self.causal, attention = attention.kept(self, q) }
  attention.forward(self, self.state, self.output, q, k, v, scale, masks, self.train ~= false and self.dropout or 0,
    q:size(1))
  return self.output
end

function SDPA:updateGradInput(input, gradOutput)
  local q, k, v, scale = check(self, input)
  if not (common.istensor(gradOutput) and gradOutput:isSameSizeAs(self.output)) then
    common.expected(self, 'gradOutput ' .. common.shape(self.output), gradOutput)
  end
  local d = self.gradInput
  for i = 1, 3 do d[i] = buffer(d[i], q):resize(input[i]:size()) end
  attention.backward(self, self.state, d[1], d[2], d[3], gradOutput, q, k, v, scale)
  return d
end

function SDPA:clearState()
  self.state, self.gradInput = {}, {}
  self.output = self.output.new()
  return self
end

function SDPA:__tostring__() return torch.type(self) .. (self.causal and '(causal)' or '') end

return SDPA
