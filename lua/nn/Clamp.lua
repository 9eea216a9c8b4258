--- nn.Clamp(min, max): x limited to min..max.
-- input (any shape) → output (the same).
-- @usage local y = nn.Clamp(-0.5, 0.5):forward(torch.randn(2, 3))
local Clamp, HardTanh = torch.class('nn.Clamp', 'nn.HardTanh')

function Clamp:__init(min_value, max_value)
  if type(min_value) ~= 'number' or type(max_value) ~= 'number' then
    error('nn.Clamp: expected two numbers, the least and the largest value', 2)
  end
  HardTanh.__init(self, min_value, max_value)
end

return Clamp
