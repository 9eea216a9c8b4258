--- `threads.sharedserialize`: as `threads.serialize`, but tensors, storages and tds containers share their memory with
-- the sender. Memory stays as long as one side uses it, and as long as the bytes exist.
-- @module threads.sharedserialize
-- @usage
-- local shared = require 'threads.sharedserialize'
-- local x = torch.zeros(3)
-- shared.load(shared.save(x)):fill(7)
-- assert(x[1] == 7)
return require 'threads.scheme'.sharing
