--- nn.ELU([alpha = 1], [inplace = false]): x above 0, alpha (e^x - 1) below.
-- input (any shape) → output (the same).
-- @usage local y = nn.ELU(0.5):forward(torch.randn(2, 3))
local ELU = require('nn.pointwise').layer('nn.ELU', 'elu', { { 'alpha', 1 } }, true)

function ELU:__tostring__() return ('%s (alpha:%f)'):format(torch.type(self), self.alpha) end

return ELU
