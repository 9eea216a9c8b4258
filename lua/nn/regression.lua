--- Criterions that compare element with element: a row of core/loss_rows.h each, summed or averaged.
--
-- A criterion's file names its row and where the row's numbers come from; value and slope are the row's, computed in
-- one pass. Input and target pair element by element in row-major order whatever their shapes, as in Torch7; shapes
-- that look like a mistake are told once.
local ffi = require 'ffi'
local common = require 'nn.common'
local hint = require 'nn.hint'
local number = require 'torch.types'.number
local C, again, buffer, istensor = common.C, common.again, common.buffer, common.istensor

local M = {}
local rows, sum = {}, ffi.new 'double[1]'
do
  local i = 0
  while C.rk_loss_name(i) ~= nil do
    rows[ffi.string(C.rk_loss_name(i))] = i
    i = i + 1
  end
end

-- Equal up to dims of size 1, but not equal: [N] and [N x 1]. Or of one rank and different sizes: [N x 1] and [1 x N],
-- a transposed target.
local function doubtful(x, t)
  local xs, ts = {}, {}
  for d = 0, x.rank - 1 do
    if x.extent[d] ~= 1 then xs[#xs + 1] = tonumber(x.extent[d]) end
  end
  for d = 0, t.rank - 1 do
    if t.extent[d] ~= 1 then ts[#ts + 1] = tonumber(t.extent[d]) end
  end
  if x.rank == t.rank then return #xs > 0 end
  return #xs > 0 and table.concat(xs, 'x') == table.concat(ts, 'x')
end

local function compare_shapes(self, x, t)
  if doubtful(x, t) then
    hint.once('shapes ' .. torch.type(self), ('%s: input %s and target %s differ in shape; they are compared element '
      .. 'by element in row-major order. If that is meant, say target:viewAs(input)'):format(torch.type(self),
      common.shape(x), common.shape(t)))
  end
end

local function same_shape(x, t)
  if x.rank ~= t.rank then return false end
  for d = 0, x.rank - 1 do
    if x.extent[d] ~= t.extent[d] then return false end
  end
  return true
end

--- Insist on two tensors with as many elements.
function M.check(self, input, target)
  if not istensor(input) or not istensor(target) then
    common.check_tensor(self, input)
    common.check_tensor(self, target, 'target')
  end
  if input:nElement() ~= target:nElement() then
    local text = 'a target of %d elements for input %s'
    common.expected(self, text:format(input:nElement(), common.shape(input)), target)
  end
  if not same_shape(input, target) then compare_shapes(self, input, target) end
end

--- A sum over elements, divided by their number where self.sizeAverage says so.
function M.average(self, input, total) return self.sizeAverage and total / input:nElement() or total end

local function no_number(self, a, b)
  local wrong = type(a or 0) == 'number' and b or a
  error(('%s: expected numbers as parameters, got %s'):format(torch.type(self), torch.type(wrong)), 0)
end

--- The sum of a row's losses.
-- @param row its name
-- @param self for messages
-- @param input, target tensors of as many elements
-- @param[opt] weights tensor that repeats over the input
-- @param[opt=0] a, b the row's numbers
function M.sum(row, self, input, target, weights, a, b)
  local f = rows[row]
  if type(a or 0) ~= 'number' or type(b or 0) ~= 'number' then no_number(self, a, b) end
  local s = C.rk_loss_forward(f, sum, input, target, weights, a or 0, b or 0)
  if s ~= 0 then again(self, s, C.rk_loss_forward, f, sum, input, target, weights, a or 0, b or 0) end
  return number(sum)
end

--- The losses one by one, in a buffer of the criterion: weights * loss, of the input's sizes.
-- Arguments as of `sum`.
function M.each(row, self, input, target, weights, a, b)
  local f, out = rows[row], buffer(self._each, input)
  self._each = out
  local s = C.rk_loss_each(f, out, input, target, weights, a or 0, b or 0)
  if s ~= 0 then again(self, s, C.rk_loss_each, f, out, input, target, weights, a or 0, b or 0) end
  return out
end

--- dx = scale * weights * slope.
-- @return dx, resized
function M.slope(row, self, dx, input, target, scale, weights, a, b)
  local f = rows[row]
  local s = C.rk_loss_backward(f, dx, input, target, weights, a or 0, b or 0, scale)
  if s ~= 0 then again(self, s, C.rk_loss_backward, f, dx, input, target, weights, a or 0, b or 0, scale) end
  return dx
end

--- Give a class updateOutput, updateGradInput and each, the losses one by one, from a row.
-- @param Class the class table; its objects have sizeAverage and maybe weights, whose count divides the last dims'
-- @param row its name
-- @param[opt] a the row's first number, or the name of the field that holds it
-- @param[opt] b the same of its second
-- @return Class
function M.methods(Class, row, a, b)
  local fixed_a, fixed_b = type(a) == 'number' and a or 0, type(b) == 'number' and b or 0
  if type(a) ~= 'string' then a = nil end
  if type(b) ~= 'string' then b = nil end

  -- input, target (as many elements) → loss
  function Class:updateOutput(input, target)
    M.check(self, input, target)
    local total = M.sum(row, self, input, target, self.weights, a and self[a] or fixed_a, b and self[b] or fixed_b)
    self.output = self.sizeAverage and total / input:nElement() or total
    return self.output
  end

  function Class:each(input, target)
    M.check(self, input, target)
    return M.each(row, self, input, target, self.weights, a and self[a] or fixed_a, b and self[b] or fixed_b)
  end

  function Class:updateGradInput(input, target)
    M.check(self, input, target)
    local dx = buffer(self.gradInput, input)
    self.gradInput = dx
    local scale = self.sizeAverage and 1 / input:nElement() or 1
    local va, vb = a and self[a] or fixed_a, b and self[b] or fixed_b
    return M.slope(row, self, dx, input, target, scale, self.weights, va, vb)
  end
  return Class
end

--- Define a class nn.<name>([sizeAverage = true]) from a row.
-- @return the class
function M.criterion(name, row, a, b)
  local Class, parent = torch.class(name, 'nn.Criterion')
  function Class:__init(sizeAverage)
    parent.__init(self)
    self.sizeAverage = sizeAverage ~= false
  end
  return M.methods(Class, row, a, b)
end

--- Check the weights of a constructor: nil or a vector.
function M.vector(name, weights)
  if weights ~= nil and (not istensor(weights) or weights:dim() ~= 1) then
    error(('%s: weights: expected a vector, got %s'):format(name, common.shape(weights)), 3)
  end
  return weights
end

return M
