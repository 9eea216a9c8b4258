--- Kernels and what they do to an image: gaussian, laplacian, convolve, lcn, erode, dilate, gaussianpyramid.
-- @module image.filter
local common = require 'image.common'
local dok = require 'dok'
local resample = require 'image.resample'
local torch = require 'torch'

local fail, expected = common.fail, common.expected
local floor, exp = math.floor, math.exp

local M = {}

-- -- kernels ------------------------------------------------------------------------

local function specs_2d(sigma)
  return { arg = 'size', type = 'number', help = 'kernel size (size x size)', default = 3 },
    { arg = 'sigma', type = 'number', help = 'sigma, relative to the size', default = sigma },
    { arg = 'amplitude', type = 'number', help = 'value at the middle', default = 1 },
    { arg = 'normalize', type = 'boolean', help = 'make the sum 1', default = false },
    { arg = 'width', type = 'number', help = 'kernel width', defaulta = 'size' },
    { arg = 'height', type = 'number', help = 'kernel height', defaulta = 'size' },
    { arg = 'sigma_horz', type = 'number', help = 'horizontal sigma', defaulta = 'sigma' },
    { arg = 'sigma_vert', type = 'number', help = 'vertical sigma', defaulta = 'sigma' },
    { arg = 'mean_horz', type = 'number', help = 'middle, relative to the width', default = 0.5 },
    { arg = 'mean_vert', type = 'number', help = 'middle, relative to the height', default = 0.5 },
    { arg = 'tensor', type = 'torch.Tensor', help = 'where to put the kernel (its size counts)' }
end

local function kernel_arguments(name, sigma, args)
  local o = dok.unpack(args, 'image.' .. name, 'a kernel', specs_2d(sigma))
  if o.tensor then
    common.image(name, 'tensor', o.tensor, '2')
    o.height, o.width = o.tensor:size(1), o.tensor:size(2)
  end
  for _, key in ipairs { 'width', 'height' } do o[key] = common.whole(name, key, o[key], 1) end
  for _, key in ipairs { 'sigma_horz', 'sigma_vert', 'mean_horz', 'mean_vert', 'amplitude' } do
    common.number(name, key, o[key])
  end
  o.out = o.tensor or torch.Tensor(o.height, o.width)
  return o
end

local function normalized(t, wanted)
  if wanted then t:div(t:sum()) end
  return t
end

--- A Gaussian bell, height x width: amplitude * exp(-((x - mx) / sx)^2 / 2 - ((y - my) / sy)^2 / 2).
--
-- `image.gaussian([size=3], [sigma=0.25], [amplitude=1], [normalize=false], [width], [height], [sigma_horz],
-- [sigma_vert], [mean_horz=0.5], [mean_vert=0.5], [tensor])`, or these names in a table. Sigma and mean are relative to
-- the size.
-- @usage local k = image.gaussian {size = 7, sigma = 0.2, normalize = true}; local same = image.gaussian(7, 0.2)
function M.gaussian(...)
  local o = kernel_arguments('gaussian', 0.25, { ... })
  local cx, cy = o.mean_horz * o.width + 0.5, o.mean_vert * o.height + 0.5
  local sx, sy = o.sigma_horz * o.width, o.sigma_vert * o.height
  for y = 1, o.height do
    for x = 1, o.width do
      o.out[y][x] = o.amplitude * exp(-((x - cx) / sx) ^ 2 / 2 - ((y - cy) / sy) ^ 2 / 2)
    end
  end
  return normalized(o.out, o.normalize)
end

--- The negated Laplacian of a Gaussian, height x width. Arguments as those of image.gaussian, with sigma 0.1.
--
-- As in Torch7, "horizontal" counts down the rows here: it matters only when width and height differ.
-- @usage local k = image.laplacian {size = 7, sigma = 0.2}
function M.laplacian(...)
  local o = kernel_arguments('laplacian', 0.1, { ... })
  local cx, cy = o.mean_horz * o.width + 0.5, o.mean_vert * o.height + 0.5
  local sx, sy = o.sigma_horz * o.width, o.sigma_vert * o.height
  for i = 1, o.height do
    for j = 1, o.width do
      local square = ((i - cx) / sx) ^ 2 / 2 + ((j - cy) / sy) ^ 2 / 2
      o.out[i][j] = (1 - square) * o.amplitude * exp(-square)
    end
  end
  return normalized(o.out, o.normalize)
end

