--- Settings and questions about element types under PyTorch's names: get_num_threads, set_num_threads,
-- get_default_dtype, set_default_dtype, set_default_tensor_type, get_rng_state, set_rng_state, finfo, iinfo.
local check = require 'torch.check'
local types = require 'torch.types'
local tensor = require 'torch.tensor'
local options = require 'torch.options'

local functions = tensor.functions
local torch = _G.torch

--- As getnumthreads and setnumthreads.
function functions.get_num_threads() return torch.getnumthreads() end
function functions.set_num_threads(n) return torch.setnumthreads(n) end

--- The type of new tensors: 'float64', 'float32' ... (setdefaulttensortype takes the class's name).
-- @usage torch.set_default_dtype 'float64'
function functions.set_default_dtype(name)
  local dt = options.dtype('set_default_dtype', 1, name)
  torch.setdefaulttensortype(('torch.%sTensor'):format(types.class[dt]))
end
function functions.get_default_dtype() return types.name[tensor.default] end
function functions.set_default_tensor_type(name) return torch.setdefaulttensortype(name) end

--- As getRNGState and setRNGState.
function functions.get_rng_state(...) return torch.getRNGState(...) end
function functions.set_rng_state(...) return torch.setRNGState(...) end

-- Exponent of the first number too large, bits of the fraction, exponent of the smallest normal number.
local floats = { float16 = { 16, 10, -14 }, bfloat16 = { 128, 7, -126 }, float32 = { 128, 23, -126 },
  float64 = { 1024, 52, -1022 } }

--- What a floating type holds: {bits, eps, max, min, tiny}; without an argument the default type.
-- @usage torch.finfo('float32').eps -- 2^-23
function functions.finfo(dtype)
  local dt = dtype == nil and tensor.default or options.dtype('finfo', 1, dtype)
  local row = floats[types.name[dt]]
  if not row then check.argument('finfo', 1, 'a floating type', dtype) end
  local most = 2 ^ (row[1] - 1) * (2 - 2 ^ -row[2])
  return { bits = 8 * types.size[dt], eps = 2 ^ -row[2], max = most, min = -most, tiny = 2 ^ row[3],
    smallest_normal = 2 ^ row[3], dtype = types.name[dt] }
end

--- What an integer type holds: {bits, max, min}; those of int64 are int64_t numbers.
-- @usage torch.iinfo('uint8').max -- 255
function functions.iinfo(dtype)
  local dt = options.dtype('iinfo', 1, dtype)
  if types.float[dt] then check.argument('iinfo', 1, 'an integer type', dtype) end
  local bits, unsigned = 8 * types.size[dt], types.name[dt]:sub(1, 1) == 'u'
  local most, least = 2 ^ (bits - 1) - 1, -2 ^ (bits - 1)
  if unsigned then most, least = 2 ^ bits - 1, 0 end
  if bits == 64 then most, least = 0x7fffffffffffffffLL, -0x7fffffffffffffffLL - 1LL end
  return { bits = bits, max = most, min = least, dtype = types.name[dt] }
end

return functions
