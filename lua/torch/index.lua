--- Indexing and assignment: t[i], t[{...}], t[mask], t[LongStorage].
--
-- Numbers are the hot path (a compiled element read is a bounds check and a
-- load); the others go through small functions below.
local ffi = require 'ffi'
local C = require 'torch.ffi'
local check = require 'torch.check'
local types = require 'torch.types'
local memory = require 'torch.memory'
local tensor = require 'torch.tensor'
local storage = require 'torch.storage'
local gc, drop = ffi.gc, require('torch.collect').tensor

local istype, type = ffi.istype, type
local again, fail, describe = check.again, check.fail, check.describe
local ctype, classes, empty = tensor.ctype, tensor.classes, tensor.empty
local buffer_ct = storage.ctype
local int64 = ffi.typeof 'int64_t'
local read, write = types.read, types.write
local BYTE, LONG = types.of_class.Byte, types.of_class.Long

local M = {}

local function out_of_range(t, dim, k)
  fail('index: %.14g out of range for dimension %d of %s (1..%d, or -%d..-1)', k, dim + 1, describe(t),
    tonumber(t.extent[dim]), tonumber(t.extent[dim]))
end

-- Position k, from 1 or negative from the end, as a position from 0.
local function position(t, dim, k)
  if type(k) ~= 'number' then k = check.integer('index', dim + 1, k) end
  local n = tonumber(t.extent[dim])
  if k < 0 then k = k + n + 1 end
  if not (k >= 1 and k < n + 1) then out_of_range(t, dim, k) end
  return k - 1
end

-- A view of t with dimension dim dropped at position k (from 0).
local function selected(t, dim, k)
  local out = gc(ctype(), drop)
  out.dt = t.dt
  local s = C.rk_select(out, t, dim, k)
  if s ~= 0 then again(s, 'index', C.rk_select, out, t, dim, k) end
  return out
end

local function no_elements(t)
  fail('index: %s has no elements', describe(t))
end

-- t[k] for a number
local function at(t, k)
  if t.rank == 1 then
    local n = tonumber(t.extent[0])
    if k < 0 then k = k + n + 1 end
    if not (k >= 1 and k < n + 1) then out_of_range(t, 0, k) end
    return read[t.dt](t.mem.data, t.start + ffi.cast(int64, k - 1) * t.step[0])
  elseif t.rank == 0 then
    no_elements(t)
  end
  return selected(t, 0, position(t, 0, k))
end

-- -- {i, {a, b}, {}} ----------------------------------------------------------------

-- The offset of the element that a table of numbers picks, one for each dimension; nil when it is another table.
-- No view is made, and offsets are doubles: in interpreted code both cost more than the rest.
local function element(t, keys)
  local n = t.rank
  if #keys ~= n or n == 0 then return nil end
  local offset = tonumber(t.start)
  for i = 1, n do
    local k = keys[i]
    if type(k) ~= 'number' then return nil end
    k = position(t, i - 1, k)
    offset = offset + (k - k % 1) * tonumber(t.step[i - 1])
  end
  return offset
end

-- A view for a table of positions and ranges; a number where everything is picked: the tensor, or nil and the offset
-- of the element.
local function view_of_table(t, keys)
  local n = #keys
  if n > t.rank then fail('index: %d indices for %s', n, describe(t)) end
  local out, dim = tensor.alias(t), 0
  for i = 1, n do
    local k = keys[i]
    if type(k) == 'table' then
      if #k == 0 then
        dim = dim + 1
      else
        if #k > 2 then fail('index: a range has one or two ends, got %d', #k) end
        local first = position(out, dim, k[1])
        local last = k[2] == nil and first or position(out, dim, k[2])
        if last < first then
          fail('index: range {%d,%d} of dimension %d ends before it begins', first + 1, last + 1, i)
        end
        local s = C.rk_narrow(out, out, dim, first, last - first + 1)
        if s ~= 0 then again(s, 'index', C.rk_narrow, out, out, dim, first, last - first + 1) end
        dim = dim + 1
      end
    elseif out.rank == 1 then
      local offset = out.start + out.step[dim] * position(out, dim, k)
      return nil, offset
    else
      k = position(out, dim, k)
      local s = C.rk_select(out, out, dim, k)
      if s ~= 0 then again(s, 'index', C.rk_select, out, out, dim, k) end
    end
  end
  return out
