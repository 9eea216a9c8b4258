--- What the pooling layers over a regular grid of windows share: maximum and average over one to three dimensions.
--
-- A layer keeps the size, stride, padding and dilation of a window in fields that end in the dimension's letter (kW,
-- dW, padW, dilationW; T or H before W). Its file names the letters, in the order of the tensor's dimensions.
local ffi = require 'ffi'
local common = require 'nn.common'
local planes = require 'nn.planes'
local C, again, buffer = common.C, common.again, common.buffer
local M = {}
local pool = ffi.new 'struct rk_pool' -- one for all: the library reads it at once
local sizes = { H = 'iheight', T = 'itime', W = 'iwidth' }

--- Check constructor arguments: each an integer, from `lowest`.
local function check(class, lowest, name, v, level)
  v = common.number(v)
  if type(v) ~= 'number' or v ~= v or v < lowest then
    error(('%s: %s: expected an integer >= %d, got %s'):format(class, name, lowest, tostring(v)), level + 1)
  end
  return common.whole(class, name, v)
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

--- Set all fields of windows, from the sizes on, and rounding down.
-- @param self the layer
-- @param order the letters in the order of the constructor's arguments
-- @param values list of arguments: sizes, strides, paddings
-- @param stride kind whose fields stand in for missing strides, or a number
function M.windows(self, order, values, stride)
  M.set(self, 'k', order, 1, values, 1)
  M.set(self, 'd', order, 1, values, #order + 1, stride)
  M.set(self, 'pad', order, 0, values, 2 * #order + 1, 0)
  self.ceil_mode = false
end

--- Read a layer from a file; files of before ceil mode and padding lack the fields.
function M.read(self, file, order)
  nn.Module.read(self, file)
  self.ceil_mode = self.ceil_mode or false
  for i = 1, #order do
    local pad = 'pad' .. order:sub(i, i)
    self[pad] = self[pad] or 0
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

-- ceil, floor, tostring.
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

  Class.__tostring__ = text(letters, order)
end

--- Give a class the maximum of each window; self.indices holds where it was, 1-based in its plane.
-- @param Class the class table
-- @param parent its parent
-- @param letters of the dimensions, in the tensor's order: 'HW', 'THW'
-- @param order the same in the order of the constructor's arguments
-- @return Class
function M.max(Class, parent, letters, order)
  local parameters, n = filler(letters), #letters
  local s1, s2, s3 = sizes[letters:sub(1, 1)], sizes[letters:sub(2, 2)], sizes[letters:sub(3, 3)]

  local function fill(self, x)
    self[s1] = tonumber(x.extent[2])
    if n > 1 then self[s2] = tonumber(x.extent[3]) end
    if n > 2 then self[s3] = tonumber(x.extent[4]) end
    return parameters(self)
  end

  local function back(self, dx, g, indices, x)
    local p = parameters(self)
    local s = C.rk_maxpool_backward(dx, g, indices, x, p)
    if s ~= 0 then again(self, s, C.rk_maxpool_backward, dx, g, indices, x, p) end
  end

  planes.max(Class, parent, letters, 'maxpool', fill, back)
  common_methods(Class, letters, order)
  return Class
end

-- How many elements of the input the windows behind `out` hold, over self.divisor: expanded to out.
local function shares(self, letters, input, out)
  local n, sizes_, one = #letters, {}, {}
  for i = 1, n do sizes_[i], one[i] = out:size(out:dim() - n + i), 1 end
  self._shares = buffer(self._shares, out):resize(torch.LongStorage(sizes_)):fill(1 / self.divisor)
  for i = 1, n do
    local letter = letters:sub(i, i)
    local k, d, p, size = self['k' .. letter], self['d' .. letter], self['pad' .. letter] or 0,
      input:size(input:dim() - n + i)
    local line = out.new(sizes_[i])
    for j = 1, sizes_[i] do
      local start = (j - 1) * d - p
      line[j] = math.min(start + k, size) - math.max(start, 0)
    end
    one[i] = sizes_[i]
    self._shares:cmul(line:view(torch.LongStorage(one)):expandAs(self._shares))
    one[i] = 1
  end
  local lead = out:dim() - n
  local view = { unpack(sizes_) }
  for _ = 1, lead do table.insert(view, 1, 1) end
  return self._shares:view(torch.LongStorage(view)):expandAs(out)
end

--- Give a class the mean of each window; self.divide = false gives sums, as Torch7 has them: the mean times the
-- window's size. self.divisor: what the sum of the window's elements is divided by.
-- @param Class the class table
-- @param letters of the dimensions, in the tensor's order
-- @param order the same in the order of the constructor's arguments
-- @return Class
function M.average(Class, letters, order)
  local n = #letters
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

  planes.methods(Class, 'avgpool', letters, filler(letters))
  local forward, backward = Class.updateOutput, Class.updateGradInput

  function Class:updateOutput(input)
    if self.divisor then self.count_include_pad = false end
    local out = forward(self, input)
    if self.divisor then return out:cmul(shares(self, letters, input, out)) end
    return self.divide == false and out:mul(whole(self)) or out
  end

  function Class:updateGradInput(input, gradOutput)
    if self.divisor then
      self._weighted = buffer(self._weighted, gradOutput)
      self._weighted:resizeAs(gradOutput):cmul(gradOutput, shares(self, letters, input, gradOutput))
      return backward(self, input, self._weighted)
    end
    local dx = backward(self, input, gradOutput)
    return self.divide == false and dx:mul(whole(self)) or dx
  end

  function Class:empty() self:clearState() end

  common_methods(Class, letters, order)
  return Class
end

return M
