--- nn.GradientReversal([lambda = 1]): the input unchanged; the gradient times -lambda.
--
-- Shapes: any; output and gradInput as the input. Ganin and Lempitsky 2015, Unsupervised Domain Adaptation by
-- Backpropagation.
-- @usage nn.GradientReversal(0.5):backward(torch.ones(2), torch.ones(2))
local GradientReversal, parent = torch.class('nn.GradientReversal', 'nn.Module')
local common = require 'nn.common'

GradientReversal.__version = 2

function GradientReversal:__init(lambda)
  parent.__init(self)
  self:setLambda(lambda or 1)
end

--- Change the factor.
function GradientReversal:setLambda(lambda)
  if type(lambda) ~= 'number' then
    error('nn.GradientReversal: expected a number as lambda, got ' .. torch.type(lambda), 2)
  end
  self.lambda = lambda
end

function GradientReversal:updateOutput(input)
  common.check_tensor(self, input)
  self.output = common.buffer(self.output, input)
  return self.output:set(input)
end

function GradientReversal:updateGradInput(_input, gradOutput)
  common.check_tensor(self, gradOutput, 'gradOutput')
  self.gradInput = common.buffer(self.gradInput, gradOutput)
  return self.gradInput:resizeAs(gradOutput):mul(gradOutput, -self.lambda)
end

function GradientReversal:read(file, version)
  parent.read(self, file)
  if version < 2 then self.lambda = 1 end
end

return GradientReversal
