--- nn.ReLU([inplace = false]): the larger of x and 0.
-- input (any shape) → output (the same).
-- @usage local y = nn.ReLU(true):forward(torch.randn(2, 3)) -- in place
local ReLU, Threshold = torch.class('nn.ReLU', 'nn.Threshold')
local options = require 'nn.options'

function ReLU:__init(inplace)
  inplace = options.positional('nn.ReLU', { 'inplace' }, inplace)
  Threshold.__init(self, 0, 0, inplace)
end

return require('nn.pointwise').methods(ReLU, 'relu')
