--- What the layers over sequences share: frames (N, T, C) looked at as planes (N, C, T), without a copy.
local common = require 'nn.common'
local C = common.C

local M = {}

--- Insist on (N, T, C) or (T, C), C being inputFrameSize (or (N, C, T), (C, T) when `first`).
-- @return true when x is a batch
function M.check_input(self, x, first)
  local n = self.inputFrameSize
  local ok = common.istensor(x) and (x.rank == 2 or x.rank == 3) and x.extent[first and x.rank - 2 or x.rank - 1] == n
  if not ok then
    local form = (first and '%d x T' or 'T x %d'):format(n)
    common.expected(self, ('input [N x %s] or [%s]'):format(form, form), x)
  end
  return x.rank == 3
end

--- Insist on a gradient of as many dimensions as the input.
function M.check_gradient(self, x, g)
  common.check_dims(self, g, x.rank, x.rank, 'gradOutput of the output\'s size')
end

--- A view of (.., T, C) as (.., C, T).
function M.planes(t) return t:transpose(t.rank - 1, t.rank) end

--- The same of a buffer, in place: before a call that writes it, and again after.
function M.flip(t)
  if t.rank >= 2 then C.rk_transpose(common.own(t), t, t.rank - 2, t.rank - 1) end
  return t
end

return M
