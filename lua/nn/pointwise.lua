--- Layers that are one row of the library's op table: y = f(x; a, b), element by element.
--
-- A layer's file names its row and, where the row reads numbers, the fields they come from and their defaults. Value
-- and derivative are the row's.
local common = require 'nn.common'
local options = require 'nn.options'
local C, again, buffer, like = common.C, common.again, common.buffer, common.like
local check_tensor = common.check_tensor

local M = {}

-- Does the derivative of a row read y = f(x)? Asked of the row itself: two different y, the same gradient.
local function reads_output(op, a, b)
  local x = torch.DoubleTensor { -40, -4, -1.5, -0.5, 0, 0.5, 1.5, 4, 40 }
  local g, one, two = x.new(9):fill(1), x.new(9), x.new(9)
  C.rk_map_grad(op, one, x, x.new(9):fill(0.25), g, a, b)
  C.rk_map_grad(op, two, x, x.new(9):fill(0.75), g, a, b)
  return not one:equal(two)
end

-- The output to differentiate at, where self.output is not input's: that of another input is refused unless it is not
-- read; where forward never ran it is computed here (in place, forward would have overwritten the input).
local function other_output(self, op, input, a, b)
  local y = self.output
  if C.rk_tensor_count(y) ~= 0 and reads_output(op, a, b) then
    common.expected(self, 'the input of the last forward, whose output was ' .. common.shape(y), input)
  end
  y = input.new()
  local s = C.rk_map1(op, y, input, a, b)
  if s ~= 0 then again(self, s, C.rk_map1, op, y, input, a, b) end
  return y
end

--- Give a class updateOutput and updateGradInput from an op row.
-- The field `inplace`, where it is true, makes the output overwrite the input and gradInput the gradOutput; the row's
-- derivative must then be the same at x and at f(x).
-- @param Class the class table
-- @param name of the row
-- @param[opt] a the row's first number, or the name of the field that holds it
-- @param[opt] b the same of its second
-- @return Class
function M.methods(Class, name, a, b)
  local op = C['RK_OP_' .. name]
  local fixed_a, fixed_b = type(a) == 'number' and a or 0, type(b) == 'number' and b or 0
  if type(a) ~= 'string' then a = nil end
  if type(b) ~= 'string' then b = nil end

  -- input (any shape) → output (the same)
  function Class:updateOutput(input)
    check_tensor(self, input)
    local out = buffer(self.output, input)
    self.output = out
    if self.inplace then
      local s = C.rk_tensor_view(out, input)
      if s ~= 0 then again(self, s, C.rk_tensor_view, out, input) end
    elseif input.rank > 3 then
      like(out, input)
    end
    local va, vb = a and self[a] or fixed_a, b and self[b] or fixed_b
    local s = C.rk_map1(op, out, input, va, vb)
    if s ~= 0 then again(self, s, C.rk_map1, op, out, input, va, vb) end
    return out
  end

  function Class:updateGradInput(input, gradOutput)
    check_tensor(self, input)
    check_tensor(self, gradOutput, 'gradOutput')
    if C.rk_tensor_count(gradOutput) ~= C.rk_tensor_count(input) then -- sizes that broadcast would do below
      common.expected(self, 'gradOutput ' .. common.shape(input), gradOutput)
    end
    local dx = buffer(self.gradInput, input)
    self.gradInput = dx
    if self.inplace then
      local s = C.rk_tensor_view(dx, gradOutput)
      if s ~= 0 then again(self, s, C.rk_tensor_view, dx, gradOutput) end
    elseif input.rank > 3 then
      like(dx, input)
    end
    local va, vb, y = a and self[a] or fixed_a, b and self[b] or fixed_b, self.output
    if C.rk_tensor_count(y) ~= C.rk_tensor_count(input) then y = other_output(self, op, input, va, vb) end
    local s = C.rk_map_grad(op, dx, input, y, gradOutput, va, vb)
    if s ~= 0 then again(self, s, C.rk_map_grad, op, dx, input, y, gradOutput, va, vb) end
    return dx
  end
  return Class
end

local function number(class, field, v)
  if type(v) ~= 'number' then
    error(('%s: %s: expected a number, got %s'):format(class, field, torch.type(v)), 4)
  end
  return v
end

--- Insist on true, false or nil.
function M.flag(class, field, v)
  if v ~= nil and type(v) ~= 'boolean' then
    error(('%s: %s: expected true or false, got %s'):format(class, field, torch.type(v)), 3)
  end
  return v or false
end

--- Define a class nn.<name>(numbers..., [inplace]).
-- @param name 'nn.ELU'
-- @param row of the op table
-- @param[opt] fields list of {field, default}: the numbers of the row, arguments of the constructor in this order;
-- without a default the argument is required
-- @param[opt] inplace true: the last argument may ask for work in place; others take it, too, and work beside
-- @return the class
function M.layer(name, row, fields, inplace)
  local Class, parent = torch.class(name, 'nn.Module')
  fields = fields or {}
  local names = {}
  for i, field in ipairs(fields) do names[i] = field[1] end
  names[#names + 1] = 'inplace'
  function Class:__init(...)
    local a = ...
    parent.__init(self)
    local list = type(a) == 'table' and { options.positional(name, names, ...) } or { ... }
    for i, field in ipairs(fields) do
      local v = list[i]
      if v == nil then v = field[2] end
      self[field[1]] = number(name, field[1], v)
    end
    local wanted = M.flag(name, 'inplace', list[#names])
    if inplace then self.inplace = wanted end
  end
  return M.methods(Class, row, fields[1] and fields[1][1], fields[2] and fields[2][1])
end

return M
