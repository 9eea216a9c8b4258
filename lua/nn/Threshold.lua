--- nn.Threshold([th = 1e-6], [value = 0], [inplace = false]): x where x > th, else value.
-- input (any shape) → output (the same).
-- @usage local y = nn.Threshold(0.1, -1):forward(torch.randn(2, 3))
local pointwise = require 'nn.pointwise'
local options = require 'nn.options'
local Threshold, parent = torch.class('nn.Threshold', 'nn.Module')
local common = require 'nn.common'

local names = { 'threshold', 'value', 'inplace' }

function Threshold:__init(threshold, value, inplace)
  parent.__init(self)
  threshold, value, inplace = options.positional(torch.type(self), names, threshold, value, inplace)
  self.threshold = common.optional(torch.type(self), 'threshold', threshold) or 1e-6
  self.val = common.optional(torch.type(self), 'value', value) or 0
  if type(self.threshold) ~= 'number' or type(self.val) ~= 'number' then
    error('nn.Threshold: expected numbers as threshold and value', 2)
  end
  self.inplace = pointwise.flag(torch.type(self), 'inplace', inplace)
  self:validateParameters()
end

--- In place, the gradient must be known from the output alone.
function Threshold:validateParameters()
  if self.inplace and self.val > self.threshold then
    local text = '%s: in place, the value (%g) may not exceed the threshold (%g)'
    error(text:format(torch.type(self), self.val, self.threshold), 3)
  end
end

return pointwise.methods(Threshold, 'threshold', 'threshold', 'val')
