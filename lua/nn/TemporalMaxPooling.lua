--- nn.TemporalMaxPooling(kW, [dW = kW]): the largest of each window of kW frames, dW frames apart.
-- input (N, T, n) or (T, n) → the same with T' = floor((T - kW) / dW) + 1.
-- self.indices holds where the maxima were, counted from 0 in their windows.
-- @usage y = nn.TemporalMaxPooling(2):forward(torch.randn(6, 3)) -- 3x3
local Pool, parent = torch.class('nn.TemporalMaxPooling', 'nn.Module')
local ffi = require 'ffi'
local common = require 'nn.common'
local planes = require 'nn.planes'
local pooling = require 'nn.pooling'
local C, again, buffer = common.C, common.again, common.buffer

-- The library pools (N, n, T), whose last two dimensions are these swapped: channels-last memory.
local view_x, view_g, view_y, view_i = common.scratch(), common.scratch(), common.scratch(), common.scratch()
local positions = common.scratch()
view_i.dt, positions.dt = C.RK_i64, C.RK_i64
local pool = ffi.new 'struct rk_pool'
pool.dims = 1
local int64 = ffi.typeof 'int64_t *'

function Pool:__init(kW, dW)
  parent.__init(self)
  pooling.set(self, 'k', 'W', 1, { kW }, 1)
  pooling.set(self, 'd', 'W', 1, { dW }, 1, 'k')
end

local function check_input(self, input)
  common.check_dims(self, input, 2, 3, 'input [N x T x n] or [T x n]')
  local frames = input.extent[input.rank - 2]
  if frames < self.kW then common.expected(self, ('at least %d frames'):format(self.kW), input) end
  pool.size[0], pool.stride[0] = self.kW, self.dW
  return input.rank == 3
end

-- x (N, T, n) or (T, n) as (N, n, T) in `view`
local function swap(self, view, x, batch)
  view.dt = x.dt
  local s = C.rk_transpose(view, common.own(x), batch and 1 or 0, batch and 2 or 1)
  if s == 0 and not batch then s = C.rk_unsqueeze(view, view, 0) end
  if s ~= 0 then again(self, s, function() return 1 end) end
  return view
end

-- to[k] = from[k] + offset + sign * (window's first frame), over (N, T', n) packed
local function shift(to, from, offset, sign, dW)
  local n, frames, batches = tonumber(to.extent[1]), tonumber(to.extent[2]), tonumber(to.extent[0])
  local a, b = ffi.cast(int64, to.mem.data) + to.start, ffi.cast(int64, from.mem.data) + from.start
  local at = 0
  for _ = 1, batches do
    for t = 0, frames - 1 do
      local move = offset + sign * t * dW
      for k = at, at + n - 1 do a[k] = b[k] + move end
      at = at + n
    end
  end
end

-- A result (N, T', n) or (T', n), sized and viewed as (N, n, T').
local function result(self, view, t, x, frames)
  if x.rank == 3 then
    t:resize(tonumber(x.extent[0]), frames, tonumber(x.extent[2]))
  else
    t:resize(frames, tonumber(x.extent[1]))
  end
  if not t:isContiguous() then t:set(t.new():resize(t:size())) end
  return swap(self, view, t, x.rank == 3)
end

local function release()
  C.rk_tensor_drop(view_x)
  C.rk_tensor_drop(view_g)
  C.rk_tensor_drop(view_y)
  C.rk_tensor_drop(view_i)
end

-- input (N, T, n) → output (N, T', n); or without N
function Pool:updateOutput(input)
  local batch = check_input(self, input)
  local out, indices = buffer(self.output, input), planes.long(self.indices)
  self.output, self.indices = out, indices
  local frames = math.floor(tonumber(input.extent[input.rank - 2] - self.kW) / self.dW) + 1
  local x = swap(self, view_x, input:contiguous(), batch)
  local y, where = result(self, view_y, out, input, frames), result(self, view_i, indices, input, frames)
  local s = C.rk_maxpool_forward(y, where, x, pool)
  if s ~= 0 then again(self, s, C.rk_maxpool_forward, y, where, x, pool) end
  shift(where, where, -1, -1, self.dW)
  release()
  return out
end

function Pool:updateGradInput(input, gradOutput)
  local batch = check_input(self, input)
  common.check_dims(self, gradOutput, input.rank, input.rank, 'gradOutput of the output\'s size')
  common.check_dims(self, self.indices, input.rank, input.rank, 'forward before backward (indices)')
  local dx = buffer(self.gradInput, input)
  self.gradInput = dx
  local x, g, where = swap(self, view_x, input:contiguous(), batch), swap(self, view_g, gradOutput, batch),
    swap(self, view_i, self.indices, batch)
  local s = C.rk_tensor_resize(positions, 3, where.extent, where.step)
  if s ~= 0 then again(self, s, C.rk_tensor_resize, positions, 3, where.extent, where.step) end
  ffi.copy(positions.step, where.step, 24)
  shift(positions, where, 1, 1, self.dW)
  local to = result(self, view_y, dx, input, tonumber(input.extent[input.rank - 2]))
  s = C.rk_maxpool_backward(to, g, positions, x, pool)
  if s ~= 0 then again(self, s, C.rk_maxpool_backward, to, g, positions, x, pool) end
  release()
  return dx
end

-- Old name of clearState.
function Pool:empty() self:clearState() end

function Pool:clearState()
  if self.indices then self.indices:set() end
  return parent.clearState(self)
end

return Pool
