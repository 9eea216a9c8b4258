--- nn.ModuleCriterion(criterion, [inputModule], [targetModule], [castTarget = true]): a criterion behind modules:
-- input and target pass through theirs first. castTarget: the target takes the tensor type of targetModule.
-- input and target: what their modules take → loss, a number; gradient like the input.
-- @usage local loss = nn.ModuleCriterion(nn.MSECriterion(), nn.Tanh()):forward(torch.randn(3), torch.randn(3))
local ModuleCriterion, parent = torch.class('nn.ModuleCriterion', 'nn.Criterion')

local function module(name, m)
  if m ~= nil and not torch.isTypeOf(m, 'nn.Module') then
    error(('nn.ModuleCriterion: %s: expected a module, got %s'):format(name, torch.type(m)), 3)
  end
  return m
end

function ModuleCriterion:__init(criterion, inputModule, targetModule, castTarget)
  parent.__init(self)
  if not torch.isTypeOf(criterion, 'nn.Criterion') then
    error('nn.ModuleCriterion: expected a criterion, got ' .. torch.type(criterion), 2)
  end
  self.inputModule = module('inputModule', inputModule)
  self.targetModule = module('targetModule', targetModule)
  self.castTarget = castTarget == nil and true or castTarget
  if self.inputModule then
    local params = self.inputModule:parameters()
    if params and #params > 0 then
      require 'nn.hint'.once('ModuleCriterion', 'nn.ModuleCriterion: inputModule has parameters; '
        .. 'a criterion does not train them: put the module into the network')
    end
  end
  self.criterion = criterion
end

-- input, target → loss
function ModuleCriterion:updateOutput(input, target)
  if self.inputModule then
    self.input = self.inputModule:forward(input)
  else
    self.input = input
  end
  if self.targetModule then
    local kind = self.castTarget and self.targetModule:type()
    if kind and torch.isTensor(target) and target:type() ~= kind then target = target:type(kind) end
    self.target = self.targetModule:forward(target)
  else
    self.target = target
  end
  self.output = self.criterion:forward(self.input, self.target)
  return self.output
end

function ModuleCriterion:updateGradInput(input, _target)
  self.gradInput = self.criterion:backward(self.input or input, self.target)
  if self.inputModule then self.gradInput = self.inputModule:backward(input, self.gradInput) end
  return self.gradInput
end

function ModuleCriterion:type(typename, cache)
  for _, m in ipairs { self.inputModule or false, self.targetModule or false, self.criterion } do
    if m then m:type(typename, cache) end
  end
  self.input, self.target = nil, nil
  return parent.type(self, typename, cache)
end

return ModuleCriterion
