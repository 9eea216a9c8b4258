--- nn.GELU([approximate = 'none']): x times the normal distribution function of x; 'tanh': its approximation
-- x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2.
-- input (any shape) → output (the same).
-- @usage y = nn.GELU('tanh'):forward(torch.randn(3, 4))
local GELU, parent = torch.class('nn.GELU', 'nn.Module')
local options = require 'nn.options'
local pointwise = require 'nn.pointwise'

local exact = pointwise.methods({ __typename = 'nn.GELU' }, 'gelu')
local rough = pointwise.methods({ __typename = 'nn.GELU' }, 'gelu_tanh')

function GELU:__init(...)
  parent.__init(self)
  local form = options.read('nn.GELU', { 'approximate' }, ...).approximate or 'none'
  if form ~= 'none' and form ~= 'tanh' then options.refuse('nn.GELU', 'approximate', "'none' or 'tanh'", form) end
  self.approximate = form
end

for _, method in ipairs { 'updateOutput', 'updateGradInput' } do
  GELU[method] = function(self, ...) return (self.approximate == 'tanh' and rough or exact)[method](self, ...) end
end

return GELU
