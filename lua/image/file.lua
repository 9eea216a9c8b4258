--- Images in files and in memory: load, save, getSize, compress and decompress, for JPG, PNG, PPM and PGM.
-- @module image.file
local ffi = require 'ffi'
local common = require 'image.common'
local pixels = require 'image.pixels'
local torch = require 'torch'

local fail, expected = common.fail, common.expected

local M = {}

-- What a format knows: its module, the channels it can write.
local formats = {
  JPG = { module = 'image.jpeg', wanted = function(c) return c < 3 and 1 or 3 end },
  PNG = { module = 'image.png', wanted = function(c) return c end },
  PPM = { module = 'image.pnm', wanted = function() return 3 end },
  PGM = { module = 'image.pnm', wanted = function() return 1 end },
}
local of_extension = { jpg = 'JPG', jpeg = 'JPG', png = 'PNG', ppm = 'PPM', pgm = 'PGM', pnm = 'PPM', pbm = 'PGM' }

local function codec(format) return require(formats[format].module) end

-- Errors of codecs carry no place; give them the caller's.
local function run(name, f, ...)
  local ok, a, b, c = pcall(f, ...)
  if not ok then fail(name, '%s', (tostring(a):gsub('^image: ', ''))) end
  return a, b, c
end

local function contents(name, path)
  if type(path) ~= 'string' then expected(name, 'argument 1', 'a file name', path) end
  local file, why = io.open(path, 'rb')
  local text = file and file:read '*a'
  if file then file:close() end
  if not text then fail(name, 'cannot read %s', why or path .. ': is it a folder?') end
  return text
end

local function format_of_bytes(head)
  if head:sub(1, 4) == '\137PNG' then return 'PNG' end
  if head:sub(1, 3) == '\255\216\255' then return 'JPG' end
  local kind = head:match '^P([1-6])[%s#]'
  return kind and ((kind == '3' or kind == '6') and 'PPM' or 'PGM')
end

local function extension(path) return (path:match '%.([^./]+)$' or ''):lower() end

local function format_of(name, path, text)
  local format = format_of_bytes(text:sub(1, 8)) or of_extension[extension(path)]
  if not format then
    fail(name, '%s: unknown kind of image; JPG, PNG, PPM and PGM files can be read', path)
  end
  return format
end

local function decode(name, format, p, size, where, depth, kind)
  pixels.depth(name, depth)
  pixels.class(name, kind)
  local img = pixels.tensor(name, run(name, codec(format).decode, p, size, where), depth, kind)
  -- as Torch7: a plane of brightness has two dimensions, unless it comes from these files
  if img:dim() == 2 and formats[format].module == 'image.pnm' then img = img:view(1, img:size(1), img:size(2)) end
  return img
end

