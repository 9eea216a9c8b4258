--- Between pixels in files and tensors: what the formats share.
--
-- A decoder gives `{data, channels, height, width, max}`: interleaved samples (a pointer to bytes or 16-bit words, the
-- owner in `keep`) of 0..max. An encoder receives interleaved bytes.
-- @module image.pixels
local ffi = require 'ffi'
local common = require 'image.common'
local colour = require 'image.colour'
local torch = require 'torch'

local expected = common.expected
local floor, min = math.floor, math.min

local M = {}

--- Largest picture that is read: what a damaged header claims is not allocated.
M.MOST = 2 ^ 31 - 1

local classes = { float = 'torch.FloatTensor', double = 'torch.DoubleTensor', byte = 'torch.ByteTensor' }

--- Class of the tensors for a type argument: 'float', 'double', 'byte'; without one, the default type.
function M.class(name, kind)
  if kind == nil then
    local default = torch.getdefaulttensortype()
    return default == 'torch.DoubleTensor' and default or 'torch.FloatTensor'
  end
  return classes[kind] or expected(name, 'type', "'float', 'double' or 'byte'", kind)
end

local function planar(q, p, n, channels, scale)
  for c = 0, channels - 1 do
    local out = c * n
    for i = 0, n - 1 do q[out + i] = p[i * channels + c] * scale end
  end
end

local function planar_bytes(q, p, n, channels, scale)
  for c = 0, channels - 1 do
    local out = c * n
    for i = 0, n - 1 do q[out + i] = floor(p[i * channels + c] * scale + 0.5) end
  end
end

-- 1: a plane of brightness, H x W; 3: colour. Alpha is left out.
local function to_depth(img, depth)
  local c = img:size(1)
  if depth == 1 then return c < 3 and img[1] or colour.rgb2y(img:narrow(1, 1, 3))[1] end
  if depth == 3 then
    if c < 3 then return img:narrow(1, 1, 1):expand(3, img:size(2), img:size(3)):contiguous() end
    return c == 3 and img or img:narrow(1, 1, 3):clone()
  end
  return img
end

--- A tensor of decoded pixels.
-- @param name of the function, for errors
-- @param pixels what a decoder gave
-- @param depth nil, 1 or 3
-- @param kind 'float', 'double', 'byte' or nil
function M.tensor(name, pixels, depth, kind)
  local class = M.class(name, kind)
  local img = torch.getmetatable(class).new(pixels.channels, pixels.height, pixels.width)
  local n = pixels.height * pixels.width
  if class == 'torch.ByteTensor' then
    planar_bytes(img:data(), pixels.data, n, pixels.channels, 255 / pixels.max)
  else
    planar(img:data(), pixels.data, n, pixels.channels, 1 / pixels.max)
  end
  return to_depth(img, depth)
end

--- Check a depth argument.
function M.depth(name, depth)
  if depth ~= nil and depth ~= 1 and depth ~= 3 then expected(name, 'depth', '1 or 3 (or none)', depth) end
end

local function interleave_bytes(q, p, n, channels)
  for c = 0, channels - 1 do
    for i = 0, n - 1 do q[i * channels + c] = p[c * n + i] end
  end
end

local function interleave(q, p, n, channels)
  for c = 0, channels - 1 do
    for i = 0, n - 1 do
      local v = p[c * n + i]
      v = v > 0 and v or 0 -- also for NaN
      q[i * channels + c] = min(v, 1) * 255 -- fractions are cut off, as Torch7 did
    end
  end
end

--- Interleaved bytes of an image: bytes as they are, other types 0..1 (clamped) times 255, cut to integers.
-- @return pointer, channels, height, width, and what keeps the memory
function M.bytes(name, img)
  common.image(name, 'image', img, '23')
  local c, h, w = common.sizes(img)
  if c > 4 then expected(name, 'image', '1 to 4 channels', img) end
  local bytes = torch.ByteTensor(h * w * c)
  if torch.type(img) == 'torch.ByteTensor' then
    local work = img:contiguous()
    interleave_bytes(bytes:data(), work:data(), h * w, c)
  else
    local work = common.plain(img)
    interleave(bytes:data(), work:data(), h * w, c)
  end
  return bytes:data(), c, h, w, bytes
end

--- Grey or colour of another number of channels, for formats that know only these.
function M.with_channels(name, img, wanted)
  common.image(name, 'image', img, '23')
  local c = common.sizes(img)
  if img:dim() == 2 then img = img:contiguous():view(1, img:size(1), img:size(2)) end
  if c == wanted then return img end
  if c > 4 then expected(name, 'image', '1 to 4 channels', img) end
  local out = to_depth(img, wanted)
  return wanted == 1 and out:contiguous():view(1, img:size(2), img:size(3)) or out
end

--- A ByteTensor that holds n bytes from a pointer.
function M.byte_tensor(p, n)
  local t = torch.ByteTensor(n)
  ffi.copy(t:data(), p, n)
  return t
end

--- Refuse sizes that cannot be.
function M.check_size(where, width, height, channels)
  if width < 1 or height < 1 or width * height * channels > M.MOST then
    error(('%s: damaged: it claims %.0f x %.0f pixels of %d channels'):format(where, width, height, channels), 0)
  end
end

return M
