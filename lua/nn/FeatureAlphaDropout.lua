--- nn.FeatureAlphaDropout([p = 0.5]): nn.AlphaDropout of whole planes: each stays or goes as a whole.
--
-- input (N, C, ...) → output (the same); evaluating: the input.
-- @usage local y = nn.FeatureAlphaDropout(0.2):forward(torch.randn(2, 4, 3, 3))
local Feature = torch.class('nn.FeatureAlphaDropout', 'nn.AlphaDropout')
local common = require 'nn.common'

function Feature:_draw(input)
  common.check_dims(self, input, 2, 12, 'input [N x C x ...]')
  local planes = input:size(1) * input:size(2)
  self._planes = common.buffer(self._planes, input)
  self._planes:resize(planes, 1):bernoulli(1 - self.p)
  self.noise:resizeAs(input)
  self.noise:view(planes, -1):copy(self._planes:expand(planes, self.noise:nElement() / planes))
end

function Feature:clearState()
  self._planes = nil
  return nn.AlphaDropout.clearState(self)
end

return Feature