local function read(name, path, format, depth, kind)
  local text = contents(name, path)
  format = format or format_of(name, path, text)
  local img = decode(name, format, ffi.cast('const uint8_t *', text), #text, path, depth, kind)
  return img, text -- the text is alive until here
end

local function size_of(name, path, format)
  local text = contents(name, path)
  format = format or format_of(name, path, text)
  local c, h, w = run(name, codec(format).size, ffi.cast('const uint8_t *', text), #text, path)
  return c, h, w, text
end

local function encode(name, format, img, quality)
  common.image(name, 'image', img, '23')
  local c = common.sizes(img)
  if c > 4 then expected(name, 'image', '1 to 4 channels', img) end
  if format == 'JPG' then
    quality = common.whole(name, 'quality', quality or 75, 0)
    if quality > 100 then expected(name, 'quality', 'a number from 0 to 100', quality) end
    quality = math.max(quality, 1)
  end
  img = pixels.with_channels(name, img, formats[format].wanted(c))
  local p, channels, h, w, keep = pixels.bytes(name, img)
  return run(name, codec(format).encode, p, channels, h, w, quality), keep
end

local function write(name, path, format, img, quality)
  if type(path) ~= 'string' then expected(name, 'argument 1', 'a file name', path) end
  local text = encode(name, format, img, quality)
  local file, why = io.open(path, 'wb')
  if not file then fail(name, 'cannot write %s%s', why, require 'torch.stream'.lack(path)) end
  local ok, problem = file:write(text)
  local closed, problem2 = file:close()
  if not (ok and closed) then fail(name, 'cannot write %s: %s', path, problem or problem2) end
end

local function bytes_of(name, tensor)
  if type(tensor) == 'string' then return ffi.cast('const uint8_t *', tensor), #tensor, tensor end
  if not torch.isTensor(tensor) or torch.type(tensor) ~= 'torch.ByteTensor' then
    expected(name, 'argument 1', 'a ByteTensor with the bytes of a file', tensor)
  end
  local plain = tensor:contiguous()
  return ffi.cast('const uint8_t *', plain:data()), plain:nElement(), plain
end

local function from_memory(name, format, tensor, depth, kind)
  local p, size, keep = bytes_of(name, tensor)
  if size == 0 then expected(name, 'argument 1', 'the bytes of a file', tensor) end
  format = format or format_of_bytes(ffi.string(p, math.min(size, 8)))
  if not format then fail(name, 'argument 1: not the bytes of a JPG, PNG, PPM or PGM file') end
  return decode(name, format, p, size, 'the bytes in memory', depth, kind), keep
end

-- loadJPG, saveJPG, getJPGsize, decompressJPG, compressJPG and so for each format
for format in pairs(formats) do
  local loads, saves, sizes = 'load' .. format, 'save' .. format, 'get' .. format .. 'size'
  local unpacks, packs = 'decompress' .. format, 'compress' .. format
  M[loads] = function(path, depth, kind) return (read(loads, path, format, depth, kind)) end
  M[saves] = function(path, img, quality) write(saves, path, format, img, quality) end
  M[sizes] = function(path)
    local c, h, w = size_of(sizes, path, format)
    return c, h, w
  end
  M[unpacks] = function(tensor, depth, kind) return (from_memory(unpacks, format, tensor, depth, kind)) end
  M[packs] = function(img, quality)
    local text = encode(packs, format, img, quality)
    return pixels.byte_tensor(text, #text)
  end
end

--- Load an image: C x H x W with values 0..1 (0..255 for 'byte').
-- @param path a JPG, PNG, PPM or PGM file; what it holds counts, not its name
-- @param[opt] depth 1: brightness only, H x W; 3: colour; without it what the file has (alpha included)
-- @param[opt] kind 'float', 'double' or 'byte'; without it the default tensor type
-- @usage image.save('/tmp/a.jpg', image.lena()); local img = image.load('/tmp/a.jpg', 3); os.remove '/tmp/a.jpg'
function M.load(path, depth, kind) return (read('load', path, nil, depth, kind)) end

--- Save an image; the format follows the extension. Values are clamped to 0..1 and written with 8 bits; bytes are
-- written as they are.
-- @param path .jpg, .jpeg, .png, .ppm or .pgm
-- @param img H x W or C x H x W
-- @param[opt] quality for JPG, 1..100, default 75
-- @usage image.save('/tmp/face.png', image.lena()); os.remove '/tmp/face.png'
function M.save(path, img, quality)
  if type(path) ~= 'string' then expected('save', 'argument 1', 'a file name', path) end
  local format = of_extension[extension(path)]
  if not format then fail('save', '%s: unknown extension; .jpg, .jpeg, .png, .ppm and .pgm can be written', path) end
  write('save', path, format, img, quality)
end

--- Channels, height and width of a file, as a LongTensor; the pixels are not read.
-- @usage image.save('/tmp/face.pgm', image.fabio()); print(image.getSize '/tmp/face.pgm'); os.remove '/tmp/face.pgm'
function M.getSize(path)
  local c, h, w = size_of('getSize', path)
  return torch.LongTensor { c, h, w }
end

--- An image from the bytes of a file of any format.
-- @param tensor ByteTensor
-- @param[opt] depth as for image.load
-- @param[opt] kind as for image.load
-- @usage local img = image.decompress(image.compressJPG(image.lena()), 3, 'byte')
function M.decompress(tensor, depth, kind) return (from_memory('decompress', nil, tensor, depth, kind)) end

--- Can files with this extension be read and written?
-- @usage local yes = image.is_supported('jpg')
function M.is_supported(suffix) return type(suffix) == 'string' and of_extension[suffix:lower()] ~= nil end

--- Extension -> {loader, saver, sizer}; called, it gives itself.
M.supported_filetypes = setmetatable({}, { __call = function(t) return t end })
for suffix, format in pairs(of_extension) do
  M.supported_filetypes[suffix] = { loader = M['load' .. format], saver = M['save' .. format],
    sizer = M['get' .. format .. 'size'] }
end

return M
