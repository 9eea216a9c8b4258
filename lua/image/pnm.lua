--- PPM, PGM and PBM: P1 to P6, plain and binary, up to 16 bits.
-- @module image.pnm
local ffi = require 'ffi'
local pixels = require 'image.pixels'

local M = {}

local function damaged(where, text) error(('%s: damaged PPM or PGM: %s'):format(where, text), 0) end

-- The text as a string: headers are short, and plain files are read by patterns.
local function header(text, where)
  local kind = tonumber(text:match '^P([1-6])')
  if not kind then error(('%s: not a PPM or PGM file'):format(where), 0) end
  local numbers, at = {}, 3
  for i = 1, (kind == 1 or kind == 4) and 2 or 3 do
    while true do -- blanks and comments
      at = text:find('%S', at) or #text + 1
      if text:sub(at, at) ~= '#' then break end
      at = text:find('\n', at, true) or #text + 1
    end
    local digits = text:match('^%d+', at)
    if not digits or #digits > 10 then damaged(where, 'its header') end
    numbers[i] = tonumber(digits)
    at = at + #digits
  end
  local h = { kind = kind, width = numbers[1], height = numbers[2], max = numbers[3] or 1, at = at + 1,
    channels = (kind == 3 or kind == 6) and 3 or 1 }
  pixels.check_size(where, h.width, h.height, 2 * h.channels)
  if h.max < 1 or h.max > 65535 then damaged(where, ('a maximum of %d'):format(h.max)) end
  return h
end

local function read_plain(out, text, h, n, where)
  local i = 0
  for digits in text:sub(h.at - 1):gsub('#[^\n]*', ''):gmatch(h.kind == 1 and '[01]' or '%d+') do
    if i == n then break end
    out[i] = tonumber(digits)
    i = i + 1
  end
  if i < n then damaged(where, ('%d of %d samples are there'):format(i, n)) end
end

local function read_binary(out, text, h, n, where)
  local row = h.kind == 4 and math.ceil(h.width / 8) or nil
  local needed = row and row * h.height or n * (h.max > 255 and 2 or 1)
  if #text - h.at + 1 < needed then damaged(where, 'truncated') end
  local p = ffi.cast('const uint8_t *', text) + h.at - 1
  if row then
    for i = 0, n - 1 do
      local x = i % h.width
      out[i] = math.floor(p[math.floor(i / h.width) * row + math.floor(x / 8)] / 2 ^ (7 - x % 8)) % 2
    end
  elseif h.max > 255 then
    for i = 0, n - 1 do out[i] = p[2 * i] * 256 + p[2 * i + 1] end
  else
    for i = 0, n - 1 do out[i] = p[i] end
  end
  return text -- alive until here
end

--- Decode a file in memory.
function M.decode(p, size, where)
  local text = ffi.string(p, size)
  local h = header(text, where)
  local n = h.width * h.height * h.channels
  if h.kind <= 3 and #text < n then damaged(where, 'truncated') end
  local out = ffi.new('uint16_t[?]', n)
  if h.kind <= 3 then read_plain(out, text, h, n, where) else read_binary(out, text, h, n, where) end
  if h.max == 1 and h.channels == 1 and (h.kind == 1 or h.kind == 4) then
    for i = 0, n - 1 do out[i] = 1 - out[i] end -- 1 is black
  end
  return { data = out, channels = h.channels, height = h.height, width = h.width, max = h.max }
end

--- Channels, height and width, from the header.
function M.size(p, size, where)
  local h = header(ffi.string(p, math.min(size, 4096)), where)
  return h.channels, h.height, h.width
end

--- Encode interleaved bytes of one (PGM) or three channels (PPM).
function M.encode(p, channels, height, width)
  return ('P%d\n%d %d\n255\n'):format(channels == 1 and 5 or 6, width, height)
    .. ffi.string(p, channels * height * width)
end

return M
