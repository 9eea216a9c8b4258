--- nn.TransformerEncoder(layer, numLayers, [norm]): numLayers copies of an nn.TransformerEncoderLayer, one after
-- another, then norm, a module, if given.
--
-- input (T, N, width) → output (the same). The copies do not share parameters, and begin with the layer's. Masks:
-- setMask, setKeyPaddingMask, for all layers. The module is an nn.Sequential.
-- @usage
-- local layer = nn.TransformerEncoderLayer(8, 2, { dimFeedforward = 16 })
-- local y = nn.TransformerEncoder(layer, 3, nn.LayerNorm(8)):forward(torch.randn(5, 2, 8))
local Encoder, parent = torch.class('nn.TransformerEncoder', 'nn.Sequential')
local options = require 'nn.options'
local transformer = require 'nn.transformer'

local names = { 'layer|encoderLayer', 'numLayers', 'norm' }

function Encoder:__init(layer, numLayers, norm)
  parent.__init(self)
  layer, numLayers, norm = options.positional(torch.type(self), names, layer, numLayers, norm)
  transformer.check_stack('nn.TransformerEncoder', 'nn.TransformerEncoderLayer', layer, numLayers, norm)
  self.numLayers = numLayers
  for i = 1, numLayers do self:add(i == 1 and layer or layer:clone()) end
  if norm then self:add(norm) end
end

for _, name in ipairs { 'setMask', 'setKeyPaddingMask' } do
  Encoder[name] = function(self, mask)
    for i = 1, self.numLayers do self.modules[i][name](self.modules[i], mask) end
    return self
  end
end

return Encoder
