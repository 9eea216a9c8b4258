--- Torch7's env: under plain LuaJIT, the globals, the printing and the `require './file'` that th has.
-- @module env
-- @usage require 'env'
return require 'trepl'
