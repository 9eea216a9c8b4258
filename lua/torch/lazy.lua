--- What `torch` loads only when it is first mentioned: name -> module.
--
-- `torch.DiskFile` as an expression, a file that holds a `torch.Timer`, `torch.getmetatable 'torch.CmdLine'`: all come
-- here through the `__index` of the table `torch`.
-- @module torch.lazy

local modules = {
  ['torch.file'] = {'File', 'DiskFile', 'MemoryFile', 'PipeFile'},
  ['torch.save'] = {'save', 'load', 'saveobj', 'loadobj', 'serialize', 'deserialize', 'serializeToStorage',
    'deserializeFromStorage'},
  ['torch.timer'] = {'Timer', 'tic', 'toc'},
  ['torch.cmdline'] = {'CmdLine'},
  ['torch.tester'] = {'Tester', 'TestSuite', 'test'},
  ['torch.lapack'] = {'gesv', 'gels', 'trtrs', 'symeig', 'eig', 'svd', 'inverse', 'potrf', 'potrs', 'potri', 'pstrf',
    'geqrf', 'orgqr', 'ormqr', 'qr', 'lu', 'det'},
  ['torch.fresh'] = {
    'tensor', 'new_tensor', 'empty', 'full', 'arange', 'empty_like', 'zeros_like', 'ones_like', 'rand_like',
    'randn_like', 'full_like', 'new_empty', 'new_zeros', 'new_ones', 'new_full', 'dtype', 'device', 'cpu', 'ndim',
    'ndimension', 'nbytes', 'data_ptr', 'is_floating_point', 'is_nonzero', 'item', 'tolist', 'to', 'uint8', 'int8',
    'int16', 'int32', 'int64', 'float16', 'bfloat16', 'float32', 'float64'},
  ['torch.arrange'] = {'flatten', 'ravel', 'unflatten', 'movedim', 'moveaxis', 'swapdims', 'swapaxes', 'broadcast_to',
    'broadcast_tensors', 'unbind', 'diagonal', 'stack', 'hstack', 'vstack', 'roll', 'flip', 'fliplr', 'flipud', 'rot90',
    'tile', 'repeat_interleave', 'meshgrid', 'take', 'put', 'put_', 'take_along_dim', 'diff', 'tril_indices',
    'triu_indices'},
  ['torch.condition'] = {'where', 'isclose', 'allclose', 'nan_to_num', 'masked_fill', 'masked_scatter', 'masked_copy',
    'index_add', 'index_copy', 'index_fill', 'scatter_add', 'fill_diagonal_'},
  ['torch.measure'] = {'argmax', 'argmin', 'amax', 'amin', 'aminmax', 'count_nonzero', 'logsumexp', 'nansum', 'nanmean',
    'std_mean', 'var_mean', 'softmax', 'log_softmax', 'cov', 'corrcoef', 'argsort', 'msort', 'cummax', 'cummin',
    'logcumsumexp'},
  ['torch.counts'] = {'unique', 'unique_consecutive', 'bincount', 'searchsorted', 'bucketize', 'isin'},
  ['torch.products'] = {'matmul', 'einsum', 'tensordot', 'matrix_power', 'outer', 'kron', 'inner', 'vecdot'},
  ['torch.linalg'] = {'linalg', 'cholesky', 'cholesky_solve', 'cholesky_inverse', 'triangular_solve', 'pinverse',
    'logdet', 'slogdet', 'matrix_exp', 'chain_matmul'},
  ['torch.pieces'] = {'hsplit', 'vsplit', 'dsplit', 'tensor_split', 'dstack', 'column_stack', 'row_stack', 'atleast_1d',
    'atleast_2d', 'atleast_3d', 'block_diag', 'diag_embed', 'diagflat', 'cartesian_prod', 'combinations', 'vander',
    'argwhere', 'as_strided', 'reshape_as', 'sum_to_size', 'unravel_index'},
  ['torch.composed'] = {'logical_and', 'logical_or', 'logical_xor', 'logical_not', 'isposinf', 'isneginf', 'signbit',
    'floor_divide', 'heaviside', 'sinc', 'deg2rad', 'rad2deg', 'gcd', 'lcm', 'quantile', 'nanquantile', 'nanmedian',
    'cdist', 'pdist', 'trapezoid', 'trapz', 'cumulative_trapezoid', 'histogram', 'randint', 'randint_like',
    'hann_window', 'hamming_window', 'blackman_window', 'bartlett_window'},
  ['torch.settings'] = {'get_num_threads', 'set_num_threads', 'get_default_dtype', 'set_default_dtype',
    'set_default_tensor_type', 'get_rng_state', 'set_rng_state', 'finfo', 'iinfo'},
  ['torch.usage'] = {'usage'},
  ['torch.config'] = {'config'},
  ['torch.system'] = {'include', 'packageLuaPath', 'isatty', 'updateerrorhandlers', 'updatethreadlocals',
    'Allocator'},
}

local M = {}

--- Name -> module that defines it.
M.where = {}
for module, names in pairs(modules) do
  for _, name in ipairs(names) do
    M.where[name] = module
  end
end

--- Define all names of the module that defines `name` in `torch`; returns the value of `name`, nil for an unknown one.
function M.load(torch, name)
  local module = M.where[name]
  if not module then
    local synonyms = type(name) == 'string' and require 'torch.synonyms'
    if not synonyms or not synonyms.known(name) then return nil end
    local f = synonyms.func(torch, name)
    if f then rawset(torch, name, f) end
    return f
  end
  local defined = require(module)
  for _, each in ipairs(modules[module]) do
    if rawget(torch, each) == nil then
      rawset(torch, each, defined[each])
    end
  end
  return rawget(torch, name)
end

--- Define every name in `torch`.
function M.all(torch)
  for name in pairs(M.where) do M.load(torch, name) end
end

--- A method of tensors that is defined on first mention, or another spelling of one; nil for an unknown name. What is
-- found becomes a method of the class.
function M.method(methods, key)
  local module = M.where[key]
  if module then require(module) end
  local f = rawget(methods, key)
  if f == nil and not module then
    f = require 'torch.synonyms'.method(methods, key)
    if f then rawset(methods, key, f) end
  end
  return f
end

return M
