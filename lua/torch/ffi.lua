--- The C library, opened once. Its declarations come from the library itself
-- (`rk_cdef` is the preprocessed text of core/rk.h), so the two cannot differ.
--
-- Where it is looked for: `package.loaded['torch.libpath']` (set by `th`), the
-- environment variable `RK_LIB`, `package.cpath` (where luarocks puts it), the
-- system's library path.
local ffi = require 'ffi'

local path = package.loaded['torch.libpath'] or os.getenv 'RK_LIB'
  or package.searchpath('librekindle', package.cpath) or 'rekindle'
local C = ffi.load(path)
-- for package.loadlib, and for other Lua states
package.loaded['torch.libpath'] = path:find '/' and path or 'librekindle.so'
ffi.cdef 'const char rk_cdef[];'
ffi.cdef(ffi.string(C.rk_cdef))
return C
