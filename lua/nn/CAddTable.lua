--- nn.CAddTable([inplace = false]): the sum of a table of tensors.
-- y = x1 + x2 + ...; {x1, x2, ...}, equal sizes → output (the same); in place: x1 is overwritten.
-- @usage local y = nn.CAddTable():forward { torch.ones(2, 3), torch.ones(2, 3) }
local CAddTable, parent = torch.class('nn.CAddTable', 'nn.Module')
local arithmetic = require 'nn.arithmetic'

function CAddTable:__init(inplace)
  parent.__init(self)
  self.inplace = inplace
  self.gradInput = {}
end

-- {x1, x2, ...} (equal sizes) → x1 + x2 + ...
function CAddTable:updateOutput(input)
  arithmetic.check(self, input)
  if self.inplace then self.output:set(input[1]) else arithmetic.start(self, input[1]) end
  for i = 2, #input do self.output:add(input[i]) end
  return self.output
end

function CAddTable:updateGradInput(input, gradOutput)
  arithmetic.check(self, input)
  for i = 1, #input do
    if self.inplace then
      self.gradInput[i] = self.gradInput[i] or input[1].new()
      self.gradInput[i]:set(gradOutput)
    else
      arithmetic.gradient(self, i, input[i]):copy(gradOutput)
    end
  end
  return arithmetic.finish(self, #input)
end

return CAddTable
