--- JPEG, through the TurboJPEG library, opened on first use.
-- @module image.jpeg
local ffi = require 'ffi'
local open = require 'torch.library'
local pixels = require 'image.pixels'

ffi.cdef [[
void *tjInitDecompress(void);
void *tjInitCompress(void);
int tjDestroy(void *handle);
int tjDecompressHeader3(void *handle, const uint8_t *from, unsigned long size, int *width, int *height, int *sampling,
  int *space);
int tjDecompress2(void *handle, const uint8_t *from, unsigned long size, uint8_t *to, int width, int pitch, int height,
  int format, int flags);
int tjCompress2(void *handle, const uint8_t *from, int width, int pitch, int height, int format, uint8_t **to,
  unsigned long *size, int sampling, int quality, int flags);
void tjFree(uint8_t *buffer);
char *tjGetErrorStr2(void *handle);
int tjGetErrorCode(void *handle);
]]

local M = {}

local RGB, GREY, CMYK = 0, 6, 11 -- pixel formats
local SPACE_GREY, SPACE_CMYK = 2, 3 -- colour spaces; 4 is YCCK
local HALF, NONE = 2, 3 -- chroma at half the resolution both ways; none
local ACCURATE = 4096
local WARNING = 0

local library
local function turbo()
  library = library or open('libturbojpeg.so.0', 'turbojpeg', 'libturbojpeg.dylib')
  return library
    or error('image: JPEG files need TurboJPEG, which is not installed (Debian: apt-get install libturbojpeg0)', 0)
end

local function reason(lib, handle) return ffi.string(lib.tjGetErrorStr2(handle)) end

-- Run f(library, handle), the handle destroyed afterwards in any case.
local function with_handle(init, f)
  local lib = turbo()
  local handle = lib[init]()
  if handle == nil then error('image: TurboJPEG could not start', 0) end
  local ok, result = pcall(f, lib, handle)
  lib.tjDestroy(handle)
  if not ok then error(result, 0) end
  return result
end

local function header(lib, handle, p, size, where)
  local n = ffi.new 'int[4]'
  if lib.tjDecompressHeader3(handle, p, size, n, n + 1, n + 2, n + 3) ~= 0 then
    error(('%s: not a JPEG file, or a damaged one: %s'):format(where, reason(lib, handle)), 0)
  end
  local channels = n[3] == SPACE_GREY and 1 or 3
  pixels.check_size(where, n[0], n[1], channels)
  return { width = n[0], height = n[1], channels = channels, space = n[3] }
end

-- Inks as files hold them, 255 for none, to colours.
local function from_inks(from, n)
  local to = ffi.new('uint8_t[?]', 3 * n)
  for i = 0, n - 1 do
    local k = from[4 * i + 3] / 255
    for c = 0, 2 do to[3 * i + c] = from[4 * i + c] * k + 0.5 end
  end
  return to
end

--- Decode a file in memory. A file that ends early gives what is there, as browsers do, unless nothing is.
function M.decode(p, size, where)
  return with_handle('tjInitDecompress', function(lib, handle)
    local h = header(lib, handle, p, size, where)
    local inks = h.space >= SPACE_CMYK
    local units = inks and 4 or h.channels
    local out = ffi.new('uint8_t[?]', h.width * h.height * units)
    local format = inks and CMYK or h.channels == 1 and GREY or RGB
    local status = lib.tjDecompress2(handle, p, size, out, h.width, 0, h.height, format, ACCURATE)
    if status ~= 0 and lib.tjGetErrorCode(handle) ~= WARNING then
      error(('%s: damaged JPEG: %s'):format(where, reason(lib, handle)), 0)
    end
    if inks then out = from_inks(out, h.width * h.height) end
    return { data = out, channels = h.channels, height = h.height, width = h.width, max = 255 }
  end)
end

--- Channels, height and width, from the header.
function M.size(p, size, where)
  local h = with_handle('tjInitDecompress', function(lib, handle) return header(lib, handle, p, size, where) end)
  return h.channels, h.height, h.width
end

--- Encode interleaved bytes of one or three channels.
-- @return the file as a string
function M.encode(p, channels, height, width, quality)
  return with_handle('tjInitCompress', function(lib, handle)
    local to, size = ffi.new 'uint8_t *[1]', ffi.new 'unsigned long[1]'
    local status = lib.tjCompress2(handle, p, width, 0, height, channels == 1 and GREY or RGB, to, size,
      channels == 1 and NONE or HALF, quality, ACCURATE)
    local text = status == 0 and ffi.string(to[0], size[0])
    local why = status ~= 0 and reason(lib, handle)
    if to[0] ~= nil then lib.tjFree(to[0]) end
    if why then error('image: JPEG: ' .. why, 0) end
    return text
  end)
end

return M
