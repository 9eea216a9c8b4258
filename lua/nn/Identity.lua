--- nn.Identity(): y = x, whatever x is.
-- input (anything, also tables) → output, the very same object.
-- @usage local y = nn.Identity():forward(torch.randn(2, 3))
local Identity = torch.class('nn.Identity', 'nn.Module')
local utils = require 'nn.utils'

function Identity:updateOutput(input)
  self.output = input
  return input
end

function Identity:updateGradInput(_input, gradOutput)
  self.gradInput = gradOutput
  return gradOutput
end

-- The buffers are the neighbours' tensors: they are forgotten, not emptied.
function Identity:clearState() return utils.forget(self, 'output', 'gradInput') end

return Identity
