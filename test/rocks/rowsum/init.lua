require 'torch'
local C = require 'librowsum'
return function(x) return C.sum(torch.FloatTensor(), x) end
