--- output = weight * input, with one learned number.
--
-- input any shape → output the same shape
-- @usage local y = nn.Scale(2):forward(torch.ones(3))
local Scale, parent = torch.class('nn.Scale', 'nn.Module')

--- @param start the first value of the factor, 1 by default
function Scale:__init(start)
  parent.__init(self)
  if start ~= nil and type(start) ~= 'number' then
    error(('nn.Scale: argument 1: number expected, got %s'):format(torch.type(start)), 2)
  end
  self.weight = torch.Tensor(1):fill(start or 1)
  self.gradWeight = torch.Tensor(1):zero()
end

function Scale:updateOutput(input)
  self.output:resizeAs(input):mul(input, self.weight[1])
  return self.output
end

function Scale:updateGradInput(_, gradOutput)
  self.gradInput:resizeAs(gradOutput):mul(gradOutput, self.weight[1])
  return self.gradInput
end

function Scale:accGradParameters(input, gradOutput, scale)
  self.gradWeight[1] = self.gradWeight[1] + (scale or 1) * input:dot(gradOutput)
end
