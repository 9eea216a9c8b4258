--- nn.Decorator(module): passes everything on to one module; the base of what changes a module's behaviour around it.
--
-- Shapes: those of the module.
-- @usage nn.Decorator(nn.Tanh()):forward(torch.ones(2))
local Decorator, parent = torch.class('nn.Decorator', 'nn.Container')

function Decorator:__init(module)
  parent.__init(self)
  if not torch.isTypeOf(module, 'nn.Module') then
    error(('%s: expected a module, got %s'):format(torch.type(self), torch.type(module)), 3)
  end
  self.modules[1] = module
end

function Decorator:updateOutput(input)
  self.output = self:rethrowErrors(self.modules[1], 1, 'updateOutput', input)
  return self.output
end

function Decorator:updateGradInput(input, gradOutput)
  self.gradInput = self:rethrowErrors(self.modules[1], 1, 'updateGradInput', input, gradOutput)
  return self.gradInput
end

function Decorator:accGradParameters(input, gradOutput, scale)
  self:rethrowErrors(self.modules[1], 1, 'accGradParameters', input, gradOutput, scale or 1)
end

function Decorator:accUpdateGradParameters(input, gradOutput, lr)
  self:rethrowErrors(self.modules[1], 1, 'accUpdateGradParameters', input, gradOutput, lr)
end

function Decorator:sharedAccUpdateGradParameters(input, gradOutput, lr)
  self:rethrowErrors(self.modules[1], 1, 'sharedAccUpdateGradParameters', input, gradOutput, lr)
end

function Decorator:__tostring__() return torch.type(self) .. ' @ ' .. tostring(self.modules[1]) end

local passed_on = {
  'updateOutput', 'updateGradInput', 'accGradParameters', 'accUpdateGradParameters', 'sharedAccUpdateGradParameters',
  '__tostring__',
}

--- Give a class that has another parent the methods that pass calls on to self.modules[1].
-- @param class the class table
-- @usage local Twice = torch.class('nn.TwiceDecorated', 'nn.Container'); nn.Decorator.decorate(Twice)
function Decorator.decorate(class)
  for _, name in ipairs(passed_on) do class[name] = Decorator[name] end
end

return Decorator
