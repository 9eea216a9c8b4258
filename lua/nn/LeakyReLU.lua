--- nn.LeakyReLU([negval = 0.01], [inplace = false]): x above 0, negval x below.
-- input (any shape) → output (the same).
-- @usage local y = nn.LeakyReLU(0.2):forward(torch.randn(2, 3))
local pointwise = require 'nn.pointwise'
local options = require 'nn.options'
local LeakyReLU, parent = torch.class('nn.LeakyReLU', 'nn.Module')

function LeakyReLU:__init(negval, inplace)
  parent.__init(self)
  negval, inplace = options.positional('nn.LeakyReLU', { 'negval|negativeSlope', 'inplace' }, negval, inplace)
  -- nn.LeakyReLU(true) has the default slope and, as in Torch7, does not work in place
  if type(negval) == 'boolean' then negval, inplace = nil, false end
  self.negval = negval or 1 / 100
  if type(self.negval) ~= 'number' then
    error('nn.LeakyReLU: negval: expected a number, got ' .. torch.type(negval), 2)
  end
  self.inplace = pointwise.flag('nn.LeakyReLU', 'inplace', inplace)
  if self.inplace and self.negval < 0 then error('nn.LeakyReLU: in place, negval may not be below 0', 2) end
end

function LeakyReLU:__tostring__() return ('%s(%g)'):format(torch.type(self), self.negval) end

return pointwise.methods(LeakyReLU, 'leaky_relu', 'negval')
