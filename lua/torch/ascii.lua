--- Numbers as `torch.File` stores them: the element types of `readInt`, `writeDouble` ..., their binary size and their
-- text in ascii files.
--
-- Texts are those of C's printf (`%d`, `%.9g`, `%.17g`): a float written and read again is the same float. Bytes and
-- chars are stored raw in ascii files, too.
-- @module torch.ascii

local ffi = require 'ffi'
local bit = require 'bit'

local floor, ldexp, tonumber = math.floor, math.ldexp, tonumber
local format = string.format

local M = {}

-- ---------------------------------------------------------------------------------------------------------
-- 16-bit floats: LuaJIT has no type for them, so their elements travel as bits
-- ---------------------------------------------------------------------------------------------------------

local word = ffi.new 'union { float f; uint32_t u; }'

local function half_to_number(h)
  local sign = h >= 0x8000 and -1 or 1
  local exponent, fraction = bit.band(bit.rshift(h, 10), 31), bit.band(h, 1023)
  if exponent == 31 then
    return fraction == 0 and sign / 0 or 0 / 0
  elseif exponent == 0 then
    return sign * ldexp(fraction, -24)
  end
  return sign * ldexp(fraction + 1024, exponent - 25)
end

-- Nearest multiple of a power of two, halves to even: adding and subtracting 1.5 * 2^52 times it rounds in hardware.
local function round_even(x)
  local magic = 6755399441055744
  return (x + magic) - magic
end

local function number_to_half(x)
  word.f = x
  local sign = word.u >= 0x80000000 and 0x8000 or 0
  x = math.abs(tonumber(word.f))
  if x ~= x then
    return sign + 0x7e00
  elseif x >= 65520 then
    return sign + 0x7c00
  elseif x < 2 ^ -14 then
    return sign + round_even(ldexp(x, 24))
  end
  local _, exponent = math.frexp(x)
  return sign + round_even(ldexp(x, 11 - exponent)) + (exponent + 13) * 1024
end

local function brain_to_number(b)
  if b > 0xff80 then -- see `hidden` below
    return 0 / 0
  end
  word.u = bit.lshift(b, 16)
  return tonumber(word.f)
end

local function number_to_brain(x)
  word.f = x
  local u = tonumber(word.u)
  if x ~= x then
    return 0x7fc0
  end
  local high = floor(u / 65536)
  local low = u - high * 65536
  if low > 0x8000 or (low == 0x8000 and high % 2 == 1) then
    high = high + 1
  end
  return high
end

-- ---------------------------------------------------------------------------------------------------------
-- Text
-- ---------------------------------------------------------------------------------------------------------

local EXACT = 9007199254740992LL -- 2^53

--- An int64 as a Lua number while that is exact, else the int64 itself.
local function exact(v)
  if v <= EXACT and v >= -EXACT then
    return tonumber(v)
  end
  return v
end
M.exact = exact

local function long_text(v)
  return (tostring(v):gsub('LL$', ''))
end

local function real_text(pattern)
  return function(v)
    return format(pattern, v)
  end
end

-- LuaJIT keeps types in the bits of NaNs, and does not check what it loads: a float or double with a negative
-- NaN other than the usual one would become something else than a number. So these are looked for before loading.
local words_of = ffi.typeof 'uint32_t *'
local high_word = ffi.abi 'le' and 1 or 0

local function hidden_float(data, i)
  return ffi.cast(words_of, data)[i] > 0xffc00000
end

local function hidden_double(data, i)
  return ffi.cast(words_of, data)[2 * i + high_word] >= 0xfff80000
end

-- printf writes the sign of a NaN, which a Lua number does not keep: it is in the last byte of the element.
local last_byte = ffi.abi 'le' and 1 or 0

local function sign_byte(kind, data, i)
  return ffi.cast('uint8_t *', data) + i * kind.size + last_byte * (kind.size - 1)
end

local function int_text(v)
  return format('%d', v)
end

local function skip_blanks(stream)
  local c = stream:getc()
  while c == 32 or (c >= 9 and c <= 13) do
    c = stream:getc()
  end
  return c
end

--- Next integer of a text as an int64; nil when there is none.
local function read_integer(stream)
  local c, negative = skip_blanks(stream), false
  if c == 45 or c == 43 then
    negative = c == 45
    c = stream:getc()
  end
  local value, digits = 0LL, 0
  while c >= 48 and c <= 57 do
    value = value * 10 + (c - 48)
    digits = digits + 1
    c = stream:getc()
  end
  if c >= 0 then
    stream:ungetc(c)
  end
  if digits == 0 then
    return nil
  end
  return negative and -value or value
