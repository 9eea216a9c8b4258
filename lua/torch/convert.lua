--- Conversion and element-wise Lua: copy, type and its short forms, totable,
-- apply, map, map2, fill and zero.
local ffi = require 'ffi'
local C = require 'torch.ffi'
local check = require 'torch.check'
local types = require 'torch.types'
local memory = require 'torch.memory'
local tensor = require 'torch.tensor'
local storage = require 'torch.storage'
local collect = require 'torch.collect'

local istype, header, own = ffi.istype, collect.header, collect.own
local again, fail, argument, need = check.again, check.fail, check.argument, check.tensor
local ctype, classes = tensor.ctype, tensor.classes
local define, method = tensor.define, tensor.method
local int64 = ffi.typeof 'int64_t'
local FLOAT, TAKEN = types.of_class.Float, C.RK_TAKEN

--- copy(src): the elements of a tensor of any type with as many elements, in row-major order of both.
local function copy(t, x)
  if not istype(ctype, x) then argument('copy', 2, 'a tensor', x) end
  local s = C.rk_copy(t, x)
  if s ~= 0 then again(s, 'copy', C.rk_copy, t, x) end
  return t
end
method('copy', copy)

--- A tensor of another dtype with the same elements; the tensor itself when it has that dtype already.
local function to(t, dt)
  if t.dt == dt then return t end
  if t.rank == 0 then return tensor.empty(dt) end
  local out = ctype()
  local s = C.rk_tensor_small(out, dt, t.rank, t.extent)
  if s ~= 0 then
    if s ~= TAKEN then again(s, 'type', C.rk_tensor_small, out, dt, t.rank, t.extent) end
    ffi.gc(out, collect.tensor)
    memory.pressure()
  end
  return copy(out, t)
end
tensor.to = to

local function dtype_named(name, n, v)
  local dt = type(v) == 'string' and types.of_class[v:match '^torch%.(%w+)Tensor$' or '']
  if not dt then argument(name, n, "a tensor type such as 'torch.FloatTensor'", v) end
  return dt
end
tensor.dtype_named = dtype_named

--- type(): class name; type('torch.XTensor'): converted.
method('type', function(t, name)
  if name == nil then return classes[t.dt].__typename end
  if istype(ctype, name) then return to(t, name.dt) end
  return to(t, dtype_named('type', 2, name))
end)

method('typeAs', function(t, like) return to(t, need('typeAs', 2, like).dt) end)
method('real', function(t) return to(t, tensor.default) end)
for dt = 0, types.count - 1 do
  method(types.class[dt]:lower(), function(t) return to(t, dt) end)
end

--- fill(value)
define('fill', function(t, v)
  need('fill', 1, t)
  local s
  if type(v) == 'number' then
    s = C.rk_fill(t, v)
    if s ~= 0 then again(s, 'fill', C.rk_fill, t, v) end
  elseif istype(int64, v) then
    s = C.rk_fill_long(t, v)
    if s ~= 0 then again(s, 'fill', C.rk_fill_long, t, v) end
  else
    v = check.number('fill', 2, v)
    s = C.rk_fill(t, v)
    if s ~= 0 then again(s, 'fill', C.rk_fill, t, v) end
  end
  return t
end)

define('zero', function(t, extra)
  need('zero', 1, t)
  if extra ~= nil then check.too_many('zero', 1) end
  local s = C.rk_zero(t)
  if s ~= 0 then again(s, 'zero', C.rk_zero, t) end
  return t
end)

-- -- to Lua ------------------------------------------------------------------------------

local function rows(t, level, walk, at)
  local out, n = {}, tonumber(t.extent[level])
  if level == t.rank - 1 then
    local read, data = types.read[t.dt], n > 0 and t.mem.data or nil -- without elements, perhaps no memory
    for i = 1, n do out[i] = read(data, walk(at + i - 1)) end
    return out, at + n
  end
  for i = 1, n do out[i], at = rows(t, level + 1, walk, at) end
  return out, at
end

