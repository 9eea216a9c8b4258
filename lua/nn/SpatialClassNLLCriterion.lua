--- nn.SpatialClassNLLCriterion([weights], [sizeAverage = true], [ignoreIndex = -100]): nn.ClassNLLCriterion of each
-- pixel: log-probabilities x (N, C, H, W), targets t (N, H, W): -weights[t] x[t], averaged by dividing by the sum of
-- the weights chosen.
-- @usage local loss = nn.SpatialClassNLLCriterion():forward(torch.zeros(1, 2, 3, 3), torch.LongTensor(1, 3, 3):fill(2))
local NLL = nn.ClassNLLCriterion
local SpatialNLL = torch.class('nn.SpatialClassNLLCriterion', 'nn.Criterion')
local common = require 'nn.common'

SpatialNLL.__init = NLL.__init
SpatialNLL.__len = NLL.__len
SpatialNLL.spatial = true

local function check(self, input) common.check_dims(self, input, 4, 4, 'log-probabilities [N x C x H x W]') end

-- input (N, C, H, W), target (N, H, W) → loss, sum of weights
function SpatialNLL:updateOutput(input, target)
  check(self, input)
  return NLL.updateOutput(self, input, target)
end

function SpatialNLL:each(input, target)
  check(self, input)
  return NLL.each(self, input, target)
end

function SpatialNLL:updateGradInput(input, target)
  check(self, input)
  return NLL.updateGradInput(self, input, target)
end

return SpatialNLL
