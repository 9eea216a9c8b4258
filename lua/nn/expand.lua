--- What nn.CAdd and nn.CMul share: a parameter that meets inputs of its own size, batches of them, or inputs along
-- whose dimensions it has size 1.
local common = require 'nn.common'

local M = {}

--- The sizes given to a constructor, as numbers or one LongStorage.
-- @param name of the class
-- @return LongStorage
function M.sizes(name, ...)
  local list = { ... }
  if #list == 1 and torch.typename(list[1]) == 'torch.LongStorage' then list = list[1]:totable() end
  if #list == 0 then error(name .. ': expected sizes or a LongStorage of them', 3) end
  for i = 1, #list do
    local n = common.number(list[i])
    list[i] = n
    if type(n) ~= 'number' or n < 1 then
      error(('%s: argument %d: expected a positive size, got %s'):format(name, i, tostring(n)), 3)
    end
  end
  return torch.LongStorage(list)
end

local function sized(x, sizes)
  if x:isContiguous() then return x:view(sizes) end
  return x:reshape(sizes)
end

-- Does p with sizes shifted by `skip` leading dimensions repeat into x?
local function repeats(p, x, skip)
  if p:dim() + skip ~= x:dim() then return false end
  for d = 1, p:dim() do
    if p:size(d) ~= 1 and p:size(d) ~= x:size(d + skip) then return false end
  end
  return true
end

--- Parameter p shaped to meet x: of as many dimensions, each of x's size or 1.
-- @param self the module, for the message
-- @param p (sizes)
-- @param x (sizes), (N, sizes), other sizes of as many elements, or where p has size 1 any size
-- @return a view of p
function M.meet(self, p, x)
  common.check_dims(self, x, 1, 11, 'a tensor with elements')
  local n = p:nElement()
  if repeats(p, x, 0) then return p end
  if n == x:nElement() then return p:view(x:size()) end
  if repeats(p, x, 1) then return p:view(1, unpack(p:size():totable())) end
  if n == x:nElement() / x:size(1) then
    local sizes = x:size()
    sizes[1] = 1
    return p:view(sizes)
  end
  return common.expected(self, ('input %s or a batch of them'):format(common.shape(p)), x)
end

--- grad += scale * g, summed over the dimensions along which `like` has size 1.
-- @param grad the parameter's gradient
-- @param like the parameter as M.meet gave it
-- @param g sized like the input
-- @param sum a list of two tensors: scratch space of g's type
function M.accumulate(grad, like, g, scale, sum)
  local which = 1
  for d = 1, like:dim() do
    if like:size(d) == 1 and g:size(d) > 1 then
      sum[which]:sum(g, d)
      g, which = sum[which], 3 - which
    end
  end
  grad:add(scale, sized(g, grad:size()))
end

return M
