--- What the convolution layers share: (C, H, W) input as a batch of one, parameter structs.
local ffi = require 'ffi'
local common = require 'nn.common'
local C, again = common.C, common.again
local istype, tensor = ffi.istype, ffi.typeof 'struct rk_tensor'

local M = {}

--- Insist on (N, C, H, W) or (C, H, W); with `planes`, C must be that.
-- @return true when x is a batch
function M.check_input(self, x, planes)
  if not istype(tensor, x) or (x.rank ~= 4 and x.rank ~= 3) or (planes and x.shape[x.rank - 3] ~= planes) then
    local c = planes and tostring(planes) or 'C'
    common.expected(self, ('input [N x %s x H x W] or [%s x H x W]'):format(c, c), x)
  end
  return x.rank == 4
end

--- View x (C, H, W) as (1, C, H, W) in `view`.
function M.batch_of_one(self, view, x)
  local s = C.rk_unsqueeze(view, x, 0)
  if s ~= 0 then again(self, s, C.rk_unsqueeze, view, x, 0) end
  return view
end

--- Drop the batch dimension again: t (1, ...) becomes (...).
function M.drop_batch(t)
  if t.rank == 4 then C.rk_select(t, t, 0, 0) end
  return t
end

-- The struct holds the order of the tensor's dimensions: height, then width.
local conv = ffi.new 'struct rk_conv'
conv.dims, conv.groups = 2, 1
conv.dilation[0], conv.dilation[1] = 1, 1

--- The library's parameters of a convolution layer (one struct for all: it is read at once).
function M.conv(self)
  conv.stride[0], conv.stride[1] = self.dH, self.dW
  conv.pad[0], conv.pad[1] = self.padH or 0, self.padW or 0
  conv.dilation[0], conv.dilation[1] = self.dilationH or 1, self.dilationW or 1
  conv.groups = self.groups or 1
  return conv
end

--- "nn.SpatialConvolution(3 -> 16, 5x5, 2,2, 1,1)"
function M.conv_text(self)
  local padded = (self.padW or 0) ~= 0 or (self.padH or 0) ~= 0
  local s = ('%s(%d -> %d, %dx%d'):format(torch.type(self), self.nInputPlane, self.nOutputPlane, self.kW, self.kH)
  if self.dW ~= 1 or self.dH ~= 1 or padded then s = s .. (', %d,%d'):format(self.dW, self.dH) end
  if padded then s = s .. (', %d,%d'):format(self.padW, self.padH) end
  return s .. (self.bias and ')' or ') without bias')
end

--- Check constructor arguments: each a positive integer, from `lowest`.
-- @param names list of argument names, for the message
function M.check_sizes(class, lowest, names, ...)
  for i, name in ipairs(names) do
    local v = (select(i, ...))
    if type(v) ~= 'number' or v ~= math.floor(v) or v < lowest then
      error(('%s: %s: expected an integer >= %d, got %s'):format(class, name, lowest, tostring(v)), 3)
    end
  end
end

return M
