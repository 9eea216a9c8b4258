--- nn.WhiteNoise([mean = 0], [std = 0.1]): adds normal noise while training, the mean alone when evaluating.
--
-- Shapes: any; output as the input. self.noise holds what was added. There is no backward when evaluating.
-- @usage nn.WhiteNoise(0, 0.5):forward(torch.ones(2, 3))
local WhiteNoise, parent = torch.class('nn.WhiteNoise', 'nn.Module')
local common = require 'nn.common'

function WhiteNoise:__init(mean, std)
  parent.__init(self)
  self.mean = common.optional(torch.type(self), 'mean', mean) or 0
  self.std = common.optional(torch.type(self), 'std', std) or 0.1
  if type(self.mean) ~= 'number' or type(self.std) ~= 'number' or self.std < 0 then
    error(('nn.WhiteNoise: expected a mean and a standard deviation, got %s and %s'):format(tostring(mean),
      tostring(std)), 2)
  end
  self.noise = torch.Tensor()
end

function WhiteNoise:updateOutput(input)
  common.check_tensor(self, input)
  local out = common.buffer(self.output, input)
  self.output = out
  out:resizeAs(input):copy(input)
  if self.train ~= false then
    self.noise = common.buffer(self.noise, input)
    self.noise:resizeAs(input):normal(self.mean, self.std)
    out:add(self.noise)
  elseif self.mean ~= 0 then
    out:add(self.mean)
  end
  return out
end

function WhiteNoise:updateGradInput(_input, gradOutput)
  if self.train == false then
    error('nn.WhiteNoise: there is no gradient when evaluating: call training() first', 0)
  end
  common.check_tensor(self, gradOutput, 'gradOutput')
  self.gradInput = common.buffer(self.gradInput, gradOutput)
  return self.gradInput:resizeAs(gradOutput):copy(gradOutput)
end

function WhiteNoise:clearState()
  if self.noise then self.noise:set() end
  return parent.clearState(self)
end

function WhiteNoise:__tostring__()
  return ('%s mean: %f, std: %f'):format(torch.type(self), self.mean, self.std)
end

return WhiteNoise