--- Nested Lua tables of the elements. Also for storages.
define('totable', function(t)
  if t.rank == 0 then return {} end
  return (rows(t, 0, tensor.walker(t), 0))
end, function(t)
  if istype(storage.ctype, t) then return t:totable() end
  return need('totable', 1, t):totable()
end)

-- -- apply, map, map2 -----------------------------------------------------------------------
-- Compiled loops need the element pointer typed in their own trace and no calls on the way, so one loop is made for
-- each dtype and arity, and within it one for elements that follow each other: 10 M floats take 8 ms, through calls 17.

local loop_source = [[
  local cast, pointer, words, band, fail, NAN, EXACT, tonumber, type = ...
  return function(name, f, rank, shape, ARGUMENTS)
    -- odometer over all dimensions but the last
    local last = rank - 1
    local n, at = shape[last], {}
    for d = 0, last - 1 do at[d] = 0 end
    LOCALS
    local packed = UNIT
    while true do
      ROWS
      if packed then
        for i = 0, n - 1 do
          READ_I
          local r = f(VALUES)
          if MOVED then fail('%s: the function resized the tensor that is being walked', name) end
          if r ~= nil then STORE_I end
        end
      else
        QS
        for i = 0, n - 1 do
          READ_Q
          local r = f(VALUES)
          if MOVED then fail('%s: the function resized the tensor that is being walked', name) end
          if r ~= nil then STORE_Q end
          ADVANCE
        end
      end
      local d = last - 1
      while d >= 0 do
        at[d] = at[d] + 1
        STEPFORWARD
        if at[d] < shape[d] then break end
        STEPBACK
        at[d] = 0
        d = d - 1
      end
      if d < 0 then return end
    end
  end
]]

-- How an element becomes a Lua value, @ being its position: int64 stays whole, NaNs are cleaned (see types.lua)
local reading = {
  float32 = 'if band(w#[@], 0x7fffffff) > 0x7f800000 then v# = NAN else v# = p#[@] end',
  float64 = 'if band(w#[2 * @ + ' .. (ffi.abi 'le' and 1 or 0) .. '], 0x7fffffff) >= 0x7ff80000 then v# = NAN '
    .. 'else v# = p#[@] end',
  int64 = 'v# = p#[@]; if v# <= EXACT and v# >= -EXACT then v# = tonumber(v#) else v# = v# + 0LL end',
}

-- The text of the loop for `inputs` tensors of a dtype.
local function loop_text(inputs, dt)
  local function each(pattern, separator)
    local parts = {}
    for k = 1, inputs do parts[k] = (pattern:gsub('#', tostring(k))) end
    return table.concat(parts, separator)
  end
  local read = 'local v#; ' .. (reading[types.name[dt]] or 'v# = p#[@]')
  local store = "if type(r) ~= 'number' and type(r) ~= 'cdata' then "
    .. "fail('%s: the function returned a %s, expected a number or nil', name, type(r)) end p1[@] = r"
  local values = {
    ARGUMENTS = each('start#, step#, mem#, data#', ', '),
    MOVED = each('mem#.data ~= data#', ' or '),
    LOCALS = each('local b#, row#, s# = cast(pointer, data#), start#, step#[last]', '\n'),
    UNIT = each('s# == 1', ' and '),
    ROWS = each('local p# = b# + row#; local w# = cast(words, p#)', '\n'),
    READ_I = each((read:gsub('@', 'i')), '\n'),
    READ_Q = each((read:gsub('@', 'q#')), '\n'),
    VALUES = each('v#', ', '),
    STORE_I = (store:gsub('@', 'i')),
    STORE_Q = (store:gsub('@', 'q1')),
    QS = each('local q# = 0', '\n'),
    ADVANCE = each('q# = q# + s#', '\n'),
    STEPFORWARD = each('row# = row# + step#[d]', '\n'),
    STEPBACK = each('row# = row# - at[d] * step#[d]', '\n'),
  }
  return (loop_source:gsub('%u[%u_]+', values))
end

local function new_loop(dt, inputs)
  return assert(loadstring(loop_text(inputs, dt), '=apply'))(ffi.cast, types.pointer[dt],
    ffi.typeof 'int32_t *', bit.band, fail, 0 / 0, 2 ^ 53, tonumber, type)
