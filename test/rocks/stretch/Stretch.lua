--- nn.Stretch(factor): y = factor * x.
local Stretch, parent = torch.class('nn.Stretch', 'nn.Module')

function Stretch:__init(factor)
  parent.__init(self)
  self.factor = factor
end

function Stretch:updateOutput(input)
  self.output:resizeAs(input):copy(input):mul(self.factor)
  return self.output
end

function Stretch:updateGradInput(_, gradOutput)
  self.gradInput:resizeAs(gradOutput):copy(gradOutput):mul(self.factor)
  return self.gradInput
end
