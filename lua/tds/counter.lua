--- tds.AtomicCounter: a whole number that threads count up and down.
-- @module tds.counter

local C = require 'threads.ffi'
local class = require 'torch.class'
local cell = require 'tds.cell'
local common = require 'tds.common'

local COUNTER = C.RK_TDS_COUNTER
local Counter
local tds = {}

local function whole(n, who)
  if n == nil then return 1 end
  if type(n) ~= 'number' or n ~= math.floor(n) or math.abs(n) > 2 ^ 53 then
    error(('%s: argument 1: a whole number expected, got %s'):format(who, type(n) == 'number' and tostring(n)
      or class.type(n)), 3)
  end
  return n
end

Counter = common.class('tds.AtomicCounter', COUNTER, function(n)
  n = n == nil and 0 or whole(n, 'tds.AtomicCounter')
  local c = common.new(COUNTER)
  C.rk_counter_set(c.object, n)
  return c
end, tds, {
  __index = function(_, key) return Counter[key] end,
  __newindex = function(_, key) error(('tds.AtomicCounter: cannot set field %s'):format(tostring(key)), 2) end,
  __len = function() error('tds.AtomicCounter: it has no length; c:get() is its number', 2) end,
})

--- Add n (1); returns the sum.
function Counter.inc(c, n)
  return C.rk_counter_add(common.self(c, COUNTER, 'tds.AtomicCounter.inc'), whole(n, 'tds.AtomicCounter.inc'))
end

--- Subtract n (1); returns the difference.
function Counter.dec(c, n)
  return C.rk_counter_add(common.self(c, COUNTER, 'tds.AtomicCounter.dec'), -whole(n, 'tds.AtomicCounter.dec'))
end

--- The number.
function Counter.get(c) return C.rk_counter_get(common.self(c, COUNTER, 'tds.AtomicCounter.get')) end

--- Set the number.
function Counter.set(c, n)
  C.rk_counter_set(common.self(c, COUNTER, 'tds.AtomicCounter.set'), whole(n, 'tds.AtomicCounter.set'))
end

function Counter.__tostring__(c) return ('tds.AtomicCounter[%.0f]'):format(Counter.get(c)) end
function Counter.write(c, file) common.file(file, 'tds.AtomicCounter.write'):writeDouble(Counter.get(c)) end

function Counter.read(c, file)
  C.rk_counter_set(c.object, whole(common.file(file, 'tds.AtomicCounter.read'):readDouble(), 'tds.AtomicCounter.read'))
end

cell.counter = Counter
return tds.AtomicCounter
