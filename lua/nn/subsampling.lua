--- What SpatialSubSampling and TemporalSubSampling share: y = w[c] · (sum of a window) + b[c].
local ffi = require 'ffi'
local common = require 'nn.common'
local C, again, buffer = common.C, common.again, common.buffer

local M = {}
local pool = ffi.new 'struct rk_pool'
local sums = setmetatable({}, { __mode = 'k' }) -- buffers of a module; not fields, which files would hold

-- The library's averages, whose divisor is the window's size: returned to undo it.
local function parameters(self, axes)
  pool.dims, pool.ceil_mode, pool.count_pad = #axes, 0, 1
  local size = 1
  for i, axis in ipairs(axes) do
    local k = self['k' .. axis]
    pool.size[i - 1], pool.stride[i - 1], pool.pad[i - 1], pool.dilation[i - 1] = k, self['d' .. axis], 0, 1
    size = size * k
  end
  return pool, size
end

local function call(self, f, ...)
  local s = f(...)
  if s ~= 0 then again(self, s, f, ...) end
end

-- A vector, one number a plane, stretched over (N, C, sizes...).
local function stretch(v, like)
  local shape = torch.LongStorage(like.rank):fill(1)
  shape[2] = v:size(1)
  return v:view(shape):expandAs(like)
end

local function mine(self, x)
  local s = sums[self] or {}
  sums[self] = s
  for _, name in ipairs { 'windows', 'scaled' } do s[name] = buffer(s[name], x) end
  return s
end

--- out = w · sums + b for x (N, C, sizes...).
function M.forward(self, axes, out, x)
  local p, size = parameters(self, axes)
  local windows = mine(self, x).windows
  call(self, C.rk_avgpool_forward, windows, x, p)
  out:resizeAs(windows)
  torch.cmul(out, windows, stretch(self.weight, windows)):mul(size)
  return out:add(stretch(self.bias, windows))
end

--- dx = the gradient with respect to x.
function M.backward_input(self, axes, dx, x, g)
  local scaled = mine(self, x).scaled
  scaled:resizeAs(g)
  local p, size = parameters(self, axes)
  torch.cmul(scaled, g, stretch(self.weight, g)):mul(size)
  call(self, C.rk_avgpool_backward, dx, scaled, x, p)
  return dx
end

-- Sums of the planes of (N, C, sizes...) over all samples, in buffers of s.
local function totals(s, t)
  if not t:isContiguous() then
    s.packed = buffer(s.packed, t)
    t = s.packed:resizeAs(t):copy(t)
  end
  s.by_plane, s.totals = buffer(s.by_plane, t), buffer(s.totals, t)
  s.by_plane:sum(t:view(t:size(1), t:size(2), -1), 3)
  return s.totals:sum(s.by_plane, 1):view(-1)
end

--- gradWeight and gradBias grow by scale times theirs.
function M.backward_weight(self, axes, x, g, scale)
  local p, size = parameters(self, axes)
  local s = mine(self, x)
  call(self, C.rk_avgpool_forward, s.windows, x, p)
  s.scaled:resizeAs(g)
  torch.cmul(s.scaled, g, s.windows)
  self.gradWeight:add((scale or 1) * size, totals(s, s.scaled))
  self.gradBias:add(scale or 1, totals(s, g))
end

--- Draw new parameters, uniform in ±stdv*sqrt(3), by default ±1/sqrt(window).
function M.reset(self, axes, stdv)
  local _, size = parameters(self, axes)
  stdv = common.spread(self, stdv, size)
  self.weight:uniform(-stdv, stdv)
  self.bias:uniform(-stdv, stdv)
end

return M
