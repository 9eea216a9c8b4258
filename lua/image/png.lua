--- PNG, read and written here with zlib doing the compression.
--
-- Samples are given as they stand in the file: all 16 bits where there are 16, no gamma applied, as Torch7 did.
-- Palettes become colours, transparency an alpha channel, 1, 2 and 4 bits 8 bits; interlaced files are read.
-- @module image.png
local ffi = require 'ffi'
local bit = require 'bit'
local open = require 'torch.library'
local pixels = require 'image.pixels'

local band, rshift, lshift = bit.band, bit.rshift, bit.lshift
local abs, floor, ceil, max = math.abs, math.floor, math.ceil, math.max

ffi.cdef [[
int uncompress(uint8_t *to, unsigned long *to_size, const uint8_t *from, unsigned long size);
int compress2(uint8_t *to, unsigned long *to_size, const uint8_t *from, unsigned long size, int level);
unsigned long compressBound(unsigned long size);
unsigned long crc32(unsigned long crc, const uint8_t *from, unsigned size);
]]

local M = {}

local library
local function zlib()
  library = library or open('libz.so.1', 'z', 'libz.dylib')
  return library or error('image: PNG files need zlib, which is not installed (Debian: apt-get install zlib1g)', 0)
end

local SIGNATURE = '\137PNG\r\n\26\n'
local channels_of = { [0] = 1, [2] = 3, [3] = 1, [4] = 2, [6] = 4 } -- by colour type; 3 is a palette
local depths_of = { [0] = ' 1 2 4 8 16 ', [2] = ' 8 16 ', [3] = ' 1 2 4 8 ', [4] = ' 8 16 ', [6] = ' 8 16 ' }

-- Torch7's image named the stage: its tests and programs look for that.
local function damage(stage)
  local form = '%s: damaged PNG: %s (Error during ' .. stage .. ')'
  return function(where, text, ...) error(form:format(where, text:format(...)), 0) end
end

local damaged, broken = damage 'init_io', damage 'read_image' -- the header and its like, the data

local function word(p, at) return ((p[at] * 256 + p[at + 1]) * 256 + p[at + 2]) * 256 + p[at + 3] end

-- Call f(type, offset of the data, length) for each chunk until it returns true.
local function each_chunk(p, size, where, f)
  if size < 8 or ffi.string(p, 8) ~= SIGNATURE then error(('%s: not a PNG file'):format(where), 0) end
  local at = 8
  while at + 12 <= size do
    local length, kind = word(p, at), ffi.string(p + at + 4, 4)
    local refuse = kind == 'IDAT' and broken or damaged
    if at + 12 + length > size then refuse(where, 'truncated in the chunk %q', kind) end
    if kind:byte() < 97 and tonumber(zlib().crc32(0, p + at + 4, length + 4)) ~= word(p, at + 8 + length) then
      refuse(where, 'wrong checksum of the chunk %q', kind)
    end
    if f(kind, at + 8, length) or kind == 'IEND' then return end
    at = at + 12 + length
  end
end

local function read_header(p, at, length, where)
  if length ~= 13 then damaged(where, 'a header of %d bytes', length) end
  local h = { width = word(p, at), height = word(p, at + 4), depth = p[at + 8], colour = p[at + 9],
    interlaced = p[at + 12] == 1 }
  h.channels = channels_of[h.colour]
  if not h.channels or not depths_of[h.colour]:find((' %d '):format(h.depth), 1, true) or p[at + 10] ~= 0
    or p[at + 11] ~= 0 or p[at + 12] > 1 then
    damaged(where, 'a header with colour type %d and %d bits', h.colour, h.depth)
  end
  pixels.check_size(where, h.width, h.height, h.channels * (h.depth == 16 and 2 or 1))
  return h
end

