--- nn.LayerNorm(sizes, [eps = 1e-5], [affine = true], [bias = true]): the last dimensions, of these sizes (a number or
-- a list), to mean 0 and variance 1, then times weight plus bias, element by element.
--
-- y = (x - mean) / sqrt(variance + eps) * weight + bias, mean and (biased) variance over the last dimensions of each
-- sample. input (..., sizes) → output (the same). weight starts at 1, bias at 0.
-- @usage local y = nn.LayerNorm(8):forward(torch.randn(4, 3, 8)); assert(math.abs(y[1][1]:mean()) < 1e-6)
local LayerNorm, parent = torch.class('nn.LayerNorm', 'nn.Module')
local groupnorm = require 'nn.groupnorm'
local options = require 'nn.options'

function LayerNorm:__init(...)
  parent.__init(self)
  local who = 'nn.LayerNorm'
  local o = options.read(who, { 'sizes|normalizedShape', 'eps', 'affine|elementwiseAffine', 'bias' }, ...)
  local sizes = type(o.sizes) == 'number' and { o.sizes } or o.sizes
  if torch.isTypeOf(sizes, 'torch.LongStorage') then sizes = sizes:totable() end
  if type(sizes) ~= 'table' or #sizes == 0 then options.refuse(who, 'sizes', 'a number or a list of sizes', o.sizes) end
  for i, n in ipairs(sizes) do options.count(who, 'size ' .. i, n) end
  self.sizes, self.eps = sizes, options.number(who, 'eps', o.eps, 1e-5)
  if options.flag(who, 'affine', o.affine, true) then
    groupnorm.allocate(self, options.flag(who, 'bias', o.bias, true), unpack(sizes))
  end
  self:reset()
end

LayerNorm.reset = groupnorm.reset
groupnorm.last_dims(LayerNorm, false)

function LayerNorm:clearState()
  groupnorm.clear(self)
  return parent.clearState(self)
end

function LayerNorm:__tostring__() return ('%s(%s)'):format(torch.type(self), table.concat(self.sizes, ' x ')) end

return LayerNorm
