--- What adaptive and fractional pooling share: results of given sizes, by the library's windows.
local ffi = require 'ffi'
local common = require 'nn.common'
local options = require 'nn.options'
local planes = require 'nn.planes'
local C, again, buffer = common.C, common.again, common.buffer

local M = {}
local MOST = 2 ^ 31 -- results are smaller
local windows = ffi.new 'struct rk_windows'
local shape = ffi.new 'int64_t[5]'

--- Give a class the maximum of each window; self.indices holds where it was, 1-based in its plane.
-- @param Class the class table
-- @param parent its parent
-- @param letters of the spatial dimensions
-- @param fill function (self, x, windows): sets the struct for a batch x
-- @param[opt] check function (self, input) in place of the usual one: is it a batch?
-- @return Class
function M.max(Class, parent, letters, fill, check)
  local n = #letters

  local function filled(self, x)
    fill(self, x, windows)
    return windows
  end

  local function back(self, dx, g, indices, x)
    for d = 0, n + 1 do shape[d] = x.extent[d] end
    local s = C.rk_plane_scatter(dx, n + 2, shape, g, indices, n, 1)
    if s ~= 0 then again(self, s, C.rk_plane_scatter, dx, n + 2, shape, g, indices, n, 1) end
  end

  return planes.max(Class, parent, letters, 'window_max', filled, back, check)
end

--- Give a class the mean of each adaptive window.
-- @param Class the class table
-- @param letters of the spatial dimensions
-- @param fill function (self, x, windows)
-- @return Class
function M.average(Class, letters, fill)
  planes.methods(Class, 'window_avg', letters, function(self, input)
    fill(self, input, windows)
    return windows
  end)
  -- Old name of clearState.
  function Class:empty() self:clearState() end
  return Class
end

-- With the field returnIndices: {values, positions} in place of values, as nn.PoolIndices gives them.
local function with_positions(Class)
  local forward, backward = Class.updateOutput, Class.updateGradInput

  function Class:updateOutput(input)
    if not self.returnIndices then return forward(self, input) end
    local pair = self.output
    if type(pair) == 'table' then self.output = pair[1] else pair = {} end
    pair[1] = forward(self, input)
    pair[2], self.output = self.indices, pair
    return pair
  end

  function Class:updateGradInput(input, gradOutput)
    if self.returnIndices and type(gradOutput) == 'table' then gradOutput = gradOutput[1] end
    return backward(self, input, gradOutput)
  end
  return Class
end