end

local loops = {}
local function loop_for(dt, inputs)
  local key = inputs * 100 + dt
  if not loops[key] then loops[key] = new_loop(dt, inputs) end
  return loops[key]
end

-- A compiled loop is tied to the function it was compiled with: another one runs in its side exits, 10 times
-- slower. So each place in a program that walks a long tensor has a loop of its own, and a new one for its first few
-- closures: from the fourth on, LuaJIT ties the loop to what the closures share.
local LONG, CLOSURES, PLACES = 4096, 5, 256
local places, count = {}, 0
local last = setmetatable({}, { __mode = 'v' }) -- place -> the closure seen last
local function loop_at(dt, inputs, f)
  if type(f) ~= 'function' then return loop_for(dt, inputs) end
  local info = debug.getinfo(f, 'S')
  local who = info.what == 'C' and tostring(f) or info.source
  local where = ('%s:%d:%d:%d:%d'):format(who, info.linedefined, info.lastlinedefined, dt, inputs)
  local place = places[where]
  if not place then
    if count == PLACES then places, count = {}, 0 end
    place = { closures = 0 }
    places[where], count = place, count + 1
  end
  if last[where] ~= f and place.closures < CLOSURES then
    place.loop, place.closures, last[where] = new_loop(dt, inputs), place.closures + 1, f
  end
  return place.loop
end

-- Steps of t as Lua numbers, from index 0; shapes that differ from the first tensor's are walked through a copy.
local function numbers(array, n)
  local out = {}
  for i = 0, n - 1 do out[i] = tonumber(array[i]) end
  return out
end

local run
function run(name, f, t, u, v)
  if type(f) ~= 'function' and not (type(f) == 'table' and getmetatable(f) and getmetatable(f).__call) then
    argument(name, u and (v and 4 or 3) or 2, 'a function', f)
  end
  local inputs = v and 3 or u and 2 or 1
  local list = { t, u, v }
  for i = 2, inputs do
    need(name, i, list[i])
    if list[i].dt ~= t.dt or C.rk_tensor_count(list[i]) ~= C.rk_tensor_count(t) then
      argument(name, i, ('%sTensor of %d elements %s'):format(types.class[t.dt], tonumber(C.rk_tensor_count(t)),
        check.shape(t.rank, t.extent)), list[i])
    end
    if C.rk_tensor_same_shape(list[i], t) == 0 then
      list[i] = tensor.contiguous(list[i])
      local w = header()
      w.dt = t.dt
      C.rk_reshape(w, own(list[i]), t.rank, t.extent)
      list[i] = w
    end
  end
  if C.rk_tensor_count(t) == 0 then return t end -- which may have no memory
  if types.size[t.dt] == 2 and types.float[t.dt] then -- half types go through float, which holds them exactly
    for i = 1, inputs do list[i] = to(list[i], FLOAT) end
    return copy(t, run(name, f, unpack(list, 1, inputs)))
  end
  local args = {}
  for i = 1, inputs do
    list[i] = tensor.alias(list[i]) -- holds the memory whatever f does to the tensor
    local x, at = list[i], 4 * i
    args[at - 3], args[at - 2], args[at - 1], args[at] = tonumber(x.start), numbers(x.step, t.rank), x.mem, x.mem.data
  end
  local loop = C.rk_tensor_count(t) >= LONG and loop_at(t.dt, inputs, f) or loop_for(t.dt, inputs)
  loop(name, f, t.rank, numbers(t.extent, t.rank), unpack(args))
  C.rk_tensor_drop(list[1]) -- the alias: its count goes now, not when the collector finds it
  return t
end

--- apply(f): f(x) for each element in row-major order; a returned number replaces it.
method('apply', function(t, f) return run('apply', f, t) end)
--- map(u, f): f(x, y) with the elements of both.
method('map', function(t, u, f) return run('map', f, t, need('map', 2, u)) end)
--- map2(u, v, f): f(x, y, z).
method('map2', function(t, u, v, f) return run('map2', f, t, need('map2', 2, u), need('map2', 3, v)) end)
