--- nn.TemporalDynamicKMaxPooling(minK, [factor = 0]): of each feature the k largest values, in the order of time;
-- k = max(minK, ceil(factor * T)), at most T.
-- input (N, T, n) or (T, n) → the same with T' = k.
-- @usage y = nn.TemporalDynamicKMaxPooling(2):forward(torch.randn(6, 3)) -- 2x3
local Pool, parent = torch.class('nn.TemporalDynamicKMaxPooling', 'nn.Module')
local common = require 'nn.common'
local planes = require 'nn.planes'
local C, again, buffer = common.C, common.again, common.buffer

-- Of what is computed on the way: values, positions by size, the order of positions. None is kept.
local largest, found, order = common.scratch(), common.scratch(), common.scratch()
found.dt, order.dt = C.RK_i64, C.RK_i64

function Pool:__init(minK, factor)
  parent.__init(self)
  if type(minK) ~= 'number' or minK < 1 then
    error('nn.TemporalDynamicKMaxPooling: minK: expected an integer >= 1, got ' .. tostring(minK), 2)
  end
  if factor ~= nil and not (type(factor) == 'number' and factor >= 0 and factor < math.huge) then
    error('nn.TemporalDynamicKMaxPooling: factor: expected a number >= 0, got ' .. tostring(factor), 2)
  end
  self.minK = minK
  self.factor = common.optional(torch.type(self), 'factor', factor) or 0
end

local function call(self, f, ...)
  local s = f(...)
  if s ~= 0 then again(self, s, f, ...) end
end

-- input (N, T, n) → output (N, k, n); or without N
function Pool:updateOutput(input)
  common.check_dims(self, input, 2, 3, 'input [N x T x n] or [T x n]')
  local dim = input.rank - 2
  local frames = tonumber(input.extent[dim])
  local k = math.max(self.minK, math.ceil(self.factor * frames))
  if frames < self.minK then common.expected(self, ('at least minK = %d frames'):format(self.minK), input) end
  self.indices = planes.long(self.indices)
  self.output = buffer(self.output, input)
  C.rk_tensor_drop(largest)
  largest.dt = input.dt
  call(self, C.rk_topk, largest, found, input, math.min(k, frames), dim, 1, 0)
  call(self, C.rk_sort, self.indices, order, found, dim, 0)
  call(self, C.rk_gather, self.output, input, dim, self.indices)
  return self.output
end

function Pool:updateGradInput(input, gradOutput)
  common.check_dims(self, input, 2, 3, 'input [N x T x n] or [T x n]')
  common.check_dims(self, gradOutput, input.rank, input.rank, 'gradOutput of the output\'s size')
  common.check_tensor(self, self.indices, 'indices (forward before backward)')
  self.gradInput = buffer(self.gradInput, input)
  self.gradInput:resizeAs(input):zero()
  call(self, C.rk_scatter, self.gradInput, input.rank - 2, self.indices, gradOutput)
  return self.gradInput
end

function Pool:clearState()
  if self.indices then self.indices:set() end
  return parent.clearState(self)
end

return Pool
