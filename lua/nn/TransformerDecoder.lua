--- nn.TransformerDecoder(layer, numLayers, [norm]): numLayers copies of an nn.TransformerDecoderLayer, one after
-- another, each attending to the encoder's output, then norm, a module, if given.
--
-- input {x, memory}: x (T, N, width), memory (S, N, width) → output like x; gradInput {dx, dmemory}. The copies do not
-- share parameters, and begin with the layer's. Masks: setMask, setKeyPaddingMask, setMemoryMask,
-- setMemoryKeyPaddingMask, for all layers.
-- @usage
-- local layer = nn.TransformerDecoderLayer(8, 2, { dimFeedforward = 16 })
-- local y = nn.TransformerDecoder(layer, 2):forward { torch.randn(5, 2, 8), torch.randn(7, 2, 8) }
local Decoder, parent = torch.class('nn.TransformerDecoder', 'nn.Container')
local options = require 'nn.options'
local common = require 'nn.common'
local transformer = require 'nn.transformer'

local names = { 'layer|decoderLayer', 'numLayers', 'norm' }

function Decoder:__init(layer, numLayers, norm)
  parent.__init(self)
  layer, numLayers, norm = options.positional(torch.type(self), names, layer, numLayers, norm)
  transformer.check_stack('nn.TransformerDecoder', 'nn.TransformerDecoderLayer', layer, numLayers, norm)
  self.numLayers = numLayers
  for i = 1, numLayers do self:add(i == 1 and layer or layer:clone()) end
  if norm then self:add(norm) end
  self.gradInput = {}
end

local function check(self, input)
  if type(input) ~= 'table' or not common.istensor(input[1]) or not common.istensor(input[2]) then
    common.expected(self, 'a table {x, memory}', input)
  end
  return input[2]
end

-- The input of module i.
local function input_of(self, input, i)
  local x = i == 1 and input[1] or self.modules[i - 1].output
  return i <= self.numLayers and { x, input[2] } or x
end

function Decoder:updateOutput(input)
  check(self, input)
  for i, module in ipairs(self.modules) do
    self.output = self:rethrowErrors(module, i, 'updateOutput', input_of(self, input, i))
  end
  return self.output
end

function Decoder:updateGradInput(input, gradOutput)
  local memory = check(self, input)
  self._memory = common.buffer(self._memory, memory)
  self._memory:resizeAs(memory):zero()
  local g = gradOutput
  for i = #self.modules, 1, -1 do
    local dx = self:rethrowErrors(self.modules[i], i, 'updateGradInput', input_of(self, input, i), g)
    if i <= self.numLayers then
      self._memory:add(dx[2])
      g = dx[1]
    else
      g = dx
    end
  end
  self.gradInput = { g, self._memory }
  return self.gradInput
end

-- The gradient that module i was given by the one after it.
local function gradient_of(self, gradOutput, i)
  if i == #self.modules then return gradOutput end
  local dx = self.modules[i + 1].gradInput
  return i + 1 <= self.numLayers and dx[1] or dx
end

function Decoder:accGradParameters(input, gradOutput, scale)
  for i = #self.modules, 1, -1 do
    self:rethrowErrors(self.modules[i], i, 'accGradParameters', input_of(self, input, i),
      gradient_of(self, gradOutput, i), scale or 1)
  end
end

for _, name in ipairs { 'setMask', 'setKeyPaddingMask', 'setMemoryMask', 'setMemoryKeyPaddingMask' } do
  Decoder[name] = function(self, mask)
    for i = 1, self.numLayers do self.modules[i][name](self.modules[i], mask) end
    return self
  end
end

function Decoder:clearState()
  self._memory = nil
  return parent.clearState(self)
end

Decoder.__tostring__ = require 'nn.tree'

return Decoder