--- A Gaussian bell as a vector: amplitude * exp(-((x - m) / s)^2 / 2).
-- @param ... ([size=3], [sigma=0.25], [amplitude=1], [normalize=false], [mean=0.5], [tensor]) or a table of these names
-- @usage local k = image.gaussian1D(5); local sums_to_one = image.gaussian1D {size = 9, normalize = true}
function M.gaussian1D(...)
  local _, size, sigma, amplitude, normalize, mean, tensor = dok.unpack({ ... }, 'image.gaussian1D', 'a kernel',
    { arg = 'size', type = 'number', help = 'length', default = 3 },
    { arg = 'sigma', type = 'number', help = 'sigma, relative to the size', default = 0.25 },
    { arg = 'amplitude', type = 'number', help = 'value at the middle', default = 1 },
    { arg = 'normalize', type = 'boolean', help = 'make the sum 1', default = false },
    { arg = 'mean', type = 'number', help = 'middle, relative to the size', default = 0.5 },
    { arg = 'tensor', type = 'torch.Tensor', help = 'where to put the kernel (its size counts)' })
  if tensor then
    common.image('gaussian1D', 'tensor', tensor, '1')
    size = tensor:size(1)
  end
  size = common.whole('gaussian1D', 'size', size, 1)
  common.number('gaussian1D', 'sigma', sigma)
  common.number('gaussian1D', 'amplitude', amplitude)
  common.number('gaussian1D', 'mean', mean)
  local out, center = tensor or torch.Tensor(size), mean * size + 0.5
  for i = 1, size do out[i] = amplitude * exp(-((i - center) / (sigma * size)) ^ 2 / 2) end
  return normalized(out, normalize)
end

-- -- convolution --------------------------------------------------------------------

local function convolve_plane(src, kernel, mode)
  if mode == 'valid' then return torch.conv2(src, kernel, 'V') end
  local full = torch.conv2(src, kernel, 'F')
  if mode == 'full' then return full end
  local d = src:dim()
  local function middle(t, dim)
    return t:narrow(dim, math.ceil(kernel:size(kernel:dim() - d + dim) / 2), src:size(dim))
  end
  return middle(middle(full, d - 1), d):contiguous()
end

--- Convolve each channel with a kernel (true convolution: the kernel is flipped).
--
-- `image.convolve([dst,] src, kernel, [mode='valid'])`: src H x W or C x H x W, kernel h x w, or C x h x w, one a
-- channel. 'full' grows by the kernel's size less one, 'valid' shrinks by it, 'same' keeps the size.
-- @usage local blurred = image.convolve(image.lena(), image.gaussian {size = 7, normalize = true}, 'same')
function M.convolve(...)
  local dst, src, kernel, mode = common.split('convolve', 1, ...)
  common.image('convolve', 'source', src, '23')
  common.image('convolve', 'kernel', kernel, '23')
  mode = mode or 'valid'
  if mode ~= 'full' and mode ~= 'valid' and mode ~= 'same' then
    expected('convolve', 'mode', "'full', 'valid' or 'same'", mode)
  end
  if kernel:dim() == 3 and (src:dim() ~= 3 or kernel:size(1) ~= src:size(1)) then
    expected('convolve', 'kernel', 'a kernel [h x w], or one for each channel of ' .. common.describe(src), kernel)
  end
  if mode == 'valid' and (kernel:size(kernel:dim()) > src:size(src:dim())
    or kernel:size(kernel:dim() - 1) > src:size(src:dim() - 1)) then
    fail('convolve', "kernel %s is larger than the image %s; use mode 'full' or 'same'", common.describe(kernel),
      common.describe(src))
  end
  local work = common.plain(src)
  local k = kernel:type(torch.type(work))
  local out
  if src:dim() == 3 and k:dim() == 2 then
    for c = 1, src:size(1) do
      local plane = convolve_plane(work[c], k, mode)
      out = out or work.new(src:size(1), plane:size(1), plane:size(2))
      out[c]:copy(plane)
    end
  else
    out = convolve_plane(work, k, mode)
  end
  return common.deliver(out, dst, src)
end