--- Define an adaptive layer in PyTorch's form: nn.<name>(size), a number for all dimensions or a table of one each, in
-- the order of the tensor's dimensions.
-- @param kind 'Avg' or 'Max'
-- @param dims 1, 2 or 3
-- @return the class
function M.adaptive(kind, dims)
  local name = ('nn.Adaptive%sPool%dd'):format(kind, dims)
  local Class, parent = torch.class(name, 'nn.Module')
  local letters = ({ 'W', 'HW', 'THW' })[dims]

  -- The size of each dimension as arguments of their own, or as one list or number; then whether positions are wanted.
  function Class:__init(...)
    parent.__init(self)
    local list = { ... }
    local count = 1
    while dims > 1 and count < dims and type(list[1]) == 'number' and type(list[count + 1]) == 'number' do
      count = count + 1
    end
    local values, names = {}, { 'outputSize', kind == 'Max' and 'returnIndices' or nil }
    for i = 1, count do values[i] = list[i] end
    if type(values[1]) == 'table' then values = #values[1] > 0 and values[1] or nil end
    local o = options.read(name, names, values or list[1], unpack(list, count + 1, table.maxn(list)))
    local first = o.outputSize
    values = type(first) == 'table' and first or { first }
    if kind == 'Max' and options.flag(name, 'returnIndices', o.returnIndices, false) then self.returnIndices = true end
    self.size = {}
    for d = 1, dims do
      local v = values[d] or (#values == 1 and values[1])
      if type(v) ~= 'number' or not (v >= 1 and v < MOST) or v ~= math.floor(v) or #values > dims then
        error(('%s: expected one size or %d of them, each an integer of 1 to 2^31 - 1, got %s'):format(name, dims,
          #values > 1 and ('%d values'):format(#values) or type(v) == 'number' and v or torch.type(first)), 2)
      end
      self.size[d] = v
    end
  end

  local function fill(self, _, w)
    w.kind, w.dims = C.RK_ADAPTIVE, dims
    for d = 1, dims do w.out[d - 1] = self.size[d] end
  end

  function Class:__tostring__() return ('%s(%s)'):format(torch.type(self), table.concat(self.size, 'x')) end

  if kind == 'Max' then return with_positions(M.max(Class, parent, letters, fill)) end
  return M.average(Class, letters, fill)
end

--- Define an adaptive layer in Torch7's form: nn.<name>(W, H).
-- @param name 'nn.SpatialAdaptiveMaxPooling'
-- @return the class, its parent, fill
function M.spatial(name)
  local Class, parent = torch.class(name, 'nn.Module')

  function Class:__init(W, H)
    parent.__init(self)
    W, H = common.number(W), common.number(H)
    for letter, v in pairs { W = W or false, H = H or false } do
      if type(v) ~= 'number' or not (v >= 1 and v < MOST) then
        error(('%s: %s: expected an integer of 1 to 2^31 - 1, got %s'):format(name, letter, tostring(v or nil)), 2)
      end
    end
    self.W, self.H = common.whole(name, 'W', W), common.whole(name, 'H', H)
  end

  return Class, parent, function(self, _, w)
    w.kind, w.dims = C.RK_ADAPTIVE, 2
    w.out[0], w.out[1] = self.H, self.W
  end
end

--- Define a fractional layer: nn.<name>(pool sizes, result sizes or ratios), in the order of `order`.
-- @param name 'nn.SpatialFractionalMaxPooling'
-- @param letters of the tensor's spatial dimensions
-- @param order the same as the arguments and the random numbers have them
-- @param[opt] form of the input in messages
-- @return the class
function M.fractional(name, letters, order, form)
  local Class, parent = torch.class(name, 'nn.Module')
  local n = #letters
  local check_input = planes.checker(form or letters)

  function Class:__init(...)
    parent.__init(self)
    for i = 1, n do
      local letter = order:sub(i, i)
      local pool, out = (select(i, ...)), (select(n + i, ...))
      if type(pool) ~= 'number' or not (pool >= 2 and pool < MOST) or pool ~= math.floor(pool) then
        error(('%s: pool%s: expected an integer >= 2, got %s'):format(name, letter, tostring(pool)), 2)
      end
      if type(out) ~= 'number' or not (out > 0 and out < MOST) then
        error(('%s: out%s: expected an integer >= 1 or a ratio in (0, 1), got %s'):format(name, letter,
          tostring(out)), 2)
      end
      self['poolSize' .. letter] = pool
      self[out >= 1 and 'out' .. letter or 'ratio' .. letter] = out
    end
    self.newRandomPool = false
  end

  --- How many random numbers a batch takes: images, planes, dimensions.
  function Class:getBufferSize_(input)
    check_input(self, input)
    local batch = input.rank == n + 2
    return torch.LongStorage { batch and tonumber(input.extent[0]) or 1,
      tonumber(input.extent[input.rank - n - 1]), n }
  end

  --- Draw the numbers that place the windows, unless fixPoolingRegions keeps those there are.
  function Class:initSampleBuffer_(input)
    local size = self:getBufferSize_(input)
    self.randomSamples = buffer(self.randomSamples, input)
    if not self.newRandomPool or self.randomSamples:nElement() ~= size[1] * size[2] * size[3] then
      self.randomSamples:resize(size):uniform()
    end
  end

  --- Sizes of the result, in the order of the arguments.
  function Class:getOutputSizes_(input)
    check_input(self, input)
    local sizes = {}
    for i = 1, n do
      local letter = order:sub(i, i)
      local at = input.rank - n - 1 + letters:find(letter, 1, true)
      sizes[i] = self['out' .. letter] or math.floor(tonumber(input.extent[at]) * self['ratio' .. letter])
    end
    return unpack(sizes)
  end

  --- Keep the windows where the last forward drew them.
  -- @param value false: draw at each forward again
  -- @return self
  function Class:fixPoolingRegions(value)
    if value == nil then value = true end
    self.newRandomPool = value -- the name says the opposite, but files hold it so
    return self
  end

  local function fill(self, x, w)
    self:initSampleBuffer_(x)
    w.kind, w.dims, w.samples = C.RK_FRACTIONAL, n, self.randomSamples
    local sizes = { self:getOutputSizes_(x) }
    for i = 1, n do
      local letter = order:sub(i, i)
      local d = letters:find(letter, 1, true) - 1
      w.out[d], w.size[d], w.sample[d] = sizes[i], self['poolSize' .. letter], i - 1
    end
  end

  function Class:__tostring__()
    local out, pool = {}, {}
    for i = 1, n do
      local letter = order:sub(i, i)
      out[i], pool[i] = self['out' .. letter] or 0, self['poolSize' .. letter]
    end
    return ('%s(%s, %s)'):format(torch.type(self), table.concat(out, 'x'), table.concat(pool, ','))
  end

  M.max(Class, parent, letters, fill, check_input)
  local clear = Class.clearState
  function Class:clearState()
    self.randomSamples = nil
    return clear(self)
  end
  return Class
end

return M
