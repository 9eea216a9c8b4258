--- nn.Transformer([width = 512], [heads = 8], [numEncoderLayers = 6], [numDecoderLayers = 6], [dimFeedforward = 2048],
-- [dropout = 0.1], [activation = 'relu'], [layerNormEps = 1e-5], [batchFirst = false], [normFirst = false],
-- [bias = true], [causal = true]), or a table of these names from any place on: encoder and decoder of Vaswani et al.
-- 2017, Attention Is All You Need, with an nn.LayerNorm after each.
--
-- input {source, target}: source (S, N, width), target (T, N, width), with batchFirst N first → output like target;
-- gradInput {dsource, dtarget}. causal: a step of the target sees itself and earlier ones only (PyTorch wants a mask
-- for that). encoder, decoder: the nn.TransformerEncoder and nn.TransformerDecoder inside, for their masks.
-- @usage
-- local net = nn.Transformer(8, 2, { numEncoderLayers = 2, numDecoderLayers = 1, dimFeedforward = 16 })
-- local y = net:forward { torch.randn(7, 3, 8), torch.randn(5, 3, 8) } -- 5 x 3 x 8
local Transformer, parent = torch.class('nn.Transformer', 'nn.Container')
local common = require 'nn.common'
local options = require 'nn.options'

local names = { 'width|dModel', 'heads|nhead', 'numEncoderLayers', 'numDecoderLayers', 'dimFeedforward', 'dropout',
  'activation', 'layerNormEps', 'batchFirst', 'normFirst', 'bias', 'causal' }

function Transformer:__init(...)
  parent.__init(self)
  local who = torch.type(self)
  local o = options.read(who, names, ...)
  local width, heads = o.width or 512, o.heads or 8
  local each = {}
  for i = 5, #names do each[names[i]] = o[names[i]] end
  each.causal = false
  local encoder = nn.TransformerEncoderLayer(width, heads, each)
  each.causal = options.flag(who, 'causal', o.causal, true)
  local decoder = nn.TransformerDecoderLayer(width, heads, each)
  local function norm() return nn.LayerNorm(width, o.layerNormEps or 1e-5, true, o.bias ~= false) end
  local deep = options.count(who, 'numEncoderLayers', o.numEncoderLayers or 6)
  self.encoder = nn.TransformerEncoder(encoder, deep, norm())
  deep = options.count(who, 'numDecoderLayers', o.numDecoderLayers or 6)
  self.decoder = nn.TransformerDecoder(decoder, deep, norm())
  self:add(self.encoder):add(self.decoder)
  self:reset()
  self.gradInput = {}
end

--- Matrices by Xavier's rule.
-- @return self
function Transformer:reset()
  for _, w in ipairs((self:parameters())) do
    if w:dim() > 1 then nn.init.xavierUniform(w) end
  end
  return self
end

local function check(self, input)
  if type(input) ~= 'table' or not common.istensor(input[1]) or not common.istensor(input[2]) then
    common.expected(self, 'a table {source, target}', input)
  end
end

function Transformer:updateOutput(input)
  check(self, input)
  local memory = self:rethrowErrors(self.encoder, 1, 'updateOutput', input[1])
  self.output = self:rethrowErrors(self.decoder, 2, 'updateOutput', { input[2], memory })
  return self.output
end

function Transformer:updateGradInput(input, gradOutput)
  check(self, input)
  local dx = self:rethrowErrors(self.decoder, 2, 'updateGradInput', { input[2], self.encoder.output }, gradOutput)
  self.gradInput = { self:rethrowErrors(self.encoder, 1, 'updateGradInput', input[1], dx[2]), dx[1] }
  return self.gradInput
end

function Transformer:accGradParameters(input, gradOutput, scale)
  check(self, input)
  self:rethrowErrors(self.decoder, 2, 'accGradParameters', { input[2], self.encoder.output }, gradOutput, scale or 1)
  self:rethrowErrors(self.encoder, 1, 'accGradParameters', input[1], self.decoder.gradInput[2], scale or 1)
end

Transformer.__tostring__ = require 'nn.tree'

return Transformer
