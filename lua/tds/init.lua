--- tds: containers outside of the Lua heap, which Lua states on several threads can share.
--
-- `tds.Hash`, `tds.Vec`, `tds.AtomicCounter`. With `threads.sharedserialize` they pass to other threads by reference,
-- and as copies otherwise; `torch.save` writes them. Memory is counted: a container lives as long as a state or another
-- container holds it, and containers that hold each other in a ring are never freed. Each call sees a container whole;
-- a change made of several calls needs a mutex.
-- @module tds
-- @usage
-- local tds = require 'tds'
-- local h = tds.Hash {a = 1, list = {4, 5}}
-- h.b = torch.ones(3)
-- assert(#h == 3 and h.list[2] == 5 and h.b:sum() == 3)

local class = require 'torch.class'
require 'torch'

local tds = {}
package.loaded['tds'] = tds
class.register_package('tds', tds)

local cell = require 'tds.cell'
tds.Hash = require 'tds.hash'
tds.Vec = require 'tds.vec'
tds.AtomicCounter = require 'tds.counter'
tds.hash, tds.vec = tds.Hash, tds.Vec

-- A plain table inside of a container: a list becomes a Vec, anything else a Hash.
local depth = 0
function cell.convert(t)
  if depth > 100 then error('tds: tables are nested more than 100 deep, or hold themselves', 0) end
  local list = #t > 0
  for k in next, t do
    if type(k) ~= 'number' or k < 1 or k > #t or k ~= math.floor(k) then list = false end
  end
  depth = depth + 1
  local ok, v = pcall(list and tds.Vec or tds.Hash, t)
  depth = depth - 1
  if not ok then error(v, 0) end
  return v
end

require 'tds.common'.extend_pairs()

return tds
