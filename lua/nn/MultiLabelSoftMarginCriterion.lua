--- nn.MultiLabelSoftMarginCriterion([weights], [sizeAverage = true]): the mean over classes and batch of the cross
-- entropy of sigmoid(x) and y, y being 0 or 1 for each class; times the weight of the class.
--
-- input (N, classes) or (classes), target the same → loss. Not sizeAverage: the sum; with the field meanOfClasses the
-- sum over the batch of the mean over classes, which is what PyTorch's 'sum' means.
-- @usage local loss = nn.MultiLabelSoftMarginCriterion():forward(torch.randn(3), torch.Tensor{0, 1, 1})
local common = require 'nn.common'
local regression = require 'nn.regression'
local MultiLabel, parent = torch.class('nn.MultiLabelSoftMarginCriterion', 'nn.Criterion')

function MultiLabel:__init(weights, sizeAverage)
  parent.__init(self)
  self.weights = regression.vector('nn.MultiLabelSoftMarginCriterion', weights)
  self.sizeAverage = sizeAverage ~= false
  self.sigmoid = nn.Sigmoid()
end

regression.methods(MultiLabel, 'bce_logits')

local output, gradient, elements = MultiLabel.updateOutput, MultiLabel.updateGradInput, MultiLabel.each

local function divisor(self, input) return self.meanOfClasses and not self.sizeAverage and input:size(input:dim()) end

function MultiLabel:updateOutput(input, target)
  local loss, n = output(self, input, target), divisor(self, input)
  if n then
    loss = loss / n
    self.output = loss
  end
  return loss
end

--- The mean over classes of each sample's losses.
function MultiLabel:each(input, target)
  local losses = elements(self, input, target)
  self._rows = common.buffer(self._rows, losses)
  return self._rows:mean(losses, losses:dim()):view(-1)
end

function MultiLabel:updateGradInput(input, target)
  local dx, n = gradient(self, input, target), divisor(self, input)
  return n and dx:div(n) or dx
end

return MultiLabel
