--- mylayer: nn.Scale, a learned factor.
-- @usage require 'mylayer'; print(nn.Scale():forward(torch.ones(3)))
require 'nn'
require 'mylayer.Scale'

return { version = 'scm-1' }
