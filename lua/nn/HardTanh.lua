--- nn.HardTanh([min = -1], [max = 1], [inplace = false]): x limited to min..max.
-- input (any shape) → output (the same).
-- @usage local y = nn.HardTanh(-2, 2):forward(torch.randn(2, 3))
local pointwise = require 'nn.pointwise'
local HardTanh, parent = torch.class('nn.HardTanh', 'nn.Module')

function HardTanh:__init(min_value, max_value, inplace)
  parent.__init(self)
  self.min_val = min_value or -1
  self.max_val = max_value or 1
  self.inplace = pointwise.flag(torch.type(self), 'inplace', inplace)
  if type(self.min_val) ~= 'number' or type(self.max_val) ~= 'number' or self.max_val <= self.min_val then
    local text = '%s: expected numbers min < max, got %s and %s'
    error(text:format(torch.type(self), tostring(self.min_val), tostring(self.max_val)), 2)
  end
end

return pointwise.methods(HardTanh, 'hardtanh', 'min_val', 'max_val')