end

-- -- LongStorage: one element --------------------------------------------------------

local function offset_of(t, b)
  if b.dt ~= LONG then check.argument('index', 2, 'a LongStorage of positions', b) end
  local n = tonumber(C.rk_buffer_count(b))
  if n ~= t.rank then fail('index: %d positions for %s', n, describe(t)) end
  if n == 0 then no_elements(t) end
  local offset, data = t.start, ffi.cast('int64_t *', b.mem.data)
  for i = 0, n - 1 do offset = offset + t.step[i] * position(t, i, tonumber(data[i])) end
  return offset
end

-- -- masks -----------------------------------------------------------------------------

local function need_mask(name, t, mask)
  if not istype(ctype, mask) or mask.dt ~= BYTE or C.rk_tensor_count(mask) ~= C.rk_tensor_count(t) then
    check.argument(name, 2, ('a ByteTensor mask of %d elements for %s'):format(tonumber(C.rk_tensor_count(t)),
      describe(t)), mask)
  end
end

--- The values that a mask selects, as a vector.
function M.masked_select(name, t, mask, out)
  need_mask(name, t, mask)
  out = out or empty(t.dt)
  if t.rank == 0 then return tensor.resize1(name, out, 0) end
  local s = C.rk_masked_select(out, t, mask)
  if s ~= 0 then again(s, name, C.rk_masked_select, out, t, mask) end
  memory.pressure()
  return out
end

--- Set what a mask selects to a number.
function M.masked_fill(name, t, mask, v)
  need_mask(name, t, mask)
  if not check.isnumber(v) then check.argument(name, 3, 'a number', v) end
  if t.rank == 0 then return t end
  if check.wide(v) and not types.float[t.dt] then
    return M.masked_copy(name, t, mask, tensor.repeated(name, t, v))
  end
  local x = check.number(name, 3, v)
  local s = C.rk_masked_fill(t, mask, x)
  if s ~= 0 then again(s, name, C.rk_masked_fill, t, mask, x) end
  return t
end

--- Fill what a mask selects with the leading values of a tensor.
function M.masked_copy(name, t, mask, from)
  need_mask(name, t, mask)
  if not istype(ctype, from) or from.dt ~= t.dt then check.argument(name, 3, types.class[t.dt] .. 'Tensor', from) end
  if t.rank == 0 then return t end
  local s = C.rk_masked_copy(t, mask, from)
  if s ~= 0 then again(s, name, C.rk_masked_copy, t, mask, from) end
  return t
end

-- -- the metamethods ---------------------------------------------------------------------

-- t['1'] is t[1] in Torch7; t.inf is a field.
local function number_in(k)
  local i = tonumber(k)
  return i and i - i == 0 and i or nil
end

local function index_other(t, k)
  if type(k) == 'number' then
    return at(t, k)
  elseif type(k) == 'string' then
    local m = require 'torch.lazy'.method(classes[t.dt], k)
    if m ~= nil then return m end
    local i = number_in(k)
    if i then return at(t, i) end
    if k == 'shape' then return t:size() end -- PyTorch's
    return require 'torch.missing'(t, k, types.class[t.dt] .. 'Tensor', classes[t.dt])
  elseif type(k) == 'table' and not getmetatable(k) then
    local offset, view = element(t, k), nil
    if not offset then view, offset = view_of_table(t, k) end
    return view or read[t.dt](t.mem.data, offset)
  elseif istype(ctype, k) then
    return M.masked_select('index', t, k)
  elseif istype(buffer_ct, k) then
    local offset = offset_of(t, k) -- before mem.data: an empty tensor has no memory
    return read[t.dt](t.mem.data, offset)
  elseif istype(int64, k) then
    return at(t, tonumber(k))
  end
  return check.argument('index', 2, 'a number, a table, a ByteTensor mask or a LongStorage', k)
end

--- t[k], whatever a program has made of it.
function M.own_index(t, k)
  local m = classes[t.dt][k]
  if m ~= nil then return m end
  return index_other(t, k)
