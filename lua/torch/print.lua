--- Text of tensors and storages, as Torch7 printed them.
--
-- One format serves all elements. Whole numbers of up to nine digits are
-- printed as they are; others with four decimals while the magnitudes span at most five
-- digits (behind a common factor when they are all large or small), else with exponents.
local ffi = require 'ffi'
local C = require 'torch.ffi'
local types = require 'torch.types'

local M = {}
local WIDTH = 80
local MOST = 2 ^ 28 -- elements: the text of more would not fit a Lua string

-- A C array for n doubles.
local function array(n, kind)
  if n > MOST then
    error(('tostring: the text of a torch.%s of %.0f elements would be too long: take a part of it'):format(kind, n), 0)
  end
  return ffi.new('double[?]', math.max(n, 1))
end

--- Elements of a tensor in row-major order as a C array of doubles, and their number.
local function doubles(t)
  local n = tonumber(C.rk_tensor_count(t))
  local values = array(n, types.class[t.dt] .. 'Tensor')
  if n > 0 and C.rk_read_doubles(t, values, n) ~= 0 then error(ffi.string(C.rk_error())) end
  types.clean(values, n)
  return values, n
end

-- Digits before the point of |x|; 1 for 0.
local function digits(x)
  return x == 0 and 1 or math.floor(math.log10(x)) + 1
end

--- Format, common factor and width for n values.
local function format_of(values, n)
  local low, high, whole = math.huge, 0, true
  for i = 0, n - 1 do
    local v = math.abs(values[i])
    if v ~= v then return '%f', 1, 9 end
    if v ~= math.ceil(v) then whole = false end
    if v < low then low = v end
    if v > high then high = v end
  end
  low, high = digits(low), digits(high)
  if whole then
    if high > 9 then return '%11.4e', 1, 11 end
    return ('%%%dd'):format(high + 1), 1, high + 1
  elseif high - low > 4 then
    local width = (math.abs(high) > 99 or math.abs(low) > 99) and 12 or 11
    return ('%%%d.4e'):format(width), 1, width
  elseif high > 5 or high < 0 then
    return '%7.4f', 10 ^ (high - 1), 7
  end
  local width = high == 0 and 7 or high + 6
  return ('%%%d.4f'):format(width), 1, width
end

-- Where elements of a LongTensor exceed what doubles hold (Torch7 rounded them): the digits of all, a format and a
-- width.
local function exact(t, n)
  local packed, strings, width, beyond = t:contiguous(), {}, 0, false
  local data = packed:data()
  for i = 0, n - 1 do
    local v = data[i]
    if v > 9007199254740992LL or v < -9007199254740992LL then beyond = true end
  end
  if not beyond then return nil end
  for i = 0, n - 1 do
    local text = tostring(data[i]):match '^-?%d+'
    strings[i], width = text, math.max(width, #text:match '%d+')
  end
  return strings, ('%%%ds'):format(width + 1), width + 1
end

local function text_of(format, v)
  if type(v) == 'string' then return format:format(v) end
  if v ~= v and format == '%f' then return 'nan' end
  return format:format(v)
end

local function scaled(v, scale) return scale == 1 and v or v / scale end

local function factor(out, scale)
  if scale ~= 1 then out[#out + 1] = ('%g *\n'):format(scale) end
end

local function vector(out, values, n, format, scale)
  factor(out, scale)
  for i = 0, n - 1 do
    out[#out + 1] = text_of(format, scaled(values[i], scale))
    out[#out + 1] = '\n'
  end
end

-- Rows and columns of one matrix that begins at `first`, broken into blocks of columns that fit the line.
local function matrix(out, values, first, rows, columns, indent, format, scale, width)
  local per_line = math.max(1, math.floor((WIDTH - #indent) / (width + 1)))
  local margin = scale ~= 1 and indent .. ' ' or indent
  out[#out + 1] = indent
  for left = 1, columns, per_line do
    local right = math.min(columns, left + per_line - 1)
    if per_line < columns then
      if left ~= 1 then out[#out + 1] = '\n' end
      out[#out + 1] = ('Columns %d to %d\n%s'):format(left, right, indent)
    end
    if scale ~= 1 then out[#out + 1] = ('%g *\n %s'):format(scale, indent) end
    for r = 1, rows do
      local cells = {}
      for c = left, right do
        cells[#cells + 1] = text_of(format, scaled(values[first + (r - 1) * columns + c - 1], scale))
      end
      out[#out + 1] = table.concat(cells, ' ')
      out[#out + 1] = '\n'
      if r ~= rows then out[#out + 1] = margin end
    end
  end
end

-- Matrices of the last two dimensions, the first dimension running fastest.
local function slices(out, t, values, format, scale, width)
  local rank, sizes = t.rank, {}
  for d = 1, rank do sizes[d] = tonumber(t.extent[d - 1]) end
  local rows, columns = sizes[rank - 1], sizes[rank]
  local at = {}
  for d = 1, rank - 2 do at[d] = 1 end
  while true do
    if #out > 0 then out[#out + 1] = '\n' end
    local offset = 0
    for d = 1, rank - 2 do offset = offset * sizes[d] + at[d] - 1 end
    out[#out + 1] = '(' .. table.concat(at, ',') .. ',.,.) = \n'
    matrix(out, values, offset * rows * columns, rows, columns, ' ', format, scale, width)
    local d = 1
    while d <= rank - 2 and at[d] == sizes[d] do
      at[d] = 1
      d = d + 1
    end
    if d > rank - 2 then return end
    at[d] = at[d] + 1
  end
end

--- Text of a tensor.
function M.tensor(t)
  local name = ('torch.%sTensor'):format(types.class[t.dt])
  if t.rank == 0 then return ('[%s with no dimension]\n'):format(name) end
  local out, sizes = {}, {}
  local values, n = doubles(t)
  local format, scale, width = format_of(values, n)
  if t.dt == types.of_class.Long then
    local strings, plain, wide = exact(t, n)
    if strings then values, format, scale, width = strings, plain, 1, wide end
  end
  if t.rank == 1 then
    vector(out, values, n, format, scale)
  elseif t.rank == 2 then
    matrix(out, values, 0, tonumber(t.extent[0]), tonumber(t.extent[1]), '', format, scale, width)
  elseif n > 0 then
    slices(out, t, values, format, scale, width)
  end
  for d = 1, t.rank do sizes[d] = tostring(tonumber(t.extent[d - 1])) end
  out[#out + 1] = ('[%s of size %s]\n'):format(name, table.concat(sizes, 'x'))
  return table.concat(out)
end

--- Text of a storage.
function M.storage(b)
  b = ffi.cast('struct rk_buffer *', b)[0] -- b:cdata() is a pointer, whose elements are structs
  local n = b:size()
  local values = array(n, types.class[b.dt] .. 'Storage')
  for i = 1, n do values[i - 1] = tonumber(b[i]) end
  local out = {}
  if n > 0 then
    local format, scale = format_of(values, n)
    vector(out, values, n, format, scale)
  end
  out[#out + 1] = ('[torch.%sStorage of size %d]\n'):format(types.class[b.dt], n)
  return table.concat(out)
end

return M
