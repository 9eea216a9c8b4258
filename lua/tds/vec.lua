--- tds.Vec: an array outside of the Lua heap.
--
-- `v[i]`, `v[i] = x` (past the end it grows, with nil in between), `#v`, `ipairs(v)`, `pairs(v)`, and the functions of
-- Lua's table library as methods. Elements as in tds.Hash.
-- @module tds.vec

local ffi = require 'ffi'
local C = require 'threads.ffi'
local class = require 'torch.class'
local cell = require 'tds.cell'
local common = require 'tds.common'

local VEC = C.RK_TDS_VEC
local of, take, new_cell = cell.of, cell.take, cell.cell

local Vec

local function place(i, who, n)
  if type(i) ~= 'number' or i ~= math.floor(i) or i < 1 or i > 2 ^ 40 then
    error(('%s: argument %d: a position from 1 expected, got %s'):format(who, n,
      type(i) == 'number' and tostring(i) or class.type(i)), 3)
  end
  return i - 1
end

local function get(v, i)
  local c = new_cell()
  if C.rk_vec_get(v.object, i - 1, c) ~= 0 then cell.failed(3) end
  return take(c)
end

local function set(v, i, x)
  if C.rk_vec_set(v.object, place(i, 'tds.Vec', 1), of(x, 'tds.Vec', 2)) ~= 0 then cell.failed(2) end
end

local function count(v) return tonumber(C.rk_tds_count(v.object)) end

local function each(v)
  common.self(v, VEC, 'tds.Vec.pairs')
  local i = 0
  return function()
    i = i + 1
    if i <= count(v) then return i, get(v, i) end
  end
end

local function each_until_nil(v)
  common.self(v, VEC, 'tds.Vec.ipairs')
  return function(_, i)
    local x = get(v, i + 1)
    if x ~= nil then return i + 1, x end
  end, v, 0
end

local tds = {}

local function fill(v, n, from)
  if C.rk_vec_resize(v.object, n) ~= 0 then cell.failed(4) end
  for i = 1, n do set(v, i, from[i]) end
end

Vec = common.class('tds.Vec', VEC, function(...)
  local from = ...
  local v = common.new(VEC)
  if select('#', ...) > 1 then
    fill(v, select('#', ...), {...})
  elseif type(from) == 'table' and getmetatable(from) == nil then
    local n = 0
    for k in next, from do
      if type(k) ~= 'number' or k ~= math.floor(k) or k < 1 then
        error(('tds.Vec: argument 1: a list expected, got a table with the key %s; tds.Hash takes any')
          :format(tostring(k)), 3)
      end
      n = math.max(n, k)
    end
    fill(v, n, from)
  elseif ffi.istype(cell.handles[VEC], from) then
    for i, x in each(from) do set(v, i, x) end
  elseif from ~= nil then
    set(v, 1, from)
  end
  return v
end, tds, {
  __index = function(v, key)
    if type(key) == 'number' then return get(v, key) end
    return Vec[key]
  end,
  __newindex = set,
  __pairs = each,
  __ipairs = each_until_nil,
})

Vec.pairs, Vec.ipairs = each, each_until_nil

--- `v:insert(x)` at the end, `v:insert(i, x)` before element i.
function Vec.insert(v, ...)
  local first, second = ...
  local object = common.self(v, VEC, 'tds.Vec.insert')
  local n = select('#', ...)
  if n < 1 or n > 2 then error('tds.Vec.insert: [position,] value expected', 2) end
  local at = n == 1 and count(v) or place(first, 'tds.Vec.insert', 1)
  if n == 2 then first = second end
  if C.rk_vec_insert(object, at, of(first, 'tds.Vec.insert', n)) ~= 0 then cell.failed(2) end
end

--- Remove the last element, or element i; returns it.
function Vec.remove(v, i)
  local object = common.self(v, VEC, 'tds.Vec.remove')
  local c = new_cell()
  local at = i == nil and count(v) - 1 or place(i, 'tds.Vec.remove', 1)
  if C.rk_vec_remove(object, at, c) ~= 0 then cell.failed(2) end
  return take(c)
end

