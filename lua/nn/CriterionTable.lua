--- nn.CriterionTable(criterion): a criterion as a module: {input, target} → loss; gradInput is a table of one gradient.
-- @usage local loss = nn.CriterionTable(nn.MSECriterion()):forward{torch.randn(3), torch.randn(3)}
local CriterionTable, parent = torch.class('nn.CriterionTable', 'nn.Module')

function CriterionTable:__init(criterion)
  parent.__init(self)
  if not torch.isTypeOf(criterion, 'nn.Criterion') then
    error('nn.CriterionTable: expected a criterion, got ' .. torch.type(criterion), 2)
  end
  self.criterion = criterion
  self.gradInput = { criterion.gradInput }
end

local function check(self, input)
  if type(input) ~= 'table' then
    require 'nn.common'.expected(self, 'a table {input, target}', input)
  end
end

-- {input, target} → loss
function CriterionTable:updateOutput(input)
  check(self, input)
  self.output = self.criterion:updateOutput(unpack(input))
  return self.output
end

function CriterionTable:updateGradInput(input)
  check(self, input)
  self.gradInput = { self.criterion:updateGradInput(unpack(input)) }
  return self.gradInput
end

return CriterionTable
