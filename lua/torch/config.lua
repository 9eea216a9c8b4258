--- torch.config(): what this engine computes with. The first question when something is slow.
-- @module torch.config

local ffi = require 'ffi'
local C = require 'torch.ffi'

local M = {}

local function text(s)
  return s ~= nil and ffi.string(s) or nil
end

--- What computes here: version, instruction set, threads, and the libraries of products, decompositions and
-- convolutions; where one is missing, why, and what is done instead.
-- @return a table with the fields version, isa, threads, blas, dnnl (absent where it does not serve), note (why); its
-- `tostring` is for people
-- @usage print(torch.config())
function M.config()
  local config = { version = text(C.rk_version()), isa = text(C.rk_isa()), threads = C.rk_threads(),
    blas = text(C.rk_blas()), dnnl = text(C.rk_dnnl()) }
  if not config.dnnl then
    config.note = text(C.rk_dnnl_note())
  end
  return setmetatable(config, { __tostring = function(c)
    local dnnl = c.dnnl or ('none, %s; im2col and matrix products instead'):format(c.note)
    return ('Rekindle %s\ninstruction set  %s\nthreads          %d\nproducts         %s\nconvolutions     %s'):format(
      c.version, c.isa, c.threads, c.blas, dnnl)
  end })
end

return M
