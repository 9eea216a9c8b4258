--- nn.ReLU6([inplace = false]): x limited to 0..6.
-- input (any shape) → output (the same).
-- @usage local y = nn.ReLU6():forward(torch.randn(2, 3):mul(9))
local pointwise = require 'nn.pointwise'
local options = require 'nn.options'
local ReLU6, parent = torch.class('nn.ReLU6', 'nn.Module')

function ReLU6:__init(inplace)
  parent.__init(self)
  inplace = options.positional('nn.ReLU6', { 'inplace' }, inplace)
  self.inplace = pointwise.flag('nn.ReLU6', 'inplace', inplace)
end

return pointwise.methods(ReLU6, 'hardtanh', 0, 6)
