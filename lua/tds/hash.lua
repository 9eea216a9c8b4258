--- tds.Hash: a table outside of the Lua heap.
--
-- `h[key]`, `h[key] = value` (nil removes), `#h` (number of elements), `pairs(h)` (in order of insertion). Keys and
-- values are numbers, strings, booleans, tensors, storages, tds containers; plain tables become containers. A key that
-- is the name of a method hides the method.
-- @module tds.hash

local ffi = require 'ffi'
local C = require 'threads.ffi'
local cell = require 'tds.cell'
local common = require 'tds.common'

local HASH = C.RK_TDS_HASH
local of, take, new_cell = cell.of, cell.take, cell.cell

local Hash

local function get(h, key)
  local k, v = of(key, 'tds.Hash', 1), new_cell()
  local status = C.rk_hash_get(h.object, k, v)
  C.rk_cell_drop(k)
  if status ~= 0 then cell.failed(3) end
  return take(v)
end

local function set(h, key, value)
  local k = of(key, 'tds.Hash', 1)
  local ok, v = pcall(of, value, 'tds.Hash', 2)
  if not ok then
    C.rk_cell_drop(k)
    error(v, 3)
  end
  if C.rk_hash_set(h.object, k, v) ~= 0 then cell.failed(3) end
end

local function each(h)
  local object = common.self(h, HASH, 'tds.Hash.pairs')
  local at = ffi.new 'int64_t[1]'
  return function()
    local k, v = new_cell(), new_cell()
    if object ~= h.object or C.rk_hash_next(h.object, at, k, v) == 0 then return nil end
    return take(k), take(v)
  end
end

local tds = {}

Hash = common.class('tds.Hash', HASH, function(from)
  local h = common.new(HASH)
  if from == nil then return h end
  if cell.is(from) and from.pairs then
    for k, v in pairs(from) do h[k] = v end
  elseif type(from) == 'table' then
    for k, v in next, from do set(h, k, v) end
  else
    error(('tds.Hash: argument 1: a table or a tds container expected, got %s'):format(torch.type(from)), 3)
  end
  return h
end, tds, {
  __index = function(h, key)
    if key == nil then return nil end
    local v = get(h, key)
    if v == nil and type(key) == 'string' then return Hash[key] end
    return v
  end,
  __newindex = set,
  __pairs = each,
})

Hash.pairs = each

--- Read an element without looking at methods.
function Hash.rawget(h, key)
  common.self(h, HASH, 'tds.Hash.rawget')
  return get(h, key)
end

--- Remove everything.
function Hash.clear(h) C.rk_tds_clear(common.self(h, HASH, 'tds.Hash.clear')) end

--- The elements as a Lua table; containers inside become tables, too.
function Hash.totable(h)
  local t = {}
  for k, v in each(h) do t[k] = cell.is(v) and Hash.rawget and v.totable and v:totable() or v end
  return t
end

function Hash.__tostring__(h) return common.text(h, 'tds.Hash', each) end

function Hash.write(h, file)
  common.file(file, 'tds.Hash.write')
  file:writeLong(#h)
  for k, v in each(h) do
    file:writeObject(k)
    file:writeObject(v)
  end
end

function Hash.read(h, file)
  common.file(file, 'tds.Hash.read')
  for _ = 1, file:readLong() do
    local k = file:readObject()
    set(h, k, file:readObject())
  end
end

return tds.Hash
