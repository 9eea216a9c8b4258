--- nn.LayerNorm(sizes, [eps = 1e-5], [affine = true], [bias = true]): the last dimensions, of these sizes (a number or
-- a list), to mean 0 and variance 1, then times weight plus bias, element by element.
--
-- y = (x - mean) / sqrt(variance + eps) * weight + bias, mean and (biased) variance over the last dimensions of each
-- sample. input (..., sizes) → output (the same). weight starts at 1, bias at 0.
-- @usage local y = nn.LayerNorm(8):forward(torch.randn(4, 3, 8)); assert(math.abs(y[1][1]:mean()) < 1e-6)
local LayerNorm, parent = torch.class('nn.LayerNorm', 'nn.Module')
local ffi = require 'ffi'
local common = require 'nn.common'
local options = require 'nn.options'
local C, again, buffer = common.C, common.again, common.buffer

local params = ffi.new 'struct rk_batchnorm'
local shape = ffi.new 'int64_t[3]'
local view_x, view_g, view_y = common.scratch(), common.scratch(), common.scratch()

function LayerNorm:__init(...)
  parent.__init(self)
  local who = 'nn.LayerNorm'
  local o = options.read(who, { 'sizes', 'eps', 'affine', 'bias' }, ...)
  local sizes = type(o.sizes) == 'number' and { o.sizes } or o.sizes
  if torch.isTypeOf(sizes, 'torch.LongStorage') then sizes = sizes:totable() end
  if type(sizes) ~= 'table' or #sizes == 0 then options.refuse(who, 'sizes', 'a number or a list of sizes', o.sizes) end
  for i, n in ipairs(sizes) do options.count(who, 'size ' .. i, n) end
  self.sizes, self.eps = sizes, options.number(who, 'eps', o.eps, 1e-5)
  if options.flag(who, 'affine', o.affine, true) then
    self.weight, self.gradWeight = torch.Tensor(unpack(sizes)), torch.Tensor(unpack(sizes)):zero()
    if options.flag(who, 'bias', o.bias, true) then
      self.bias, self.gradBias = torch.Tensor(unpack(sizes)), torch.Tensor(unpack(sizes)):zero()
    end
  end
  self:reset()
end

--- weight 1, bias 0.
function LayerNorm:reset()
  if self.weight then self.weight:fill(1) end
  if self.bias then self.bias:zero() end
  return self
end

-- Samples and numbers of each; the input must end in the sizes.
local function measure(self, x)
  local sizes, n = self.sizes, 1
  local ok = common.istensor(x) and x.rank >= #sizes
  for i = 1, #sizes do
    ok = ok and x.shape[x.rank - #sizes + i - 1] == sizes[i]
    n = n * sizes[i]
  end
  if not ok then common.expected(self, ('input [... x %s]'):format(table.concat(sizes, ' x ')), x) end
  return x:nElement() / n, n
end

-- (1, samples, n): batch normalisation with the samples as channels.
local function as_channels(self, view, x, m, n)
  if not x:isContiguous() then x = x:contiguous() end
  shape[0], shape[1], shape[2] = 1, m, n
  view.dt = x.dt
  local s = C.rk_reshape(view, x, 3, shape)
  if s ~= 0 then again(self, s, C.rk_reshape, view, x, 3, shape) end
  return view
end

local function fill(self, x, m)
  self.running = buffer(self.running, x)
  self.mean, self.std = buffer(self.mean, x), buffer(self.std, x)
  if self.running:nElement() ~= m then self.running:resize(m):zero() end
  params.running_mean, params.running_var = self.running, self.running -- momentum 0: they stay
  params.save_mean, params.save_std = self.mean, self.std
  params.eps, params.momentum, params.train = self.eps, 0, 1
  return params
end

-- input (..., sizes) → output (the same)
function LayerNorm:updateOutput(input)
  local m, n = measure(self, input)
  local x = as_channels(self, view_x, input, m, n)
  local unit = buffer(self.unit, input)
  self.unit, self.output = unit, buffer(self.output, input)
  unit:resize(input:size())
  local y = as_channels(self, view_y, unit, m, n)
  local s = C.rk_batchnorm_forward(y, x, nil, nil, fill(self, input, m))
  if s ~= 0 then again(self, s, C.rk_batchnorm_forward, y, x, nil, nil, params) end
  C.rk_tensor_drop(view_x)
  C.rk_tensor_drop(view_y)
  if not self.weight then
    C.rk_tensor_view(self.output, unit)
  else
    local out = self.output:resize(input:size()):view(m, n)
    out:cmul(unit:view(m, n), self.weight:view(1, n):expand(m, n))
    if self.bias then out:add(self.bias:view(1, n):expand(m, n)) end
  end
  return self.output
end

local function check_gradient(self, input, g)
  if not (common.istensor(g) and g:isSameSizeAs(input)) then
    common.expected(self, 'gradOutput ' .. common.shape(input), g)
  end
end

function LayerNorm:updateGradInput(input, gradOutput)
  local m, n = measure(self, input)
  check_gradient(self, input, gradOutput)
  if not self.mean or self.mean:nElement() ~= m then error(tostring(self) .. ': backward before forward', 0) end
  local g = gradOutput
  if self.weight then
    self.scaled = buffer(self.scaled, g):resize(g:size())
    self.scaled:view(m, n):cmul(g:contiguous():view(m, n), self.weight:view(1, n):expand(m, n))
    g = self.scaled
  end
  self.gradInput = buffer(self.gradInput, input):resize(input:size())
  local x, vg = as_channels(self, view_x, input, m, n), as_channels(self, view_g, g, m, n)
  local dx, p = as_channels(self, view_y, self.gradInput, m, n), fill(self, input, m)
  local s = C.rk_batchnorm_backward(dx, nil, nil, vg, x, nil, 1, p)
  if s ~= 0 then again(self, s, C.rk_batchnorm_backward, dx, nil, nil, vg, x, nil, 1, p) end
  C.rk_tensor_drop(view_x)
  C.rk_tensor_drop(view_g)
  C.rk_tensor_drop(view_y)
  return self.gradInput
end

function LayerNorm:accGradParameters(input, gradOutput, scale)
  if not self.weight then return end
  local m, n = measure(self, input)
  check_gradient(self, input, gradOutput)
  scale = scale or 1
  local g = gradOutput:contiguous():view(m, n)
  if self.bias then
    self.ones = buffer(self.ones, input)
    if self.ones:nElement() ~= m then self.ones:resize(m):fill(1) end
    self.gradBias:view(n):addmv(scale, g:t(), self.ones)
  end
  self.product = buffer(self.product, input):resize(m, n)
  self.product:cmul(g, self.unit:view(m, n))
  self.sums = buffer(self.sums, input)
  self.sums:sum(self.product, 1)
  self.gradWeight:view(n):add(scale, self.sums:view(n))
end

function LayerNorm:clearState()
  self.running, self.mean, self.std, self.unit = nil, nil, nil, nil
  self.scaled, self.product, self.sums, self.ones = nil, nil, nil, nil
  return parent.clearState(self)
end

function LayerNorm:__tostring__() return ('%s(%s)'):format(torch.type(self), table.concat(self.sizes, ' x ')) end

return LayerNorm
