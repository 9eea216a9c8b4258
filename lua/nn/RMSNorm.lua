--- nn.RMSNorm(sizes, [eps], [affine = true]): the last dimensions, of these sizes (a number or a list), divided
-- by the root of their mean square, then times weight, element by element (Zhang and Sennrich, 2019).
--
-- y = x / sqrt(mean(x^2) + eps) * weight. input (..., sizes) → output (the same). weight starts at 1.
-- Without eps it is the machine epsilon of the input's type, as in PyTorch.
-- @usage y = nn.RMSNorm(8):forward(torch.randn(4, 3, 8))
local RMSNorm, parent = torch.class('nn.RMSNorm', 'nn.Module')
local groupnorm = require 'nn.groupnorm'
local options = require 'nn.options'

function RMSNorm:__init(...)
  parent.__init(self)
  local who = 'nn.RMSNorm'
  local o = options.read(who, { 'sizes|normalizedShape', 'eps', 'affine|elementwiseAffine' }, ...)
  local sizes = type(o.sizes) == 'number' and { o.sizes } or o.sizes
  if type(sizes) ~= 'table' or #sizes == 0 then options.refuse(who, 'sizes', 'a number or a list of sizes', o.sizes) end
  for i, n in ipairs(sizes) do options.count(who, 'size ' .. i, n) end
  self.sizes, self.eps = sizes, o.eps and options.number(who, 'eps', o.eps)
  if options.flag(who, 'affine', o.affine, true) then groupnorm.allocate(self, false, unpack(sizes)) end
  self:reset()
end

RMSNorm.reset = groupnorm.reset
groupnorm.last_dims(RMSNorm, true)

function RMSNorm:clearState()
  groupnorm.clear(self)
  return parent.clearState(self)
end

function RMSNorm:__tostring__() return ('%s(%s)'):format(torch.type(self), table.concat(self.sizes, ' x ')) end

return RMSNorm
