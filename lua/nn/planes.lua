--- What layers share whose work is one call of the library on (N, C, sizes...): one sample seen as a batch, buffers.
local common = require 'nn.common'
local C, again, buffer = common.C, common.again, common.buffer

local M = {}
local view_x, view_g, view_i = common.scratch(), common.scratch(), common.scratch()
view_i.dt = C.RK_i64

--- View x as a batch of one in `view`; give it back with C.rk_tensor_drop.
function M.batch_of_one(self, view, x)
  view.dt = x.dt
  local s = C.rk_unsqueeze(view, x, 0)
  if s ~= 0 then again(self, s, C.rk_unsqueeze, view, x, 0) end
  return view
end

--- Drop the batch dimension of a result again.
function M.drop_batch(t)
  if t.rank > 0 then C.rk_select(common.own(t), t, 0, 0) end
end

--- A LongTensor for positions: the present one when it is one.
function M.long(indices)
  if indices ~= nil and indices.dt == C.RK_i64 then return indices end
  return torch.LongTensor()
end

--- A function that insists on [N x C x ...] or [C x ...] and returns whether the first it was.
-- @param letters of the spatial dimensions: 'HW'
function M.checker(letters)
  local form = letters:gsub('.', ' x %0')
  local text, n = ('input [N x C%s] or [C%s]'):format(form, form), #letters
  return function(self, input)
    common.check_dims(self, input, n + 1, n + 2, text)
    return input.rank == n + 2
  end
end

--- Give a class updateOutput and updateGradInput from forward(out, x, p) and backward(dx, g, x, p) of the library.
-- @param Class the class table
-- @param name of the functions: 'pad' for C.rk_pad_forward and C.rk_pad_backward
-- @param letters of the spatial dimensions: 'HW'
-- @param fill function (self, input) that returns the struct p
-- @return Class
function M.methods(Class, name, letters, fill)
  local forward, backward = C['rk_' .. name .. '_forward'], C['rk_' .. name .. '_backward']
  local check_input = M.checker(letters)

  -- input (N, C, sizes...) → output (N, C, sizes'...); or without N
  function Class:updateOutput(input)
    local batch = check_input(self, input)
    local out, p = buffer(self.output, input), fill(self, input)
    self.output = out
    local x = batch and input or M.batch_of_one(self, view_x, input)
    local s = forward(out, x, p)
    if s ~= 0 then again(self, s, forward, out, x, p) end
    if not batch then
      M.drop_batch(out)
      C.rk_tensor_drop(view_x)
    end
    return out
  end

  function Class:updateGradInput(input, gradOutput)
    local batch = check_input(self, input)
    common.check_dims(self, gradOutput, input.rank, input.rank, 'gradOutput of the output\'s size')
    local dx, p = buffer(self.gradInput, input), fill(self, input)
    self.gradInput = dx
    local x, g = input, gradOutput
    if not batch then x, g = M.batch_of_one(self, view_x, input), M.batch_of_one(self, view_g, gradOutput) end
    local s = backward(dx, g, x, p)
    if s ~= 0 then again(self, s, backward, dx, g, x, p) end
    if not batch then
      M.drop_batch(dx)
      C.rk_tensor_drop(view_x)
      C.rk_tensor_drop(view_g)
    end
    return dx
  end
  return Class
end

--- Give a class the maximum of windows; self.indices holds where it was, 1-based in its plane.
-- @param Class the class table
-- @param parent its parent
-- @param letters of the spatial dimensions
-- @param name of the library's function: 'maxpool' for C.rk_maxpool_forward(out, indices, x, p)
-- @param fill function (self, x) that returns the struct p for a batch x
-- @param back function (self, dx, g, indices, x): the gradient of a batch
-- @param[opt] check function (self, input) in place of the usual one: is it a batch?
-- @return Class
function M.max(Class, parent, letters, name, fill, back, check)
  local forward, check_input = C['rk_' .. name .. '_forward'], check or M.checker(letters)

  -- input (N, C, sizes...) → output (N, C, sizes'...); or without N
  function Class:updateOutput(input)
    local batch = check_input(self, input)
    local out, indices = buffer(self.output, input), M.long(self.indices)
    self.output, self.indices = out, indices
    local x = batch and input or M.batch_of_one(self, view_x, input)
    local p = fill(self, x)
    local s = forward(out, indices, x, p)
    if s ~= 0 then again(self, s, forward, out, indices, x, p) end
    if not batch then
      M.drop_batch(out)
      M.drop_batch(indices)
      C.rk_tensor_drop(view_x)
    end
    return out
  end

  function Class:updateGradInput(input, gradOutput)
    local batch = check_input(self, input)
    common.check_dims(self, gradOutput, input.rank, input.rank, 'gradOutput of the output\'s size')
    common.check_dims(self, self.indices, input.rank, input.rank, 'forward before backward (indices)')
    local dx = buffer(self.gradInput, input)
    self.gradInput = dx
    if batch then
      back(self, dx, gradOutput, self.indices, input)
    else
      back(self, dx, M.batch_of_one(self, view_g, gradOutput), M.batch_of_one(self, view_i, self.indices),
        M.batch_of_one(self, view_x, input))
      M.drop_batch(dx)
      C.rk_tensor_drop(view_x)
      C.rk_tensor_drop(view_g)
      C.rk_tensor_drop(view_i)
    end
    return dx
  end

  function Class:clearState()
    if self.indices then self.indices:set() end
    return parent.clearState(self)
  end

  -- Old name of clearState.
  function Class:empty() self:clearState() end
  return Class
end

return M