-- The header, with the palette, the transparency and the pieces of compressed data as {offset, length}.
local function parse(p, size, where, header_only)
  local h
  each_chunk(p, size, where, function(kind, at, length)
    if not h and kind ~= 'IHDR' then damaged(where, 'it begins with %q', kind) end
    if kind == 'IHDR' then
      h = read_header(p, at, length, where)
      h.pieces = {}
    elseif kind == 'PLTE' then
      h.palette, h.colours = p + at, floor(length / 3)
    elseif kind == 'tRNS' then
      h.clear, h.clear_size = p + at, length
      if header_only then return true end
    elseif kind == 'IDAT' then
      h.pieces[#h.pieces + 1] = { at, length }
      if header_only then return true end
    end
  end)
  if not h then damaged(where, 'no header') end
  if h.colour == 3 and not h.palette then damaged(where, 'no palette') end
  if h.clear and h.colour ~= 3 and h.clear_size < 2 * h.channels then damaged(where, 'a short chunk "tRNS"') end
  return h
end

-- -- reading ------------------------------------------------------------------------

-- First pixel and steps of the seven passes of an interlaced file.
local passes = { { 0, 0, 8, 8 }, { 4, 0, 8, 8 }, { 0, 4, 4, 8 }, { 2, 0, 4, 4 }, { 0, 2, 2, 4 }, { 1, 0, 2, 2 },
  { 0, 1, 1, 2 } }

-- The pictures in the data: {x, y, step x, step y, columns, rows, bytes a row}, and the bytes of all.
local function layout(h)
  local list, total = {}, 0
  for _, pass in ipairs(h.interlaced and passes or { { 0, 0, 1, 1 } }) do
    local columns, rows = ceil((h.width - pass[1]) / pass[3]), ceil((h.height - pass[2]) / pass[4])
    if columns > 0 and rows > 0 then
      local stride = ceil(columns * h.channels * h.depth / 8)
      list[#list + 1] = { pass[1], pass[2], pass[3], pass[4], columns, rows, stride }
      total = total + rows * (stride + 1)
    end
  end
  return list, total
end

local function inflate(p, h, total, where)
  local size = 0
  for _, piece in ipairs(h.pieces) do size = size + piece[2] end
  -- deflate packs at most 1032 to 1: what a damaged header claims is not allocated
  if total > 1032 * size + 1024 then broken(where, 'too little data for %d x %d pixels', h.width, h.height) end
  local joined, at = ffi.new('uint8_t[?]', max(size, 1)), 0
  for _, piece in ipairs(h.pieces) do
    ffi.copy(joined + at, p + piece[1], piece[2])
    at = at + piece[2]
  end
  local raw, got = ffi.new('uint8_t[?]', total), ffi.new('unsigned long[1]', total)
  local status = zlib().uncompress(raw, got, joined, size)
  if status ~= 0 or tonumber(got[0]) ~= total then
    broken(where, 'the compressed data is %s', status == -3 and 'not valid' or 'not of the right length')
  end
  return raw
end

local function paeth(a, b, c)
  local pa, pb, pc = abs(b - c), abs(a - c), abs(a + b - 2 * c)
  if pa <= pb and pa <= pc then return a end
  return pb <= pc and b or c
end

-- Undo the filter of a row; `up` is the row above, `unit` the bytes of a pixel.
local undo = {
  [0] = function() end,
  function(row, _, n, unit)
    for i = unit, n - 1 do row[i] = band(row[i] + row[i - unit], 255) end
  end,
  function(row, up, n)
    for i = 0, n - 1 do row[i] = band(row[i] + up[i], 255) end
  end,
  function(row, up, n, unit)
    for i = 0, n - 1 do row[i] = band(row[i] + rshift((i < unit and 0 or row[i - unit]) + up[i], 1), 255) end
  end,
  function(row, up, n, unit)
    for i = 0, unit - 1 do row[i] = band(row[i] + up[i], 255) end
    for i = unit, n - 1 do row[i] = band(row[i] + paeth(row[i - unit], up[i], up[i - unit]), 255) end
  end,
}

local function unfilter(raw, rows, stride, unit, where)
  local up = ffi.new('uint8_t[?]', stride)
  local above = ffi.cast('uint8_t *', up)
  for y = 0, rows - 1 do
    local row = raw + y * (stride + 1)
    local f = undo[row[0]]
    if not f then broken(where, 'row %d has the filter %d', y + 1, row[0]) end
    f(row + 1, above, stride, unit)
    above = row + 1
  end
  return up -- alive until here
end

-- Samples of one picture of the data to their places in `out`, words 0..2^depth - 1.
local function scatter(out, raw, part, h)
  local x0, y0, dx, dy, columns, rows, stride = unpack(part)
  local channels, depth, width = h.channels, h.depth, h.width
  local mask = lshift(1, depth) - 1
  for y = 0, rows - 1 do
    local row, to = raw + y * (stride + 1) + 1, (y0 + y * dy) * width + x0
    for x = 0, columns - 1 do
      local q, first = (to + x * dx) * channels, x * channels
      for c = 0, channels - 1 do
        local k = first + c
        if depth == 8 then
          out[q + c] = row[k]
        elseif depth == 16 then
          out[q + c] = row[2 * k] * 256 + row[2 * k + 1]
        else
          local at = k * depth
          out[q + c] = band(rshift(row[rshift(at, 3)], 8 - depth - band(at, 7)), mask)
        end
      end
    end
  end
end

local function from_palette(out, h, n)
  local channels = h.clear and 4 or 3
  local to = ffi.new('uint8_t[?]', n * channels)
  for i = 0, n - 1 do
    local k = out[i]
    if k < h.colours then
      for c = 0, 2 do to[i * channels + c] = h.palette[3 * k + c] end
    end
    if channels == 4 then to[i * 4 + 3] = k < h.clear_size and h.clear[k] or 255 end
  end
  return { data = to, channels = channels, height = h.height, width = h.width, max = 255 }
end

-- An alpha channel from the one colour that is transparent.
local function with_alpha(out, h, n)
  local c, to = h.channels, ffi.new('uint16_t[?]', n * (h.channels + 1))
  local most = lshift(1, h.depth) - 1
  for i = 0, n - 1 do
    local same = true
    for k = 0, c - 1 do
      to[i * (c + 1) + k] = out[i * c + k]
      same = same and out[i * c + k] == h.clear[2 * k] * 256 + h.clear[2 * k + 1]
    end
    to[i * (c + 1) + c] = same and 0 or most
  end
  return to
end

--- Decode a file in memory.
-- @param p pointer to its bytes
-- @param size their number
-- @param where name for errors
function M.decode(p, size, where)
  local h = parse(p, size, where)
  local parts, total = layout(h)
  local raw = inflate(p, h, total, where)
  local n = h.width * h.height
  local out = ffi.new(h.depth == 16 and 'uint16_t[?]' or 'uint8_t[?]', n * h.channels)
  local at = ffi.cast('uint8_t *', raw)
  for _, part in ipairs(parts) do
    unfilter(at, part[6], part[7], max(1, h.channels * h.depth / 8), where)
    scatter(out, at, part, h)
    at = at + part[6] * (part[7] + 1)
  end
  if h.colour == 3 then return from_palette(out, h, n) end
  local channels = h.channels
  if h.clear then out, channels = with_alpha(out, h, n), channels + 1 end
  local most = lshift(1, h.depth) - 1
  return { data = out, channels = channels, height = h.height, width = h.width, max = most, raw = raw }
end

--- Channels, height and width, from the header.
function M.size(p, size, where)
  local h = parse(p, size, where, true)
  local channels = h.colour == 3 and 3 or h.channels
  return channels + (h.clear and 1 or 0), h.height, h.width
end

-- -- writing ------------------------------------------------------------------------

local function big_endian(n)
  return string.char(band(rshift(n, 24), 255), band(rshift(n, 16), 255), band(rshift(n, 8), 255), band(n, 255))
end

local function chunk(kind, data)
  local body = kind .. data
  local crc = zlib().crc32(0, ffi.cast('const uint8_t *', body), #body)
  return big_endian(#data) .. body .. big_endian(tonumber(ffi.cast('int32_t', crc)))
end

local function cost(v) return v < 128 and v or 256 - v end

-- A row filtered, its number first; returns the sum of the distances from 0, which says how well it will pack.
local filters = {
  [1] = function(to, row, _, n, unit)
    local sum = 0
    for i = 0, n - 1 do
      local v = band(row[i] - (i < unit and 0 or row[i - unit]), 255)
      to[i + 1], sum = v, sum + cost(v)
    end
    return sum
  end,
  [2] = function(to, row, up, n)
    local sum = 0
    for i = 0, n - 1 do
      local v = band(row[i] - up[i], 255)
      to[i + 1], sum = v, sum + cost(v)
    end
    return sum
  end,
  [4] = function(to, row, up, n, unit)
    local sum = 0
    for i = 0, unit - 1 do
      local v = band(row[i] - up[i], 255)
      to[i + 1], sum = v, sum + cost(v)
    end
    for i = unit, n - 1 do
      local v = band(row[i] - paeth(row[i - unit], up[i], up[i - unit]), 255)
      to[i + 1], sum = v, sum + cost(v)
    end
    return sum
  end,
}
local tried = { 1, 2, 4 }

local function filter_rows(to, from, rows, stride, unit)
  local blank, trial = ffi.new('uint8_t[?]', stride), ffi.new('uint8_t[?]', stride + 1)
  local up = ffi.cast('const uint8_t *', blank)
  for y = 0, rows - 1 do
    local row, out = from + y * stride, to + y * (stride + 1)
    local best = math.huge
    for _, kind in ipairs(tried) do
      local sum = filters[kind](trial, row, up, stride, unit)
      if sum < best then
        best = sum
        ffi.copy(out, trial, stride + 1)
        out[0] = kind
      end
    end
    up = row
  end
  return blank
end

local colour_types = { 0, 4, 2, 6 }

--- Encode interleaved bytes.
-- @return the file as a string
function M.encode(p, channels, height, width)
  local stride = width * channels
  local size = height * (stride + 1)
  local raw = ffi.new('uint8_t[?]', size)
  filter_rows(raw, ffi.cast('const uint8_t *', p), height, stride, channels)
  local z = zlib()
  local room = z.compressBound(size)
  local packed, length = ffi.new('uint8_t[?]', room), ffi.new('unsigned long[1]', room)
  if z.compress2(packed, length, raw, size, 6) ~= 0 then error('image: zlib could not compress the picture', 0) end
  return table.concat { SIGNATURE,
    chunk('IHDR', big_endian(width) .. big_endian(height) .. string.char(8, colour_types[channels], 0, 0, 0)),
    chunk('IDAT', ffi.string(packed, length[0])), chunk('IEND', '') }
end

return M
