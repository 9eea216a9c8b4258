--- IDX files, the format of MNIST: a magic number with type and rank, big-endian sizes, then the elements.
--
-- Files may be gzipped: zlib's gz functions, opened on first use, read both. The header is checked before anything is
-- allocated; errors name the file, the offset and the remedy.
local ffi = require 'ffi'
require 'torch'

ffi.cdef [[
typedef struct rk_gz_file rk_gz_file;
rk_gz_file *gzopen(const char *path, const char *mode);
int gzread(rk_gz_file *file, void *to, unsigned bytes);
int gzclose(rk_gz_file *file);
const char *gzerror(rk_gz_file *file, int *code);
]]

local zlib
local function open_zlib()
  return require 'torch.library' ('libz.so.1', 'z', 'libz.dylib')
    or error('vision: zlib is not installed (Debian: apt-get install zlib1g); it reads IDX files, gzipped or not', 0)
end

-- IDX type codes: tensor class and bytes of an element.
local kinds = {
  [0x08] = { 'Byte', 1 }, [0x09] = { 'Char', 1 }, [0x0B] = { 'Short', 2 },
  [0x0C] = { 'Int', 4 }, [0x0D] = { 'Float', 4 }, [0x0E] = { 'Double', 8 },
}

local function refuse(path, offset, text, ...)
  error(('%s: offset %d: '):format(path, offset) .. text:format(...), 0)
end

-- Read n bytes or raise; returns nothing.
local function read(file, path, to, n, offset)
  local at = 0
  to = ffi.cast('uint8_t *', to)
  while at < n do
    local got = zlib.gzread(file, to + at, math.min(n - at, 2 ^ 30))
    if got < 0 then
      local code = ffi.new 'int[1]'
      refuse(path, offset + at, 'damaged: %s; fetch the file again', ffi.string(zlib.gzerror(file, code)))
    elseif got == 0 then
      refuse(path, offset + at, 'truncated: the file ends after %d of %d bytes; fetch it again', offset + at,
        offset + n)
    end
    at = at + got
  end
end

local function big_endian(p) return ((p[0] * 256 + p[1]) * 256 + p[2]) * 256 + p[3] end

-- The header: class name, bytes an element, list of sizes, number of elements, offset of the data.
local function header(file, path)
  local bytes = ffi.new 'uint8_t[4]'
  read(file, path, bytes, 4, 0)
  local kind, rank = kinds[bytes[2]], bytes[3]
  if bytes[0] ~= 0 or bytes[1] ~= 0 or not kind or rank < 1 or rank > 12 then
    refuse(path, 0, 'not an IDX file: it starts with %02x %02x %02x %02x, expected 00 00, a type (08 for bytes) and '
      .. '1..12 dimensions',
      bytes[0], bytes[1], bytes[2], bytes[3])
  end
  local sizes, count = {}, 1
  for i = 1, rank do
    read(file, path, bytes, 4, 4 * i)
    sizes[i] = big_endian(bytes)
    count = count * sizes[i]
    if sizes[i] == 0 or count * kind[2] > 2 ^ 40 then
      refuse(path, 4 * i, 'size %d of dimension %d cannot be: the header is damaged', sizes[i], i)
    end
  end
  return kind[1], kind[2], sizes, count, 4 + 4 * rank
end

-- Elements of more than a byte are big-endian in the file.
local function swap(p, count, width)
  for i = 0, count - 1 do
    local at = p + i * width
    for k = 0, width / 2 - 1 do at[k], at[width - 1 - k] = at[width - 1 - k], at[k] end
  end
end

local function body(file, path)
  local class, width, sizes, count, offset = header(file, path)
  local t = torch[class .. 'Tensor'](torch.LongStorage(sizes))
  local p = ffi.cast('uint8_t *', t:data())
  read(file, path, p, count * width, offset)
  if zlib.gzread(file, ffi.new 'uint8_t[1]', 1) ~= 0 then
    refuse(path, offset + count * width, 'the file goes on after its %d elements; it is not what its header says',
      count)
  end
  if width > 1 and ffi.abi 'le' then swap(p, count, width) end
  return t
end

--- Read an IDX file, gzipped or not.
-- @param path the file
-- @return a tensor of the file's type and sizes
return function(path)
  zlib = zlib or open_zlib()
  local probe, message = io.open(path, 'rb')
  if not probe then error(message, 0) end
  probe:close()
  local file = zlib.gzopen(path, 'rb')
  if file == nil then error(path .. ': cannot be opened', 0) end
  local ok, result = pcall(body, file, path)
  zlib.gzclose(file)
  if not ok then error(result, 0) end
  return result
end
