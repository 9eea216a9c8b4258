--- The C library, opened once. Its declarations come from the library itself
-- (`rk_cdef` is the preprocessed text of core/rk.h), so the two cannot differ.
--
-- Where it is looked for: `package.loaded['torch.libpath']` (set by `th`), the
-- environment variable `RK_LIB`, `package.cpath` (where luarocks puts it), the
-- system's library path.
local ffi = require 'ffi'

local path = package.loaded['torch.libpath'] or os.getenv 'RK_LIB'
  or package.searchpath('librekindle', package.cpath) or 'rekindle'
local opened, C = pcall(ffi.load, path)
local declared, text = false, nil
if opened then
  ffi.cdef 'const char rk_cdef[];'
  declared, text = pcall(function() return ffi.string(C.rk_cdef) end)
end
if not declared then
  error(require 'torch.nolibrary'(path, opened and 'it does not define rk_cdef' or C), 0)
end
-- for package.loadlib, and for other Lua states
package.loaded['torch.libpath'] = path:find '/' and path or 'librekindle.so'
-- A tensor's field `shape` is called `extent` here, since a field hides a method: `x.shape` is x:size(), as in PyTorch.
local n
text, n = text:gsub('(int64_t) shape(%b[];%s*struct rk_inside inside;)', '%1 extent%2', 1)
assert(n == 1, 'struct rk_tensor is not what is expected')
ffi.cdef(text)
return C
