--- nn.ELU([alpha = 1], [inplace = false]): x above 0, alpha (e^x - 1) below.
local ELU = require('nn.pointwise').layer('nn.ELU', 'elu', { { 'alpha', 1 } }, true)

function ELU:__tostring__() return ('%s (alpha:%f)'):format(torch.type(self), self.alpha) end

return ELU
