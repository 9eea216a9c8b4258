--- nn.Contiguous(): the input itself, or a packed copy where its steps are others.
-- input (any shape) → output (the same).
-- @usage local y = nn.Contiguous():forward(torch.randn(2, 3):t()) -- 3 x 2, packed
local Contiguous = torch.class('nn.Contiguous', 'nn.Module')
local common = require 'nn.common'
local utils = require 'nn.utils'

local function packed(self, field, x)
  common.check_tensor(self, x)
  self[field] = x:contiguous() -- never into the tensor handed on before: it may be someone else's
  return self[field]
end

-- input (any shape) → output (the same), packed
function Contiguous:updateOutput(input) return packed(self, 'output', input) end

function Contiguous:updateGradInput(_input, gradOutput) return packed(self, 'gradInput', gradOutput) end

function Contiguous:clearState() return utils.forget(self, 'output', 'gradInput') end

return Contiguous
