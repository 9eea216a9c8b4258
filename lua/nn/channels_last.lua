--- model:channelsLast(): whole nets whose images lie with the planes side by side.
--
-- Convolutions are told to give channels-last results; pooling, batch normalisation and pointwise layers follow their
-- input. The model itself gives a contiguous output for a contiguous input.
-- @module nn.channels_last
local common = require 'nn.common'

local M = {}

--- Mark the convolutions of a module, and the module as one whose output is packed again.
-- @param self a module
-- @param on false: unmark
-- @return self
function M.convert(self, on)
  self:apply(function(m)
    if m.fusedOutput then m.layout = on and 'last' or nil end
    m.repack = nil
  end)
  self.repack = on and self.modules and true or nil
  return self
end

--- The output of a marked net, packed where its input was.
function M.repack(self, input, output)
  local was_last = common.istensor(input) and common.is_last(input)
  if was_last or not common.istensor(output) or not common.is_last(output) then return output end
  self._packed = common.buffer(self._packed, output)
  local packed = self._packed:resize(output:size())
  packed:copy(output)
  if torch.isTypeOf(self, 'nn.Sequential') then self.output = packed end -- not a buffer that it writes to
  return packed
end

return M
