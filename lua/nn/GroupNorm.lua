--- nn.GroupNorm(groups, planes, [eps = 1e-5], [affine = true]): the planes of each sample in equal groups, every group
-- to mean 0 and variance 1 by itself, then times weight plus bias, a number a plane (Wu and He, 2018).
--
-- y = (x - mean) / sqrt(variance + eps) * weight + bias, mean and (biased) variance over a group's planes and
-- positions.
-- input (N, planes, ...) → output (the same). weight starts at 1, bias at 0.
-- @usage y = nn.GroupNorm(2, 6):forward(torch.randn(4, 6, 5, 5))
local GroupNorm, parent = torch.class('nn.GroupNorm', 'nn.Module')
local common = require 'nn.common'
local groupnorm = require 'nn.groupnorm'
local options = require 'nn.options'

function GroupNorm:__init(...)
  parent.__init(self)
  local who = 'nn.GroupNorm'
  local o = options.read(who, { 'numGroups', 'numChannels', 'eps', 'affine' }, ...)
  self.groups, self.planes = options.count(who, 'groups', o.numGroups), options.count(who, 'planes', o.numChannels)
  if self.planes % self.groups ~= 0 then
    options.refuse(who, 'planes', ('a multiple of %d groups'):format(self.groups), self.planes)
  end
  self.eps = options.number(who, 'eps', o.eps, 1e-5)
  if options.flag(who, 'affine', o.affine, true) then groupnorm.allocate(self, true, self.planes) end
  self:reset()
end

GroupNorm.reset = groupnorm.reset

groupnorm.methods(GroupNorm, function(self, input)
  if not common.istensor(input) or input.rank < 2 or input.extent[1] ~= self.planes then
    common.expected(self, ('input [N x %d x ...]'):format(self.planes), input)
  end
  return self.groups
end)

function GroupNorm:clearState()
  groupnorm.clear(self)
  return parent.clearState(self)
end

function GroupNorm:__tostring__() return ('%s(%d, %d)'):format(torch.type(self), self.groups, self.planes) end

return GroupNorm
