--- The finalizers of tensors and storages: plain C functions of Lua, which the collector calls more quickly than FFI
-- functions (core/collect.c); where the process does not show Lua's API to libraries, FFI functions.
local ffi = require 'ffi'
local C = require 'torch.ffi'

ffi.cdef 'int rk_lua_ready(void);'
local ready = C.rk_lua_ready() ~= 0
local path = package.loaded['torch.libpath']

local function finalizer(symbol, otherwise) return ready and package.loadlib(path, symbol) or otherwise end

return {
  tensor = finalizer('rk_lua_drop_tensor', C.rk_tensor_drop),
  buffer = finalizer('rk_lua_drop_buffer', C.rk_buffer_drop),
}