end

-- Characters of a number: digits + - . and the letters of e, inf, nan, infinity and hexadecimal numbers
local numeral = ffi.new 'uint8_t[256]'
for c in ('0123456789+-.abcdefinftyxpABCDEFINFTYXP'):gmatch '.' do
  numeral[c:byte()] = 1
end

local LONGEST = 64
local token = ffi.new('uint8_t[?]', LONGEST)
local words = {inf = 1 / 0, infinity = 1 / 0, nan = 0 / 0}

--- Next number of a text, and true for a NaN with a sign; nil when there is none.
local function read_real(stream)
  local c, n = skip_blanks(stream), 0
  while c >= 0 and numeral[c] == 1 and n < LONGEST do
    token[n] = c
    n = n + 1
    c = stream:getc()
  end
  if c >= 0 then
    stream:ungetc(c)
  end
  local text = ffi.string(token, n)
  local value = tonumber(text)
  if value and value == value then
    return value
  end
  local sign, name = text:lower():match '^([+-]?)(%a+)$'
  value = words[name]
  if value and sign == '-' then
    return -value, true
  end
  return value, false
end

-- ---------------------------------------------------------------------------------------------------------
-- The table of types
-- ---------------------------------------------------------------------------------------------------------

-- text, read: an element to its text and back (absent: stored raw). from, to: an element to the number a user
-- sees and back (absent: LuaJIT converts). hidden(data, i): is element i a NaN that may not be loaded?
local rows = {
  {name = 'Byte', ctype = 'uint8_t'},
  {name = 'Char', ctype = 'int8_t'},
  {name = 'Short', ctype = 'int16_t', text = int_text, read = read_integer},
  {name = 'Int', ctype = 'int32_t', text = int_text, read = read_integer},
  {name = 'Long', ctype = 'int64_t', text = long_text, read = read_integer, from = exact},
  {name = 'Float', ctype = 'float', text = real_text '%.9g', read = read_real, hidden = hidden_float},
  {name = 'Double', ctype = 'double', text = real_text '%.17g', read = read_real,
    hidden = hidden_double},
  {name = 'Half', ctype = 'uint16_t', text = real_text '%.9g', read = read_real, from = half_to_number,
    to = number_to_half},
  {name = 'BFloat16', ctype = 'uint16_t', text = real_text '%.9g', read = read_real, from = brain_to_number,
    to = number_to_brain},
}

--- Types by name: `{name, size, box, pointer, storage, text, read, from, to}`; box holds one element, pointer is the
-- FFI type of a pointer to elements.
M.types = {}
for _, row in ipairs(rows) do
  row.size = ffi.sizeof(row.ctype)
  row.box = ffi.new(row.ctype .. '[1]')
  row.pointer = ffi.typeof(row.ctype .. ' *')
  row.storage = 'torch.' .. row.name .. 'Storage'
  M.types[row.name] = row
end

local BATCH, NAN = 512, 0 / 0

--- Write n elements as text, separated by `separator`; returns how many were written.
function M.write(stream, kind, data, n, separator)
  local text, from, hidden = kind.text, kind.to and kind.from, kind.hidden
  local parts = {}
  for first = 0, n - 1, BATCH do
    local count = math.min(BATCH, n - first)
    for i = 1, count do
      local v = hidden and hidden(data, first + i - 1) and NAN or data[first + i - 1]
      v = from and from(v) or v
      if v ~= v then
        parts[i] = sign_byte(kind, data, first + i - 1)[0] >= 128 and '-nan' or 'nan'
      else
        parts[i] = text(v)
      end
    end
    local line = table.concat(parts, separator, 1, count)
    if first + count < n then
      line = line .. separator
    end
    if stream:write(line, #line) < #line then
      return first
    end
  end
  return n
end

--- Read n elements from text; returns how many were there.
function M.read(stream, kind, data, n)
  local read, to = kind.read, kind.to
  for i = 0, n - 1 do
    local v, negative = read(stream)
    if v == nil then
      return i
    end
    data[i] = to and to(v) or v
    if v ~= v then
      local p = sign_byte(kind, data, i)
      p[0] = bit.bor(bit.band(p[0], 127), negative and 128 or 0)
    end
  end
  return n
end

return M
