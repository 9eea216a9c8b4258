--- nn.CDivTable(): the first tensor of a table divided by the second, element by element.
-- {x1, x2}, equal sizes → x1 / x2 (the same).
-- @usage local y = nn.CDivTable():forward { torch.ones(2, 3), torch.ones(2, 3):mul(4) }
local CDivTable, parent = torch.class('nn.CDivTable', 'nn.Module')
local arithmetic = require 'nn.arithmetic'

function CDivTable:__init()
  parent.__init(self)
  self.gradInput = {}
end

-- {x, y} (equal sizes) → x / y
function CDivTable:updateOutput(input)
  arithmetic.check(self, input, 2)
  return arithmetic.start(self, input[1]):cdiv(input[2])
end

function CDivTable:updateGradInput(input, gradOutput)
  arithmetic.check(self, input, 2)
  arithmetic.gradient(self, 1, input[1]):copy(gradOutput):cdiv(input[2])
  arithmetic.gradient(self, 2, input[2]):copy(self.gradInput[1]):cdiv(input[2]):cmul(input[1]):mul(-1)
  return self.gradInput
end

return CDivTable
