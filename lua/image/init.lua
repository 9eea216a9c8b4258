--- image: pictures in tensors. Load and save them, scale, turn, warp, filter, convert colours, draw.
--
-- An image is C x H x W (or H x W), values 0..1, ByteTensors 0..255. Most functions are called as `image.f([dst,] src,
-- ...)`, do not change src, and return the result, of the type of src. The parts are files of this folder.
-- @module image
require 'torch'
local tensor = require 'torch.tensor'

local image = {}

for _, part in ipairs { 'resample', 'geometry', 'warp', 'colour', 'filter', 'display', 'draw', 'file', 'samples' } do
  for name, value in pairs(require('image.' .. part)) do image[name] = value end
end
image.resize = nil

-- What Torch7 had as functions of each tensor class: src first, then dst.
local function swapped(name, mode)
  return function(src, dst, ...)
    if mode then return image[name](dst, src, mode, ...) end
    return image[name](dst, src, ...)
  end
end
local natives = {
  scaleSimple = swapped('scale', 'simple'), scaleBilinear = swapped('scale', 'bilinear'),
  scaleBicubic = swapped('scale', 'bicubic'), translate = swapped 'translate', cropNoScale = swapped 'crop',
  rotate = function(src, dst, theta) return image.rotate(dst, src, theta, 'simple') end,
  rotateBilinear = function(src, dst, theta) return image.rotate(dst, src, theta, 'bilinear') end,
  polar = function(src, dst, full) return image.polar(dst, src, 'simple', full == 1 and 'full' or 'valid') end,
  polarBilinear = function(src, dst, full)
    return image.polar(dst, src, 'bilinear', full == 1 and 'full' or 'valid')
  end,
  logPolar = function(src, dst, full) return image.logpolar(dst, src, 'simple', full == 1 and 'full' or 'valid') end,
  logPolarBilinear = function(src, dst, full)
    return image.logpolar(dst, src, 'bilinear', full == 1 and 'full' or 'valid')
  end,
  hflip = image.hflip, vflip = image.vflip, flip = image.flip, saturate = image.saturate, colorize = image.colorize,
}
for _, name in ipairs { 'rgb2y', 'rgb2hsl', 'hsl2rgb', 'rgb2hsv', 'hsv2rgb', 'rgb2lab', 'lab2rgb' } do
  natives[name] = swapped(name)
end
for _, methods in pairs(tensor.classes) do rawset(methods, 'image', natives) end

rawset(_G, 'image', image)
return image
