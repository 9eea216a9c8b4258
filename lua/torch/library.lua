--- The first shared library of several names that is there, opened; nil when none is.
-- @usage local zlib = require 'torch.library' ('libz.so.1', 'z', 'libz.dylib')
local load = require('ffi').load

return function(...)
  for _, name in ipairs { ... } do
    local ok, library = pcall(load, name)
    if ok then return library end
  end
end
