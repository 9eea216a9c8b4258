--- What the up-sampling layers share: sizes of the result, nearest, linear and cubic interpolation.
local ffi = require 'ffi'
local common = require 'nn.common'
local planes = require 'nn.planes'
local C = common.C

local M = {}
local struct = ffi.new 'struct rk_resample'
local kinds = { nearest = C.RK_NEAREST, linear = C.RK_LINEAR, cubic = C.RK_CUBIC }

--- Set the library's parameters.
-- @param kind 'nearest', 'linear', 'cubic'
-- @param align do the centres of the corners coincide?
-- @param dims number of spatial dimensions
function M.start(kind, align, dims)
  struct.kind, struct.align, struct.dims = kinds[kind], align and 1 or 0, dims
  for d = 0, 2 do struct.scale[d] = 0 end
  return struct
end

--- Set the size of dimension d (from 0) of the result; scale where it was asked for as one.
function M.size(d, out, scale)
  struct.out[d] = out
  struct.scale[d] = scale or 0
end

--- Give a class its methods.
-- @param Class the class table
-- @param letters of the spatial dimensions
-- @param fill function (self, input) that calls start and size and returns the struct
function M.methods(Class, letters, fill) return planes.methods(Class, 'resample', letters, fill) end

return M
