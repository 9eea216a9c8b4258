--- nn.Profile(module, [printEvery = 100], [name]): prints how long a module takes, every so many passes.
--
-- Shapes: those of the module. Backward counts updateGradInput and accGradParameters as one pass.
-- @usage nn.Profile(nn.Linear(3, 2), 1):forward(torch.ones(4, 3))
local Profile, parent = torch.class('nn.Profile', 'nn.Decorator')
local common = require 'nn.common'

function Profile:__init(module, print_interval, name)
  parent.__init(self, module)
  self.print_interval = common.optional('nn.Profile', 'print_interval', print_interval) or 100
  self.name = tostring(name or torch.type(module))
  self.module = module
  self.numFwds = 0
  self.numBwds = 0
  self.summedFwdTime = 0
  self.summedBwdTime = 0
  self.timer = torch.Timer()
end

local function report(self, count, sum, what)
  self[count] = self[count] + 1
  if self[count] % self.print_interval ~= 0 then return end
  print(('%s took %.3f seconds for %d %s passes'):format(self.name, self[sum], self[count], what))
  self[count], self[sum] = 0, 0
end

function Profile:updateOutput(input)
  self.timer:reset()
  parent.updateOutput(self, input)
  self.summedFwdTime = self.summedFwdTime + self.timer:time().real
  report(self, 'numFwds', 'summedFwdTime', 'forward')
  return self.output
end

function Profile:updateGradInput(input, gradOutput)
  self.timer:reset()
  parent.updateGradInput(self, input, gradOutput)
  self.summedBwdTime = self.summedBwdTime + self.timer:time().real
  report(self, 'numBwds', 'summedBwdTime', 'backward')
  return self.gradInput
end

function Profile:accGradParameters(input, gradOutput, scale)
  self.timer:reset()
  parent.accGradParameters(self, input, gradOutput, scale)
  self.summedBwdTime = self.summedBwdTime + self.timer:time().real
end

return Profile
