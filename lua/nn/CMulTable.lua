--- nn.CMulTable(): the product of a table of tensors, element by element.
-- {x1, x2, ...}, equal sizes → x1 · x2 · ... (the same).
-- @usage local y = nn.CMulTable():forward { torch.randn(2, 3), torch.randn(2, 3) }
local CMulTable, parent = torch.class('nn.CMulTable', 'nn.Module')
local arithmetic = require 'nn.arithmetic'

function CMulTable:__init()
  parent.__init(self)
  self.gradInput = {}
end

-- {x1, x2, ...} (equal sizes) → x1 * x2 * ...
function CMulTable:updateOutput(input)
  arithmetic.check(self, input)
  local out = arithmetic.start(self, input[1])
  for i = 2, #input do out:cmul(input[i]) end
  return out
end

--- By division, in fewer passes: wrong where an input is 0.
function CMulTable:updateGradInput_efficient(input, gradOutput)
  arithmetic.check(self, input)
  for i = 1, #input do arithmetic.gradient(self, i, input[i]):copy(self.output):cdiv(input[i]):cmul(gradOutput) end
  return arithmetic.finish(self, #input)
end

function CMulTable:updateGradInput(input, gradOutput)
  arithmetic.check(self, input)
  for i = 1, #input do
    local dx = arithmetic.gradient(self, i, input[i]):copy(gradOutput)
    for j = 1, #input do
      if j ~= i then dx:cmul(input[j]) end
    end
  end
  return arithmetic.finish(self, #input)
end

return CMulTable
