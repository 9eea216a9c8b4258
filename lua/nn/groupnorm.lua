--- What group, instance, layer and RMS normalisation share: calls of the library's group normalisation.
local ffi = require 'ffi'
local common = require 'nn.common'
local types = require 'torch.types'
local C, again, buffer = common.C, common.again, common.buffer

local M = {}
local params = ffi.new 'struct rk_groupnorm'
local view_x, view_g, view_y = common.scratch(), common.scratch(), common.scratch()
local shape = ffi.new 'int64_t[3]'

local function fill(self, x, groups, uncentred)
  self.save_mean, self.save_std = buffer(self.save_mean, x), buffer(self.save_std, x)
  params.save_mean, params.save_std = self.save_mean, self.save_std
  params.eps = self.eps or (x.dt == types.of_class.Double and 2 ^ -52 or 2 ^ -23)
  params.groups, params.uncentred = groups, uncentred and 1 or 0
  return params
end

--- self.output from x (N, C, sizes...), each of `groups` groups of planes normalised by itself.
function M.forward(self, x, groups, uncentred)
  local out = buffer(self.output, x)
  self.output = out
  local p = fill(self, x, groups, uncentred)
  local s = C.rk_groupnorm_forward(out, x, self.weight, self.bias, p)
  if s ~= 0 then again(self, s, C.rk_groupnorm_forward, out, x, self.weight, self.bias, p) end
  return out
end

--- Gradients: dx, dw, db each nil where it is not wanted.
function M.backward(self, x, g, groups, uncentred, scale, dx, dw, db)
  if not self.save_mean then error(tostring(self) .. ': backward before forward', 0) end
  local p = fill(self, x, groups, uncentred)
  local s = C.rk_groupnorm_backward(dx, dw, db, g, x, self.weight, scale, p)
  if s ~= 0 then again(self, s, C.rk_groupnorm_backward, dx, dw, db, g, x, self.weight, scale, p) end
end

--- Give a class updateOutput, updateGradInput, accGradParameters and backward.
-- @param Class the class table; weight and bias, where present, have a number a plane
-- @param check function (self, input) that insists on the shape and returns the number of groups
-- @return Class
function M.methods(Class, check)
  -- input (N, C, sizes...) → output (the same)
  function Class:updateOutput(input) return M.forward(self, input, check(self, input)) end

  local function backward(self, input, gradOutput, scale, dx, dw, db)
    local groups = check(self, input)
    scale = common.scale(self, scale)
    common.check_dims(self, gradOutput, input.rank, input.rank, 'gradOutput of the output\'s size')
    M.backward(self, input, gradOutput, groups, false, scale, dx, dw, db)
  end

  --- Both gradients at once, in one pass over the data.
  function Class:backward(input, gradOutput, scale)
    common.check_tensor(self, input)
    self.gradInput = buffer(self.gradInput, input)
    backward(self, input, gradOutput, scale, self.gradInput, self.gradWeight, self.gradBias)
    return self.gradInput
  end

  function Class:updateGradInput(input, gradOutput)
    common.check_tensor(self, input)
    self.gradInput = buffer(self.gradInput, input)
    backward(self, input, gradOutput, 1, self.gradInput, nil, nil)
    return self.gradInput
  end

  function Class:accGradParameters(input, gradOutput, scale)
    if self.gradWeight then backward(self, input, gradOutput, scale, nil, self.gradWeight, self.gradBias) end
  end
  return Class
end

--- The same for the last dimensions, of sizes self.sizes; weight and bias have a number an element of a sample.
-- @param Class the class table
-- @param uncentred true: divide by the root of the mean square, take off no mean
-- @return Class
function M.last_dims(Class, uncentred)
  -- x (..., sizes) as (samples, n)
  local function rows(self, view, x, m, n)
    if not x:isContiguous() then x = x:contiguous() end
    shape[0], shape[1] = m, n
    view.dt = x.dt
    local s = C.rk_reshape(view, x, 2, shape)
    if s ~= 0 then again(self, s, C.rk_reshape, view, x, 2, shape) end
    return view
  end

  local function measure(self, x)
    local sizes, n = self.sizes, 1
    local ok = common.istensor(x) and x.rank >= #sizes
    for i = 1, #sizes do
      ok = ok and x.extent[x.rank - #sizes + i - 1] == sizes[i]
      n = n * sizes[i]
    end
    if not ok then common.expected(self, ('input [... x %s]'):format(table.concat(sizes, ' x ')), x) end
    return x:nElement() / n, n
  end

  local function release()
    C.rk_tensor_drop(view_x)
    C.rk_tensor_drop(view_g)
    C.rk_tensor_drop(view_y)
  end

  -- A packed result of x's sizes, seen as rows.
  local function result(self, t, x, m, n)
    if t.rank ~= x.rank or not t:isContiguous() then t:set() end
    t:resize(x:size())
    return rows(self, view_y, t, m, n)
  end

  -- input (..., sizes) → output (the same)
  function Class:updateOutput(input)
    local m, n = measure(self, input)
    local x = rows(self, view_x, input, m, n)
    self.output = buffer(self.output, input)
    local y, p = result(self, self.output, input, m, n), fill(self, x, 1, uncentred)
    local s = C.rk_groupnorm_forward(y, x, self.weight, self.bias, p)
    if s ~= 0 then again(self, s, C.rk_groupnorm_forward, y, x, self.weight, self.bias, p) end
    release()
    return self.output
  end

  local function backward(self, input, gradOutput, scale, wanted, dw, db)
    local m, n = measure(self, input)
    scale = common.scale(self, scale)
    if not (common.istensor(gradOutput) and gradOutput:isSameSizeAs(input)) then
      common.expected(self, 'gradOutput ' .. common.shape(input), gradOutput)
    end
    local dx
    if wanted then
      self.gradInput = buffer(self.gradInput, input)
      dx = result(self, self.gradInput, input, m, n)
    end
    local x, g = rows(self, view_x, input, m, n), rows(self, view_g, gradOutput, m, n)
    M.backward(self, x, g, 1, uncentred, scale, dx, dw, db)
    release()
    return self.gradInput
  end

  --- Both gradients at once, in one pass over the data.
  function Class:backward(input, gradOutput, scale)
    return backward(self, input, gradOutput, scale, true, self.gradWeight, self.gradBias)
  end

  function Class:updateGradInput(input, gradOutput) return backward(self, input, gradOutput, 1, true) end

  function Class:accGradParameters(input, gradOutput, scale)
    if self.gradWeight then backward(self, input, gradOutput, scale, false, self.gradWeight, self.gradBias) end
  end
  return Class
end

--- weight 1, bias 0.
function M.reset(self)
  if self.weight then self.weight:fill(1) end
  if self.bias then self.bias:zero() end
  return self
end

--- Forget what forward kept.
function M.clear(self) self.save_mean, self.save_std = nil, nil end

--- Give a layer weight and bias of the given sizes.
function M.allocate(self, bias, ...)
  self.weight, self.gradWeight = torch.Tensor(...), torch.Tensor(...):zero()
  if bias then self.bias, self.gradBias = torch.Tensor(...), torch.Tensor(...):zero() end
end

return M
