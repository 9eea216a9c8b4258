--- What criterions on a pair of inputs {a, b} share: checks, targets of 1 and -1.
local common = require 'nn.common'

local M = {}

--- Insist on a table of two tensors of one type and size.
-- @return both
function M.check(self, input)
  if type(input) ~= 'table' then common.expected(self, 'a table of two tensors as input', input) end
  local a, b = input[1], input[2]
  common.check_tensor(self, a, 'input[1]')
  common.check_tensor(self, b, 'input[2]')
  if a.dt ~= b.dt then
    common.expected(self, ('input[2] of type %s, as input[1]'):format(a:type()), b)
  end
  if not a:isSameSizeAs(b) then
    common.expected(self, ('input[2] of size %s, as input[1]'):format(common.shape(a)), b)
  end
  return a, b
end

--- The two gradient buffers, of the sizes of a and b.
function M.gradients(self, a, b)
  local g = self.gradInput
  if type(g) ~= 'table' then
    g = {}
    self.gradInput = g
  end
  g[1], g[2] = common.buffer(g[1], a), common.buffer(g[2], b)
  return g[1]:resizeAs(a), g[2]:resizeAs(b)
end

--- Targets of 1 and -1 as a tensor of x's type: a number becomes one element.
-- @param self the criterion; field `ty` is the buffer
-- @param y number or tensor
-- @param x a tensor of the type wanted
-- @param n how many there should be
function M.signs(self, y, x, n)
  if common.istensor(y) then
    if y:nElement() ~= n then common.expected(self, ('%d targets of 1 or -1'):format(n), y) end
    if y.dt == x.dt then return y end
    self.ty = common.buffer(self.ty, x)
    return self.ty:resize(y:size()):copy(y)
  end
  if type(y) ~= 'number' or n ~= 1 then common.expected(self, ('%d targets of 1 or -1'):format(n), y) end
  self.ty = common.buffer(self.ty, x)
  return self.ty:resize(1):fill(y)
end

--- One target: the number, or a tensor's only element.
function M.sign(self, y)
  if common.istensor(y) and y:nElement() == 1 then return y:contiguous():view(-1)[1] end
  if type(y) ~= 'number' then common.expected(self, '1 or -1 as target', y) end
  return y
end

--- A ByteTensor of x's size for a condition, kept in self[field].
function M.mask(self, field)
  local m = self[field]
  if not m or m:type() ~= 'torch.ByteTensor' then -- type() takes it along
    m = torch.ByteTensor()
    self[field] = m
  end
  return m
end

return M
