--- nn.SoftPlus([beta = 1]): log(1 + e^(beta x)) / beta.
-- input (any shape) → output (the same).
-- @usage local y = nn.SoftPlus():forward(torch.randn(2, 3))
local SoftPlus = require('nn.pointwise').layer('nn.SoftPlus', 'softplus', { { 'beta', 1 } })

-- Torch7, which may read this from a file, takes x itself above threshold / beta.
local init = SoftPlus.__init
function SoftPlus:__init(...)
  init(self, ...)
  self.threshold = 20
end

return SoftPlus
