--- nn.CSubTable(): the first tensor of a table minus the second.
-- {x1, x2}, equal sizes → x1 - x2 (the same).
-- @usage local y = nn.CSubTable():forward { torch.randn(2, 3), torch.randn(2, 3) }
local CSubTable, parent = torch.class('nn.CSubTable', 'nn.Module')
local arithmetic = require 'nn.arithmetic'

function CSubTable:__init()
  parent.__init(self)
  self.gradInput = {}
end

-- {x, y} (equal sizes) → x - y
function CSubTable:updateOutput(input)
  arithmetic.check(self, input, 2)
  return arithmetic.start(self, input[1]):add(-1, input[2])
end

function CSubTable:updateGradInput(input, gradOutput)
  arithmetic.check(self, input, 2)
  arithmetic.gradient(self, 1, input[1]):copy(gradOutput)
  arithmetic.gradient(self, 2, input[2]):copy(gradOutput):mul(-1)
  return self.gradInput
end

return CSubTable
