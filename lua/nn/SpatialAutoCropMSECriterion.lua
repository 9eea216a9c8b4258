--- nn.SpatialAutoCropMSECriterion([sizeAverage = true]): mean squared error against the centre of a larger target:
-- what a convolution without padding leaves of a picture.
-- input x (N, C, h, w) or (C, h, w), target y with H >= h, W >= w → loss, the mean (or sum) of (x - y)^2.
-- @usage local loss = nn.SpatialAutoCropMSECriterion():forward(torch.randn(1, 2, 2), torch.randn(1, 4, 4))
local common = require 'nn.common'
local AutoCrop, parent = torch.class('nn.SpatialAutoCropMSECriterion', 'nn.MSECriterion')

function AutoCrop:__init(sizeAverage) parent.__init(self, sizeAverage) end

local function centre(self, input, target)
  common.check_dims(self, input, 2, 4, 'input [H x W], [C x H x W] or [N x C x H x W]')
  common.check_dims(self, target, input:dim(), input:dim(), ('a target of %d dimensions'):format(input:dim()))
  for d = 1, input:dim() do
    local spare = target:size(d) - input:size(d)
    if spare < 0 or (d <= input:dim() - 2 and spare ~= 0) then
      common.expected(self, ('a target at least as high and wide as input %s'):format(common.shape(input)), target)
    end
    if spare > 0 then target = target:narrow(d, math.floor(spare / 2) + 1, input:size(d)) end
  end
  return target
end

-- input (.., h, w), target (.., H, W) → loss
function AutoCrop:updateOutput(input, target) return parent.updateOutput(self, input, centre(self, input, target)) end

function AutoCrop:each(input, target) return parent.each(self, input, centre(self, input, target)) end

function AutoCrop:updateGradInput(input, target)
  return parent.updateGradInput(self, input, centre(self, input, target))
end

return AutoCrop
