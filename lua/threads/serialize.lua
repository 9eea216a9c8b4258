--- `threads.serialize`: values pass between threads as copies. `save(v)` gives a CharStorage, `load(storage)` the
-- value.
-- @module threads.serialize
-- @usage
-- local serialize = require 'threads.serialize'
-- local f = serialize.load(serialize.save(function() return 5 end))
-- assert(f() == 5)
return require 'threads.scheme'.copying
