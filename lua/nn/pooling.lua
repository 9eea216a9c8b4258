--- What the pooling layers over a regular grid of windows share: maximum and average over one to three dimensions.
--
-- A layer keeps the size, stride, padding and dilation of a window in fields that end in the dimension's letter (kW,
-- dW, padW, dilationW; T or H before W). Its file names the letters, in the order of the tensor's dimensions.
local ffi = require 'ffi'
local common = require 'nn.common'
local planes = require 'nn.planes'
local C, again, buffer = common.C, common.again, common.buffer
local batch_of_one, drop_batch = planes.batch_of_one, planes.drop_batch

local M = {}
local pool = ffi.new 'struct rk_pool' -- one for all: the library reads it at once
local view_x, view_g, view_i = common.scratch(), common.scratch(), common.scratch()
view_i.dt = C.RK_i64

local sizes = { H = 'iheight', T = 'itime', W = 'iwidth' }

--- Check constructor arguments: each an integer, from `lowest`.
local function check(class, lowest, name, v, level)
  if type(v) ~= 'number' or v ~= math.floor(v) or v < lowest then
    error(('%s: %s: expected an integer >= %d, got %s'):format(class, name, lowest, tostring(v)), level + 1)
  end
  return v
end

--- Set the fields of one kind, "k" or "pad", for every letter.
-- @param self the layer
-- @param kind 'k', 'd', 'pad' or 'dilation'
-- @param order the letters in the order of the constructor's arguments: 'WH', 'TWH'
-- @param lowest the smallest value allowed
-- @param values list of arguments
-- @param first where in the list those of this kind begin
-- @param default kind whose fields stand in for nil, or a number
function M.set(self, kind, order, lowest, values, first, default)
  for i = 1, #order do
    local letter = order:sub(i, i)
    local v = values[first + i - 1]
    if v == nil then v = type(default) == 'string' and self[default .. letter] or default end
    self[kind .. letter] = check(torch.type(self), lowest, kind .. letter, v, 4)
  end
end

-- Fields in the order of the tensor's dimensions: 'HW' to { 'kH', 'kW' }.
local function fields(kind, letters)
  return kind .. letters:sub(1, 1), kind .. letters:sub(2, 2), kind .. letters:sub(3, 3)
end

-- A function that fills in the library's struct from a layer's fields.
local function filler(letters)
  local n = #letters
  local k1, k2, k3 = fields('k', letters)
  local d1, d2, d3 = fields('d', letters)
  local p1, p2, p3 = fields('pad', letters)
  local l1, l2, l3 = fields('dilation', letters)
  local function one(self, i, k, d, p, l)
    pool.size[i], pool.stride[i], pool.pad[i], pool.dilation[i] = self[k], self[d], self[p] or 0, self[l] or 1
  end
  return function(self)
    pool.dims = n
    one(self, 0, k1, d1, p1, l1)
    if n > 1 then one(self, 1, k2, d2, p2, l2) end
    if n > 2 then one(self, 2, k3, d3, p3, l3) end
    pool.ceil_mode = self.ceil_mode and 1 or 0
    pool.count_pad = self.count_include_pad ~= false and 1 or 0
    return pool
  end
end

