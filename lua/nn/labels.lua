--- What criterions with classes as targets share: targets as LongTensors, and the errors about them.
local common = require 'nn.common'
local C = common.C

local M = {}

--- The target as a LongTensor: a number as one element, other types copied over into a buffer.
-- @param self the criterion
-- @param target a number or a tensor
-- @param[opt='target'] field that keeps the buffer
function M.long(self, target, field)
  field = field or 'target'
  if common.istensor(target) and target.dt == C.RK_i64 then return target end
  local buffer = self[field]
  if not buffer or buffer.dt ~= C.RK_i64 then
    buffer = torch.LongTensor()
    self[field] = buffer
  end
  if common.istensor(target) then return buffer:resize(target:size()):copy(target) end
  if type(target) ~= 'number' then
    common.expected(self, 'a class index or a tensor of them as target', target)
  end
  buffer:resize(1)
  buffer[1] = target
  return buffer
end

--- Insist on `rows` targets of 1..classes (or `ignore`).
function M.check(self, target, rows, classes, ignore)
  if target:nElement() ~= rows then
    common.expected(self, ('%d target%s, one a row'):format(rows, rows == 1 and '' or 's'), target)
  end
  local flat = target:contiguous():view(-1)
  if flat:min() >= 1 and flat:max() <= classes then return end
  for i = 1, rows do
    local t = flat[i]
    if (t < 1 or t > classes) and t ~= ignore then M.out_of_range(self, i, t, classes) end
  end
end

--- Raise the error of one target out of range.
function M.out_of_range(self, row, value, classes)
  local hint = value == 0 and '; classes count from 1 here: add 1 to targets that count from 0' or ''
  error(('%s: row %d: target %s is not one of the %d classes 1..%d%s'):format(common.name(self), row,
    tostring(value), classes, classes, hint), 0)
end

--- The loss of each row, by the criterion itself, row by row: for criterions without a kernel for it.
-- @param self a criterion that sums
-- @param input (N, C) or (C)
-- @param target (N), (N, C) or (C)
-- @return (N), a buffer of the criterion
function M.each_row(self, input, target)
  common.check_dims(self, input, 1, 2, 'scores [N x C] or [C]')
  local n, total = input:dim() == 2 and input:size(1) or 1, self:updateOutput(input, target) -- checks the whole
  self._each = common.buffer(self._each, input)
  local out = self._each:resize(n)
  if input:dim() == 1 then return out:fill(total) end
  local rows = M.long(self, target, '_target'):contiguous():view(n, -1)
  for i = 1, n do out[i] = self:updateOutput(input:select(1, i), rows:select(1, i)) end
  return out
end

--- The weight of each class: nil, or a vector.
function M.weights(name, weights)
  if weights ~= nil and (not torch.isTensor(weights) or weights:dim() ~= 1) then
    error(('%s: weights: expected a vector, one number a class, got %s'):format(name, common.shape(weights)), 3)
  end
  return weights
end

return M