--- Change the number of elements: nil fills, or the last are dropped.
function Vec.resize(v, n)
  local object = common.self(v, VEC, 'tds.Vec.resize')
  if type(n) ~= 'number' or n ~= math.floor(n) or n < 0 or n > 2 ^ 40 then
    error(('tds.Vec.resize: argument 1: a size expected, got %s'):format(type(n) == 'number' and tostring(n)
      or class.type(n)), 2)
  end
  if C.rk_vec_resize(object, n) ~= 0 then cell.failed(2) end
  require 'torch.memory'.pressure()
end

--- Remove everything.
function Vec.clear(v) C.rk_tds_clear(common.self(v, VEC, 'tds.Vec.clear')) end

--- Sort in place, by `<` or by a function that tells whether its first argument comes first.
-- @usage
-- local v = require 'tds'.Vec {3, 1, 2}
-- v:sort()
-- assert(v:concat ',' == '1,2,3')
function Vec.sort(v, before)
  local object = common.self(v, VEC, 'tds.Vec.sort')
  if before ~= nil and type(before) ~= 'function' then
    error(('tds.Vec.sort: argument 1: function expected, got %s'):format(class.type(before)), 2)
  end
  local n, values, order = count(v), {}, {}
  for i = 1, n do
    values[i], order[i] = get(v, i), i
    if values[i] == nil then error(('tds.Vec.sort: element %d is nil'):format(i), 2) end
  end
  table.sort(order, before and function(a, b) return before(values[a], values[b]) end
    or function(a, b) return values[a] < values[b] end)
  if C.rk_vec_permute(object, ffi.new('double[?]', math.max(1, n), order), n) ~= 0 then cell.failed(2) end
end

--- The elements i to j as a Lua table; containers inside become tables, too.
function Vec.totable(v)
  local t = {}
  for i, x in each(v) do t[i] = cell.is(x) and x.totable and x:totable() or x end
  return t
end

local UNPACKED = 7000 -- as many values as a Lua function may return

-- The elements from i to j by their places, and i and j.
local function range(v, who, i, j, last)
  i, j = i == nil and 1 or i, j == nil and count(v) or j
  for at, k in ipairs { i, j } do
    if type(k) ~= 'number' or k ~= math.floor(k) or math.abs(k) > 2 ^ 53 then
      error(('%s: argument %d: a whole number expected, got %s'):format(who, last - 2 + at, type(k) == 'number'
        and tostring(k) or class.type(k)), 3)
    end
  end
  local t = {}
  for at = math.max(i, 1), math.min(j, count(v)) do t[at] = get(v, at) end
  return t, i, j
end

--- Strings and numbers joined, as table.concat does.
function Vec.concat(v, separator, i, j)
  common.self(v, VEC, 'tds.Vec.concat')
  separator = separator == nil and '' or separator
  if type(separator) ~= 'string' and type(separator) ~= 'number' then
    error('tds.Vec.concat: argument 2: a string expected, got ' .. class.type(separator), 2)
  end
  local t, first, last = range(v, 'tds.Vec.concat', i, j, 4)
  if first > last then return '' end
  for k = first, last do
    if type(t[k]) ~= 'string' and type(t[k]) ~= 'number' then
      error(('tds.Vec.concat: element %d is %s; strings and numbers are joined'):format(k, t[k] == nil and 'nil'
        or 'a ' .. class.type(t[k])), 2)
    end
  end
  return table.concat(t, separator, first, last)
end

--- The elements i to j.
function Vec.unpack(v, i, j)
  common.self(v, VEC, 'tds.Vec.unpack')
  local t, first, last = range(v, 'tds.Vec.unpack', i, j, 3)
  if last - first >= UNPACKED then
    error(('tds.Vec.unpack: %.0f elements are too many for Lua to return'):format(last - first + 1), 2)
  end
  if last < first then return end
  return unpack(t, first, last)
end

function Vec.__tostring__(v) return common.text(v, 'tds.Vec', each) end

function Vec.write(v, file)
  common.file(file, 'tds.Vec.write')
  local n = count(v)
  file:writeLong(n)
  for i = 1, n do file:writeObject(get(v, i)) end
end

function Vec.read(v, file)
  common.file(file, 'tds.Vec.read')
  for i = 1, file:readLong() do set(v, i, file:readObject()) end
end

return tds.Vec