end

-- Programs may put functions of their own in place of a class's `__index` and `__newindex`. Elements must not pay for
-- the question: a class with such a function is looked up in a table that answers every key with a mark.
local MARK = {}
local marked = setmetatable({}, { __index = function() return MARK end })
local methods, readers, writers = {}, {}, {} -- dtype -> class or `marked`; dtype -> function
for dt = 0, types.count - 1 do methods[dt] = classes[dt] end

--- t[k]
function M.index(t, k)
  local m = methods[t.dt][k]
  if m == nil then return index_other(t, k) end
  if m == MARK then return readers[t.dt](t, k) end
  return m
end

-- v as a number or int64; nil when it is a tensor.
local function scalar(v)
  if type(v) == 'number' or istype(int64, v) then return v end
  if istype(ctype, v) then return nil end
  return check.number('assignment', 3, v)
end

-- Assign a number or a tensor of any type to a view.
local function assign(view, v)
  local x = scalar(v)
  local s
  if x == nil then
    s = C.rk_copy(view, v)
    if s ~= 0 then again(s, 'assignment', C.rk_copy, view, v) end
  elseif istype(int64, x) then
    s = C.rk_fill_long(view, x)
    if s ~= 0 then again(s, 'assignment', C.rk_fill_long, view, x) end
  else
    s = C.rk_fill(view, x)
    if s ~= 0 then again(s, 'assignment', C.rk_fill, view, x) end
  end
end

-- Assign to the one element at an offset: a number, or a tensor of one element.
local function assign_element(t, offset, v)
  local x = scalar(v)
  if x == nil then
    if C.rk_tensor_count(v) ~= 1 then fail('assignment: expected a number for one element, got %s', describe(v)) end
    x = read[v.dt](v.mem.data, v.start)
  end
  write[t.dt](t.mem.data, offset, x)
end

local newindex

local function newindex_other(t, k, v, own)
  if type(k) == 'table' and not getmetatable(k) then
    local offset, view = element(t, k), nil
    if not offset then view, offset = view_of_table(t, k) end
    if view then return assign(view, v) end
    return assign_element(t, offset, v)
  elseif istype(ctype, k) then
    if istype(ctype, v) then
      M.masked_copy('assignment', t, k, v)
    else
      M.masked_fill('assignment', t, k, v)
    end
  elseif istype(buffer_ct, k) then
    assign_element(t, offset_of(t, k), v)
  elseif istype(int64, k) then
    newindex(t, tonumber(k), v)
  elseif type(k) == 'string' and writers[t.dt] and not own then
    writers[t.dt](t, k, v)
  elseif type(k) == 'string' and number_in(k) then
    newindex(t, number_in(k), v)
  elseif type(k) == 'string' then
    fail("%sTensor: cannot set field '%s': a tensor has only elements (methods go into torch.getmetatable(t:type()))",
      types.class[t.dt], k)
  else
    check.argument('assignment', 2, 'a number, a table, a ByteTensor mask or a LongStorage', k)
  end
end

--- t[k] = v
function newindex(t, k, v, own)
  if type(k) ~= 'number' then return newindex_other(t, k, v, own) end
  if t.rank == 1 then
    local n = tonumber(t.extent[0])
    if k < 0 then k = k + n + 1 end
    if not (k >= 1 and k < n + 1) then out_of_range(t, 0, k) end
    local offset = t.start + ffi.cast(int64, k - 1) * t.step[0]
    if type(v) == 'number' then
      write[t.dt](t.mem.data, offset, v)
    else
      assign_element(t, offset, v)
    end
  elseif t.rank == 0 then
    no_elements(t)
  else
    assign(selected(t, 0, position(t, 0, k)), v)
  end
end
M.newindex = newindex

--- t[k] = v, whatever a program has made of it.
function M.own_newindex(t, k, v) newindex(t, k, v, true) end

--- Put a function in place of a class's `__index`, or of its `__newindex` for names; nil: ours again.
function M.override(dt, event, f)
  if event == '__index' then
    readers[dt], methods[dt] = f, f and marked or classes[dt]
  else
    writers[dt] = f
  end
end

return M
