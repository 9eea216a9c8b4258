--- What the convolutions in one, two and three dimensions share, transposed ones too.
--
-- A class says which axes it has; its fields are then named as in Torch7: kH, dH, padH, dilationH, adjH of axis 'H'.
-- Axes are listed in the tensor's order ('T', 'H', 'W'), constructors take them in Torch7's ('T', 'W', 'H').
local ffi = require 'ffi'
local common = require 'nn.common'
local C, again, buffer = common.C, common.again, common.buffer
local istype, tensor = ffi.istype, ffi.typeof 'struct rk_tensor'

local M = {}
local MOST = 2 ^ 31 -- sizes are below it: 32 bits in struct rk_conv

-- One struct and one set of views for all: they are read at once, and hold no memory between calls.
local conv = ffi.new 'struct rk_conv'
local dims = ffi.new 'int64_t[5]'
local view_x, view_g = common.scratch(), common.scratch()
local view_w, view_dw = common.scratch(), common.scratch()

local function release()
  C.rk_tensor_drop(view_x)
  C.rk_tensor_drop(view_g)
  C.rk_tensor_drop(view_w)
  C.rk_tensor_drop(view_dw)
end

-- Raise after a C call failed twice, with no view left behind.
local function call(self, f, ...)
  local s = f(...)
  if s ~= 0 then again(self, s, f, ...) end
end

--- Insist on a batch (one more dimension) or a single input of n spatial dimensions.
-- @param form the sizes in words: 'H x W'
-- @return true when x is a batch
function M.check_input(self, x, n, planes, form)
  if not istype(tensor, x) or (x.rank ~= n + 2 and x.rank ~= n + 1) or x.extent[x.rank - n - 1] ~= planes then
    common.expected(self, ('input [N x %d x %s] or [%d x %s]'):format(planes, form, planes, form), x)
  end
  return x.rank == n + 2
end

-- x itself, or a view of it as a batch of one.
local function batched(self, view, x, batch)
  if batch then return x end
  view.dt = x.dt
  call(self, C.rk_unsqueeze, view, x, 0)
  return view
end

--- Drop the batch dimension of a result again, unless `batch`: t (1, ...) becomes (...).
function M.drop_batch(t, batch)
  if batch then return t end
  if t.bare ~= 0 then common.own(t) end
  C.rk_select(t, t, 0, 0)
  return t
end

local function field_names(prefix, axes)
  local names = {}
  for i, axis in ipairs(axes) do names[i] = prefix .. axis end
  return names
end

-- The sizes that bring a transposed convolution to the target's: (target + 2*pad - reach of the kernel) mod stride.
local function adjustment(self, kind, target, i)
  local size = tonumber(target.extent[target.rank - kind.n + i - 1])
  local reach = (self[kind.dilation[i]] or 1) * (self[kind.k[i]] - 1) + 1
  return (size + 2 * self[kind.pad[i]] - reach) % self[kind.d[i]]
end

-- The library's parameters of a layer.
local function parameters(self, kind, groups, target)
  conv.last = self.layout == 'last' and 1 or 0
  conv.dims, conv.groups, conv.transposed = kind.n, groups, kind.full and 1 or 0
  for i = 1, kind.n do
    conv.stride[i - 1] = self[kind.d[i]]
    conv.pad[i - 1] = self[kind.pad[i]] or 0
    conv.dilation[i - 1] = self[kind.dilation[i]] or 1
    conv.extra[i - 1] = target and adjustment(self, kind, target, i) or self[kind.adj[i]] or 0
  end
  return conv
end

-- Weights may be flat, as old files and SpatialConvolutionMM hold them: look at them as planes.
local function planes(self, kind, view, weight)
  if weight.rank == kind.n + 2 then return weight end
  local groups = self.groups or 1
  dims[0] = kind.full and self.nInputPlane or self.nOutputPlane
  dims[1] = (kind.full and self.nOutputPlane or self.nInputPlane) / groups
  for i = 1, kind.n do dims[i + 1] = self[kind.k[i]] end
  view.dt = weight.dt
  call(self, C.rk_reshape, view, weight, kind.n + 2, dims)
  return view
end

-- A transposed convolution may be given {x, target}: the target's sizes fix the output's.
local function split(self, kind, input)
  if not kind.full or type(input) ~= 'table' then return input end
  local x, target = input[1], input[2]
  if not istype(tensor, x) or not istype(tensor, target) or target.rank < kind.n then
    common.expected(self, ('input {x, target}, tensors of at least %d dimensions'):format(kind.n), target or x)
  end
  return x, target
end

-- The gradient for the target of {x, target}: zeros of its size, without memory of their own.
local function zeros_like(self, target)
  local zero = self.zeroScalar
  if not zero or zero.dt ~= target.dt or zero.rank == 0 then
    zero = target.new(1):zero()
    self.zeroScalar = zero
  end
  local ones = torch.LongStorage(target.rank):fill(1)
  return zero:view(ones):expandAs(target)
end

