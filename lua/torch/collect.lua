--- Tensors with and without finalizers.
--
-- A finalizer costs the collector 200 ns. Tensors that hold a count on a storage have one, given by ffi.gc; bare ones
-- (rk.h), small results whose elements lie within them, do not. Whatever shares or resizes a bare tensor gets it owned
-- first: mostly by check.again, when the library refuses, else by `own`.
--
-- The finalizers of tensors and storages are plain C functions of Lua, which the collector calls more quickly than FFI
-- functions (core/collect.c); where the process does not show Lua's API to libraries, FFI functions.
local ffi = require 'ffi'
local C = require 'torch.ffi'

ffi.cdef 'int rk_lua_ready(void);'
local ready = C.rk_lua_ready() ~= 0
local path = package.loaded['torch.libpath']

local function finalizer(symbol, otherwise) return ready and package.loadlib(path, symbol) or otherwise end

local M = {
  tensor = finalizer('rk_lua_drop_tensor', C.rk_tensor_drop),
  buffer = finalizer('rk_lua_drop_buffer', C.rk_buffer_drop),
  answers = 0, -- how often a refusal was answered
  strays = 0, -- bare tensors that had to be owned where no finalizer could be given to them
}

local gc, istype, drop = ffi.gc, ffi.istype, M.tensor
local ctype = ffi.typeof 'struct rk_tensor'
local address = ffi.typeof 'void *'
local EBARE, TAKEN = C.RK_EBARE, C.RK_TAKEN

--- A fresh header that may hold a count. Hot paths write it out: each function called uses up some of the length that
-- LuaJIT allows a trace.
function M.header() return gc(ctype(), drop) end

-- Make a bare tensor an ordinary one; false without memory.
local function owned(t)
  if C.rk_tensor_own(t) ~= 0 then
    collectgarbage()
    collectgarbage()
    C.rk_trim()
    if C.rk_tensor_own(t) ~= 0 then return false end
  end
  gc(t, drop)
  return true
end

--- The tensor, whose elements may be shared from now on: what lies in a bare one (rk.h) moves to a storage.
function M.own(t)
  if t.bare ~= 0 and not owned(t) then error(ffi.string(C.rk_error()), 0) end
  return t
end

--- Give back what a tensor holds at once; it is empty then.
function M.release(t)
  C.rk_tensor_drop(t)
  if t.bare ~= 0 then
    t.bare = 0
    gc(t, drop)
  end
end

local function is_at(where, v) return istype(ctype, v) and (where == nil or ffi.cast(address, v) == where) end

-- The first of the arguments, or of the lists among them, that is the tensor at `where` (any tensor without).
local function find(where, ...)
  for i = 1, select('#', ...) do
    local v = select(i, ...)
    if is_at(where, v) then return v end
    for _, t in ipairs(type(v) == 'table' and v or {}) do
      if is_at(where, t) then return t end
    end
  end
end

-- Own the tensor that the library has just refused to share or resize. Inside of a structure it cannot be given a
-- finalizer: its few bytes are lost then.
local function answer(...)
  M.answers = M.answers + 1
  local refused = C.rk_tensor_refused()
  local t = find(ffi.cast(address, refused), ...)
  if t ~= nil then return owned(t) end
  M.strays = M.strays + 1
  return C.rk_tensor_own(refused) == 0
end

--- After a call f(...) that returned a status which only asks for ownership: see to it, and call again where nothing
-- was done yet. Returns the status that is left.
function M.settle(status, f, ...)
  while status == EBARE and answer(...) do status = f(...) end
  if status ~= TAKEN then return status end
  gc(find(nil, ...), drop)
  return 0
end

return M
