--- nn.CosineDistanceCriterion([sizeAverage = true]): 1 - cos(x, y) of input and target, row by row, averaged over rows.
-- @usage local loss = nn.CosineDistanceCriterion():forward(torch.randn(2, 4), torch.randn(2, 4))
local CosineDistance, parent = torch.class('nn.CosineDistanceCriterion', 'nn.Criterion')

function CosineDistance:__init(sizeAverage)
  parent.__init(self)
  self.sizeAverage = sizeAverage ~= false
  self.embedding = nn.CosineEmbeddingCriterion()
end

local function run(self, method, input, target)
  local inner = self.embedding
  inner.sizeAverage = self.sizeAverage
  local n = torch.isTensor(input) and input:dim() == 2 and input:size(1) or 1
  self._ones = require 'nn.common'.buffer(self._ones, torch.isTensor(input) and input or torch.Tensor())
  return inner[method](inner, { input, target }, self._ones:resize(n):fill(1))
end

-- input, target (N, D) or (D) → loss
function CosineDistance:updateOutput(input, target)
  self.output = run(self, 'updateOutput', input, target)
  return self.output
end

function CosineDistance:each(input, target) return run(self, 'each', input, target) end

function CosineDistance:updateGradInput(input, target)
  self.gradInput = run(self, 'updateGradInput', input, target)[1]
  return self.gradInput
end

return CosineDistance