local function text(letters, order)
  local k = {}
  return function(self)
    local function list(kind, separator)
      for i = 1, #order do k[i] = tostring(self[kind .. order:sub(i, i)] or 0) end
      return table.concat(k, separator, 1, #order)
    end
    local s = ('%s(%s, %s'):format(torch.type(self), list('k', 'x'), list('d', ','))
    for i = 1, #letters do
      if (self['pad' .. letters:sub(i, i)] or 0) ~= 0 then
        s = s .. ', ' .. list('pad', ',')
        break
      end
    end
    if self.dilationW then s = s .. ', ' .. list('dilation', ',') end
    return s .. ')'
  end
end

-- ceil, floor, tostring, the old name of clearState.
local function common_methods(Class, letters, order)
  --- Round the output's size up.
  -- @return self
  function Class:ceil()
    self.ceil_mode = true
    return self
  end

  --- Round the output's size down, the default.
  -- @return self
  function Class:floor()
    self.ceil_mode = false
    return self
  end

  function Class:empty() self:clearState() end

  Class.__tostring__ = text(letters, order)
end

--- Give a class the maximum of each window; self.indices holds where it was, 1-based in its plane.
-- @param Class the class table
-- @param parent its parent
-- @param letters of the dimensions, in the tensor's order: 'HW', 'THW'
-- @param order the same in the order of the constructor's arguments
-- @return Class
function M.max(Class, parent, letters, order)
  local fill, check_input, n = filler(letters), planes.checker(letters), #letters
  local s1, s2, s3 = sizes[letters:sub(1, 1)], sizes[letters:sub(2, 2)], sizes[letters:sub(3, 3)]

  -- input (N, C, sizes...) → output (N, C, sizes'...); or without N
  function Class:updateOutput(input)
    local batch = check_input(self, input)
    self[s1] = tonumber(input.shape[input.rank - n])
    if s2 then self[s2] = tonumber(input.shape[input.rank - n + 1]) end
    if s3 then self[s3] = tonumber(input.shape[input.rank - n + 2]) end
    local out, indices = buffer(self.output, input), planes.long(self.indices)
    self.output, self.indices = out, indices
    local p = fill(self)
    local x = batch and input or batch_of_one(self, view_x, input)
    local s = C.rk_maxpool_forward(out, indices, x, p)
    if s ~= 0 then again(self, s, C.rk_maxpool_forward, out, indices, x, p) end
    if not batch then
      drop_batch(out)
      drop_batch(indices)
      C.rk_tensor_drop(view_x)
    end
    return out
  end

  function Class:updateGradInput(input, gradOutput)
    local batch = check_input(self, input)
    common.check_dims(self, gradOutput, input.rank, input.rank, 'gradOutput of the output\'s size')
    local dx, indices, p = buffer(self.gradInput, input), self.indices, fill(self)
    self.gradInput = dx
    common.check_dims(self, indices, input.rank, input.rank, 'forward before backward (indices)')
    local x, g = input, gradOutput
    if not batch then
      x, g = batch_of_one(self, view_x, input), batch_of_one(self, view_g, gradOutput)
      indices = batch_of_one(self, view_i, indices)
    end
    local s = C.rk_maxpool_backward(dx, g, indices, x, p)
    if s ~= 0 then again(self, s, C.rk_maxpool_backward, dx, g, indices, x, p) end
    if not batch then
      drop_batch(dx)
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

  common_methods(Class, letters, order)
  return Class
end

--- Give a class the mean of each window; self.divide = false gives sums.
-- @param Class the class table
-- @param letters of the dimensions, in the tensor's order
-- @param order the same in the order of the constructor's arguments
-- @return Class
function M.average(Class, letters, order)
  local fill, check_input, n = filler(letters), planes.checker(letters), #letters

  local function whole(self)
    local count = 1
    for i = 1, n do count = count * self['k' .. letters:sub(i, i)] end
    return count
  end

  --- Count padding in the divisor, the default.
  -- @return self
  function Class:setCountIncludePad()
    self.count_include_pad = true
    return self
  end

  --- Divide by the number of elements that are not padding.
  -- @return self
  function Class:setCountExcludePad()
    self.count_include_pad = false
    return self
  end

  -- input (N, C, sizes...) → output (N, C, sizes'...); or without N
  function Class:updateOutput(input)
    local batch = check_input(self, input)
    local out = buffer(self.output, input)
    self.output = out
    local p = fill(self)
    local x = batch and input or batch_of_one(self, view_x, input)
    local s = C.rk_avgpool_forward(out, x, p)
    if s ~= 0 then again(self, s, C.rk_avgpool_forward, out, x, p) end
    if not batch then
      drop_batch(out)
      C.rk_tensor_drop(view_x)
    end
    if self.divide == false then out:mul(whole(self)) end
    return out
  end

  function Class:updateGradInput(input, gradOutput)
    local batch = check_input(self, input)
    common.check_dims(self, gradOutput, input.rank, input.rank, 'gradOutput of the output\'s size')
    local dx, p = buffer(self.gradInput, input), fill(self)
    self.gradInput = dx
    local x, g = input, gradOutput
    if not batch then x, g = batch_of_one(self, view_x, input), batch_of_one(self, view_g, gradOutput) end
    local s = C.rk_avgpool_backward(dx, g, x, p)
    if s ~= 0 then again(self, s, C.rk_avgpool_backward, dx, g, x, p) end
    if not batch then
      drop_batch(dx)
      C.rk_tensor_drop(view_x)
      C.rk_tensor_drop(view_g)
    end
    if self.divide == false then dx:mul(whole(self)) end
    return dx
  end

  common_methods(Class, letters, order)
  return Class
end

return M