--- The kind of a convolution: what its fields are called.
-- @param axes in the order of the tensor: {'H', 'W'}
-- @param[opt] full true: transposed, weight (nIn, nOut/groups, kernel...)
function M.kind(axes, full)
  local kind = { n = #axes, full = full, form = table.concat(axes, ' x ') }
  for _, prefix in ipairs { 'k', 'd', 'pad', 'dilation', 'adj' } do kind[prefix] = field_names(prefix, axes) end
  return kind
end

--- out = the convolution of a checked x, a batch or not.
-- @param self gives the sizes: strides, paddings ...
-- @param kind from M.kind
-- @param batch whether x is one
-- @param groups
-- @param out result
-- @param x input
-- @param w weight of n + 2 dimensions
-- @param[opt] bias
-- @param[opt] target of a transposed one
function M.forward(self, kind, batch, groups, out, x, w, bias, target)
  local c = parameters(self, kind, groups, target)
  call(self, C.rk_conv_forward, out, batched(self, view_x, x, batch), w, bias, c)
  release()
  return M.drop_batch(out, batch)
end

--- dx = the gradient with respect to x; arguments as of M.forward.
function M.backward_input(self, kind, batch, groups, dx, x, g, w, target)
  common.check_dims(self, g, x.rank, x.rank, 'gradOutput of the output\'s size')
  local c = parameters(self, kind, groups, target)
  local bx, bg = batched(self, view_x, x, batch), batched(self, view_g, g, batch)
  call(self, C.rk_conv_backward_input, dx, bg, w, bx, c)
  release()
  return M.drop_batch(dx, batch)
end

--- dw and db grow by scale times the gradients with respect to weight and bias.
function M.backward_weight(self, kind, batch, groups, dw, db, x, g, scale, target)
  common.check_dims(self, g, x.rank, x.rank, 'gradOutput of the output\'s size')
  local c = parameters(self, kind, groups, target)
  local bx, bg = batched(self, view_x, x, batch), batched(self, view_g, g, batch)
  call(self, C.rk_conv_backward_weight, dw, db, bg, bx, common.scale(self, scale), c)
  release()
end

local function empty(self)
  for _, name in ipairs { 'finput', 'fgradInput' } do
    local t = self[name]
    self[name] = torch.isTensor(t) and t.new() or nil
  end
end

--- Give a class updateOutput, updateGradInput, accGradParameters, noBias and what belongs to files.
-- @param Class the class table
-- @param axes in the order of the tensor: {'H', 'W'}
-- @param[opt] full true: transposed, weight (nIn, nOut/groups, kernel...)
function M.methods(Class, axes, full)
  local kind = M.kind(axes, full)
  local n, form = kind.n, kind.form

  function Class:updateOutput(input)
    local x, target = split(self, kind, input)
    local batch = M.check_input(self, x, n, self.nInputPlane, form)
    local out = buffer(self.output, self.weight)
    self.output = out
    return M.forward(self, kind, batch, self.groups or 1, out, x, planes(self, kind, view_w, self.weight), self.bias,
      target)
  end

  function Class:updateGradInput(input, gradOutput)
    local dx = self.gradInput
    if not dx then return end
    local x, target = split(self, kind, input)
    local batch = M.check_input(self, x, n, self.nInputPlane, form)
    if type(dx) == 'table' then dx = dx[1] end
    dx = buffer(dx, self.weight)
    local w = planes(self, kind, view_w, self.weight)
    M.backward_input(self, kind, batch, self.groups or 1, dx, x, gradOutput, w, target)
    self.gradInput = target and { dx, zeros_like(self, target) } or dx
    return self.gradInput
  end

  function Class:accGradParameters(input, gradOutput, scale)
    local x, target = split(self, kind, input)
    local batch = M.check_input(self, x, n, self.nInputPlane, form)
    local dw = planes(self, kind, view_dw, self.gradWeight)
    M.backward_weight(self, kind, batch, self.groups or 1, dw, self.bias and self.gradBias or nil, x, gradOutput, scale,
      target)
  end

  --- The output as updateOutput gives it, and more in the same pass: out = relu(convolution + bias + extras.add).
  -- @param input as of updateOutput
  -- @param extras {relu = true or false, add = tensor of the output's size or nil, packed = FloatTensor that keeps the
  -- reordered weight between calls; empty it when the weight has changed}
  -- @return self.output
  function Class:fusedOutput(input, extras)
    if type(extras) ~= 'table' then common.expected(self, 'a table of extras', extras) end
    for _, name in ipairs { 'add', 'packed' } do
      if extras[name] ~= nil then common.check_tensor(self, extras[name], 'extras.' .. name) end
    end
    conv.relu, conv.add, conv.packed = extras.relu and 1 or 0, extras.add, extras.packed
    local ok, result = pcall(self.updateOutput, self, input)
    conv.relu, conv.add, conv.packed = 0, nil, nil
    if not ok then error(result, 0) end
    return result
  end

  --- Learn without a bias.
  -- @return self
  function Class:noBias()
    self.bias, self.gradBias = nil, nil
    return self
  end

  --- Draw new weights, uniform in ±stdv*sqrt(3), by default ±1/sqrt(inputs of an output).
  function Class:reset(stdv)
    local fan = self.nInputPlane / (self.groups or 1)
    for i = 1, n do fan = fan * self[kind.k[i]] end
    stdv = common.spread(self, stdv, fan)
    self.weight:uniform(-stdv, stdv)
    if self.bias then self.bias:uniform(-stdv, stdv) end
  end

  -- Buffers that Torch7 keeps in files and this implementation does not use: there, but empty.
  function Class:type(typename, cache)
    if typename then
      empty(self)
      self.zeroScalar = nil
    end
    return nn.Module.type(self, typename, cache)
  end

  function Class:clearState()
    empty(self)
    self._input, self._gradOutput, self.zeroScalar = nil, nil, nil
    return nn.Module.clearState(self)
  end

  -- Files older than separate paddings hold one.
  function Class:read(file)
    nn.Module.read(self, file)
    for i = 1, n do self[kind.pad[i]] = self[kind.pad[i]] or self.padding or 0 end
    self.padding = nil
  end
  return Class
end

--- Store constructor arguments in their fields, each checked.
-- @param self the module
-- @param lowest the least that is allowed
-- @param names field names
-- @param ... values
function M.store(self, lowest, names, ...)
  for i, name in ipairs(names) do
    local v = common.number((select(i, ...)))
    if type(v) ~= 'number' or not (v >= lowest and v < MOST) then
      local bound = type(v) == 'number' and v >= MOST and 'below 2^31' or '>= ' .. lowest
      error(('%s: %s: expected an integer %s, got %s'):format(torch.type(self), name, bound, tostring(v)), 3)
    end
    self[name] = common.whole(torch.type(self), name, v)
  end
end

--- Keep the number of groups, when there are several; both numbers of planes must divide by it.
function M.store_groups(self, groups)
  groups = groups or 1
  if type(groups) ~= 'number' or groups < 1 or self.nInputPlane % groups ~= 0 or self.nOutputPlane % groups ~= 0 then
    error(('%s: groups: %d input and %d output planes do not divide into %s groups'):format(torch.type(self),
      self.nInputPlane, self.nOutputPlane, tostring(groups)), 3)
  end
  self.groups = groups > 1 and groups or nil
end

--- Spread the kernel of a transposed convolution: what PyTorch's dilation asks for. Fields dilationW ... are set where
-- they are not all 1, and adj may then reach up to the dilation.
-- @param axes in the order of the tensor: {'H', 'W'}
-- @param dilation, adj lists of values in that order
-- @return self
function M.dilate(self, axes, dilation, adj)
  local any = false
  for i, axis in ipairs(axes) do
    M.store(self, 1, { 'dilation' .. axis }, dilation[i])
    M.store(self, 0, { 'adj' .. axis }, adj[i])
    any = any or self['dilation' .. axis] ~= 1
    local most = math.max(self['d' .. axis], self['dilation' .. axis])
    if self['adj' .. axis] >= most then
      error(('%s: adj%s (outputPadding) must be smaller than the stride or the dilation, %d, got %d'):format(
        torch.type(self), axis, most, self['adj' .. axis]), 3)
    end
  end
  if not any then
    for _, axis in ipairs(axes) do self['dilation' .. axis] = nil end
  end
  return self
end

--- Allocate weight and bias and their gradients.
-- @param planes of the bias
-- @param ... sizes of the weight
function M.allocate(self, planes_, ...)
  self.weight, self.gradWeight = torch.Tensor(...), torch.Tensor(...)
  self.bias, self.gradBias = torch.Tensor(planes_), torch.Tensor(planes_)
end

--- The text of a layer: "nn.SpatialConvolution(3 -> 16, 5x5, 2,2, 1,1)".
-- @param axes in the order in which sizes are named: {'W', 'H'}
-- @param shown list of field prefixes; 'd' and 'pad' by default. Of the optional ones each is left out when it says
-- nothing; strides are named when paddings are
-- @param tail what comes at the end, ')' by default
function M.text(self, axes, shown, tail)
  local function values(prefix, separator)
    local list = {}
    for i, axis in ipairs(axes) do list[i] = ('%d'):format(self[prefix .. axis] or 0) end
    return table.concat(list, separator)
  end
  local function says(prefix)
    if not self[prefix .. axes[1]] then return false end
    for _, axis in ipairs(axes) do
      if (self[prefix .. axis] or 0) ~= (prefix == 'd' and 1 or 0) then return true end
    end
    return prefix == 'dilation'
  end
  local s = ('%s(%d -> %d, %s'):format(torch.type(self), self.nInputPlane, self.nOutputPlane, values('k', 'x'))
  for _, prefix in ipairs(shown or { 'd', 'pad' }) do
    if says(prefix) or (prefix == 'd' and says 'pad') then s = s .. ', ' .. values(prefix, ',') end
  end
  if self.groups then s = s .. (', %d groups'):format(self.groups) end
  return s .. (tail or ')')
end

--- The end of a planar layer's text.
function M.bias_text(self) return self.bias and ')' or ') without bias' end

return M
