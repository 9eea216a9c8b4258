--- nn.WeightedMSECriterion(weight): the mean of (x - w y)^2: as in Torch7, only the target is scaled. weight has the
-- size of a sample, or of the batch.
-- input x and target y of one shape (any) → loss, a number; gradient like x.
-- @usage local loss = nn.WeightedMSECriterion(torch.Tensor{1, 2}):forward(torch.randn(3, 2), torch.randn(3, 2))
local common = require 'nn.common'
local regression = require 'nn.regression'
local Weighted, parent = torch.class('nn.WeightedMSECriterion', 'nn.MSECriterion')

function Weighted:__init(weight)
  parent.__init(self)
  if not common.istensor(weight) then
    error('nn.WeightedMSECriterion: weight: expected a tensor, got ' .. torch.type(weight), 2)
  end
  self.weight = weight:clone()
end

local function scaled(self, input, target)
  regression.check(self, input, target)
  self.buffer = common.buffer(self.buffer, input)
  local w = self.weight
  local y = self.buffer:resizeAs(target):copy(target)
  if w:nElement() == y:nElement() then return y:cmul(w) end
  if input:dim() ~= w:dim() + 1 or y:nElement() % w:nElement() ~= 0 then
    common.expected(self, ('a batch of samples of size %s, as the weight'):format(common.shape(w)), input)
  end
  y:view(-1, w:nElement()):cmul(w:contiguous():view(1, -1):expand(y:nElement() / w:nElement(), w:nElement()))
  return y
end

-- input, target (equal sizes) → loss
function Weighted:updateOutput(input, target) return parent.updateOutput(self, input, scaled(self, input, target)) end

function Weighted:each(input, target) return parent.each(self, input, scaled(self, input, target)) end

function Weighted:updateGradInput(input, target)
  return parent.updateGradInput(self, input, scaled(self, input, target))
end

return Weighted
