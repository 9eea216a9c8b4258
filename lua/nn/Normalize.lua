--- nn.Normalize(p, [eps = 1e-10]): each sample divided by its p-norm, x / (sum |x|^p + eps)^(1/p).
--
-- Shapes: input (n) or (N, n); output the same. p may be math.huge: the largest absolute value plus eps.
-- @usage nn.Normalize(2):forward(torch.ones(2, 4))
local Normalize, parent = torch.class('nn.Normalize', 'nn.Module')
local common = require 'nn.common'
local rows = require 'nn.rows'
local utils = require 'nn.utils'

function Normalize:__init(p, eps)
  parent.__init(self)
  if type(p) ~= 'number' or p <= 0 then error('nn.Normalize: expected a positive p, got ' .. tostring(p), 2) end
  self.p = p
  self.eps = common.optional(torch.type(self), 'eps', eps) or 1e-10
end

function Normalize:updateOutput(input)
  local x = rows.of(self, input)
  local p = self.p
  for _, name in ipairs { 'buffer', 'norm', 'normp', '_output' } do self[name] = common.buffer(self[name], x) end
  local buffer = self.buffer:resizeAs(x)
  if p == math.huge then
    self._indices = self._indices or torch.LongTensor()
    self.norm:max(self._indices, buffer:abs(x), 2)
    self.norm:add(self.eps)
  else
    if p == 2 then buffer:cmul(x, x) else buffer:abs(x):pow(p) end
    self.normp:sum(buffer, 2):add(self.eps)
    self.norm:resizeAs(self.normp)
    if p == 2 then self.norm:sqrt(self.normp) else self.norm:pow(self.normp, 1 / p) end
  end
  self._output:resizeAs(x):cdiv(x, self.norm:expandAs(x))
  self.output = common.buffer(self.output, x)
  return self.output:view(self._output, input:size())
end

-- dx = g / |x| - (g.x) * d|x| / |x|^2, where d|x| = x |x_i|^(p-2) / |x|^(p-1), or the sign at the largest entry
function Normalize:updateGradInput(input, gradOutput)
  local x = rows.of(self, input)
  local g = rows.of(self, gradOutput, x:size(2), 'gradOutput')
  if g:size(1) ~= x:size(1) then common.expected(self, 'gradOutput ' .. common.shape(input), gradOutput) end
  if not self.norm then error(tostring(self) .. ': backward before forward', 0) end
  local p, norm = self.p, self.norm:view(-1, 1)
  self.cross = common.buffer(self.cross, x)
  self.buffer2 = common.buffer(self.buffer2, x)
  self._gradInput = common.buffer(self._gradInput, x)
  local buffer, dx = self.buffer:resizeAs(x), self._gradInput:resizeAs(x)
  local cross = self.cross:sum(self.buffer2:resizeAs(x):cmul(x, g), 2)
  cross:cdiv(norm):cdiv(norm)
  if p == math.huge then
    buffer:zero():scatter(2, self._indices, self.buffer2:sign(x):gather(2, self._indices))
  elseif p == 2 then
    buffer:copy(x)
    cross:cdiv(norm)
  else
    buffer:abs(x):pow(p - 1):cmul(self.buffer2:sign(x))
    cross:cdiv(self.buffer2:pow(norm, p - 1))
  end
  dx:cdiv(g, norm:expandAs(x))
  dx:addcmul(-1, buffer, cross:expandAs(x))
  self.gradInput = common.buffer(self.gradInput, x)
  return self.gradInput:view(dx, input:size())
end

-- Indices stay integers.
function Normalize:type(typename, cache)
  if typename then self._indices = nil end
  return parent.type(self, typename, cache)
end

function Normalize:clearState()
  self._indices = nil
  utils.clear(self, '_output', '_gradInput', 'norm', 'normp', 'cross', 'buffer', 'buffer2')
  return parent.clearState(self)
end

function Normalize:__tostring__()
  return ((self.p % 1 == 0) and '%s(%d)' or '%s(%f)'):format(torch.type(self), self.p)
end

return Normalize