--- Local contrast normalisation of a grey image: less the local mean, over the local standard deviation where that is
-- above 1, both in windows weighted by the kernel (as it is: give one that sums to 1), after the whole image was
-- brought to mean 0 and deviation 1.
-- @param im H x W or 1 x H x W
-- @param[opt] ker default: a Gaussian of 9 x 9, sigma 1.591 pixels, that sums to 1
-- @return a matrix, H - h + 1 x W - w + 1 for a kernel of h x w
-- @usage local even = image.lcn(image.fabio())
function M.lcn(im, ker)
  common.image('lcn', 'argument 1', im, '23')
  if im:dim() == 3 and im:size(1) ~= 1 then
    expected('lcn', 'argument 1', 'a grey image [1 x H x W] or [H x W]', im)
  end
  ker = ker or M.gaussian { size = 9, sigma = 1.591 / 9, normalize = true }
  common.image('lcn', 'kernel', ker, '2')
  local work = common.plain(im:dim() == 3 and im[1] or im)
  local h, w = ker:size(1), ker:size(2)
  if h > work:size(1) or w > work:size(2) then
    fail('lcn', 'kernel %s is larger than the image %s', common.describe(ker), common.describe(im))
  end
  ker = ker:type(torch.type(work))
  local deviation = work:std()
  work = work:clone():add(-work:mean())
  if deviation > 0 then work:div(deviation) end
  local mean = torch.conv2(work, ker)
  local variance = torch.conv2(torch.cmul(work, work), ker):add(-1, torch.cmul(mean, mean))
  local divisor = variance:clamp(0, math.huge):sqrt():clamp(1, math.huge)
  local inner = work:narrow(1, floor(h / 2) + 1, mean:size(1)):narrow(2, floor(w / 2) + 1, mean:size(2))
  return inner:clone():add(-1, mean):cdiv(divisor)
end

-- -- morphology ---------------------------------------------------------------------

local function morphology(name, padding, holds)
  return function(im, kern, pad)
    common.image(name, 'argument 1', im, '2')
    if kern ~= nil then common.image(name, 'kernel', kern, '2') end
    local work = common.plain(im)
    kern = kern and kern:type(torch.type(work)) or work.new(3, 3):fill(1)
    pad = pad == nil and padding or common.number(name, 'padding', pad)
    local h, w = kern:size(1), kern:size(2)
    local around = work.new(im:size(1) + h - 1, im:size(2) + w - 1):fill(pad)
    around:narrow(1, floor((h - 1) / 2) + 1, im:size(1)):narrow(2, floor((w - 1) / 2) + 1, im:size(2)):copy(work)
    return im.new():resize(im:size()):copy(holds(torch.xcorr2(around, kern), kern:sum()))
  end
end

--- Erosion of a binary image: 1 where all pixels under the kernel are 1. Outside of the image is `pad` (1).
-- @param im H x W of 0 and 1
-- @param[opt] kern of 0 and 1, default 3 x 3 ones
-- @param[opt=1] pad
-- @usage local thin = image.erode(image.fabio()[1]:gt(0.5))
M.erode = morphology('erode', 1, function(hits, all) return hits:ge(all - 0.5) end)

--- Dilation of a binary image: 1 where a pixel under the kernel is 1. Outside of the image is `pad` (0).
-- @usage local thick = image.dilate(image.fabio()[1]:gt(0.5))
M.dilate = morphology('dilate', 0, function(hits) return hits:gt(0.5) end)

-- -- pyramid ------------------------------------------------------------------------

--- A list of images, one a scale, each blurred before the next is made from it.
-- @param ... ([dst,] src, scales): a table of factors
-- @usage local levels = image.gaussianpyramid(image.lena(), {1, 0.5, 0.25})
function M.gaussianpyramid(...)
  local dst, src, scales = ...
  if torch.isTensor(dst) then dst, src, scales = nil, dst, src end
  common.image('gaussianpyramid', 'source', src, '23')
  if type(scales) ~= 'table' or #scales == 0 then
    expected('gaussianpyramid', 'scales', 'a table of factors', scales)
  end
  if dst ~= nil and type(dst) ~= 'table' then expected('gaussianpyramid', 'destination', 'a table', dst) end
  dst = dst or {}
  local kernel = M.gaussian { width = 3, height = 3, normalize = true }
  local current = src
  local _, h, w = common.sizes(src)
  for _, scale in ipairs(scales) do
    common.number('gaussianpyramid', 'factor', scale)
    if scale <= 0 then expected('gaussianpyramid', 'factor', 'a positive number', scale) end
  end
  for i, scale in ipairs(scales) do
    local height, width = math.max(1, floor(h * scale)), math.max(1, floor(w * scale))
    dst[i] = resample.resize('gaussianpyramid', dst[i] or src.new(), current, height, width, 'simple')
    if i < #scales then current = M.convolve(dst[i], kernel, 'same') end
  end
  return dst
end

return M
