--- Values brought to 0..1, grids of images, and what stands for windows where there is no screen.
-- @module image.display
local common = require 'image.common'
local dok = require 'dok'
local torch = require 'torch'

local fail, expected = common.fail, common.expected

local M = {}

--- Clamp to 0..1, in place.
function M.saturate(t)
  common.image('saturate', 'argument 1', t, '1234')
  return t:clamp(0, common.isinteger(t) and 255 or 1)
end

--- Bring values to 0..1: (x - min) / (max - min).
--
-- `image.minmax {tensor =, min =, max =, symm = false, inplace = false, saturate = false, tensorOut =}`; min and max
-- default to those of the tensor; symm: the same distance from 0 on both sides; saturate: what min and max leave out is
-- clamped.
-- @usage local shown = image.minmax {tensor = torch.randn(3, 16, 16)}
function M.minmax(...)
  local _, tensor, low, high, symm, inplace, saturate, out = dok.unpack({ ... }, 'image.minmax',
    'rescales a tensor to 0..1',
    { arg = 'tensor', type = 'torch.Tensor', help = 'tensor to rescale', req = true },
    { arg = 'min', type = 'number', help = 'what becomes 0' },
    { arg = 'max', type = 'number', help = 'what becomes 1' },
    { arg = 'symm', type = 'boolean', help = 'min = -max', default = false },
    { arg = 'inplace', type = 'boolean', help = 'change the tensor itself', default = false },
    { arg = 'saturate', type = 'boolean', help = 'clamp to 0..1', default = false },
    { arg = 'tensorOut', type = 'torch.Tensor', help = 'where the result goes' })
  if not torch.isTensor(tensor) then expected('minmax', 'tensor', 'a tensor', tensor) end
  if tensor:nElement() == 0 then expected('minmax', 'tensor', 'a tensor with elements', tensor) end
  if low ~= nil then common.number('minmax', 'min', low) end
  if high ~= nil then common.number('minmax', 'max', high) end
  if out ~= nil and not torch.isTensor(out) then expected('minmax', 'tensorOut', 'a tensor', out) end
  if not inplace then
    out = out and out:resize(tensor:size()):copy(tensor)
      or common.isinteger(tensor) and tensor:type(torch.getdefaulttensortype()) or tensor:clone()
  else
    out = tensor
  end
  local bounded = low or high
  if symm then
    local far = math.max(math.abs(low or tensor:min()), math.abs(high or tensor:max()))
    low, high = low or -far, high or far
  end
  low, high = low or out:min(), high or out:max()
  if low ~= 0 then out:add(-low) end
  if high ~= low then
    if common.isinteger(out) and math.abs(high - low) < 1 then
      expected('minmax', 'tensor', 'a FloatTensor or DoubleTensor for a range below 1', out)
    end
    out:div(high - low)
  end
  if saturate and bounded then out:clamp(0, 1) end
  return out
end

-- -- toDisplayTensor ------------------------------------------------------------------

-- Images of a table in one tensor N x C x H x W; smaller ones at the top left of zeros.
local function pack(list)
  if #list == 0 then fail('toDisplayTensor', 'input: the table is empty') end
  local channels, height, width = 0, 0, 0
  for i, each in ipairs(list) do
    common.image('toDisplayTensor', ('input[%d]'):format(i), each, '23')
    local c, h, w = common.sizes(each)
    if i > 1 and c ~= channels then
      expected('toDisplayTensor', ('input[%d]'):format(i), ('%d channels as the first'):format(channels), each)
    end
    channels, height, width = c, math.max(height, h), math.max(width, w)
  end
  local packed = common.plain(list[1]).new(#list, channels, height, width):zero()
  for i, each in ipairs(list) do
    local c, h, w = common.sizes(each)
    packed[i]:narrow(2, 1, h):narrow(3, 1, w):copy(each:contiguous():view(c, h, w))
  end
  return packed
end

-- N x C x H x W to a grid C x H' x W'
local function grid_of(packed, nrow, padding)
  local n, c = packed:size(1), packed:size(2)
  local columns = math.min(nrow, n)
  local rows = math.ceil(n / columns)
  local h, w = packed:size(3) + padding, packed:size(4) + padding
  local grid = packed.new(c, h * rows, w * columns):fill(packed:max())
  for i = 0, n - 1 do
    local y, x = math.floor(i / columns) * h + math.floor(padding / 2), i % columns * w + math.floor(padding / 2)
    grid:narrow(2, y + 1, h - padding):narrow(3, x + 1, w - padding):copy(packed[i + 1])
  end
  return grid
end

--- One picture of many, values brought to 0..1.
--
-- `image.toDisplayTensor {input =, padding = 0, nrow = 6, scaleeach = false, min =, max =, symmetric = false,
-- saturate = true}`. input: an image H x W, 1 x H x W or 3 x H x W (only rescaled); K x H x W, N x 1 x H x W or
-- N x 3 x H x W (a grid of nrow columns, `padding` pixels between); or a table of images.
-- @usage local picture = image.toDisplayTensor {input = torch.randn(10, 3, 8, 8), padding = 2, nrow = 5}
function M.toDisplayTensor(...)
  local _, input, padding, nrow, scaleeach, low, high, symmetric, saturate = dok.unpack({ ... },
    'image.toDisplayTensor', 'one picture of many',
    { arg = 'input', type = 'torch.Tensor | table', help = 'image, maps, or a table of images', req = true },
    { arg = 'padding', type = 'number', help = 'pixels between images', default = 0 },
    { arg = 'nrow', type = 'number', help = 'images a row', default = 6 },
    { arg = 'scaleeach', type = 'boolean', help = 'rescale each image by itself', default = false },
    { arg = 'min', type = 'number', help = 'what becomes 0' },
    { arg = 'max', type = 'number', help = 'what becomes 1' },
    { arg = 'symmetric', type = 'boolean', help = 'min = -max', default = false },
    { arg = 'saturate', type = 'boolean', help = 'clamp to 0..1', default = true })
  padding = common.whole('toDisplayTensor', 'padding', padding, 0)
  nrow = common.whole('toDisplayTensor', 'nrow', nrow, 1)
  local packed
  if torch.isTensor(input) then
    common.image('toDisplayTensor', 'input', input, '234')
    packed = common.plain(input):clone()
  elseif type(input) == 'table' then
    packed = pack(input)
  else
    expected('toDisplayTensor', 'input', 'a tensor or a table of images', input)
  end
  local function rescale(t)
    return M.minmax { tensor = t, inplace = true, min = low, max = high, symm = symmetric, saturate = saturate }
  end
  if scaleeach and packed:dim() > 2 then
    for i = 1, packed:size(1) do rescale(packed[i]) end
  end
  local d = packed:dim()
  local channels = packed:size(math.max(d - 2, 1))
  if d == 2 or d == 3 and (channels == 1 or channels == 3) then return scaleeach and packed or rescale(packed) end
  local grid
  if d == 3 then
    grid = grid_of(packed:view(packed:size(1), 1, packed:size(2), packed:size(3)), nrow, padding)[1]
  elseif channels == 1 or channels == 3 then
    grid = grid_of(packed, nrow, padding)
  else
    expected('toDisplayTensor', 'input', 'maps [K x H x W], or images [N x 1 x H x W] or [N x 3 x H x W]', input)
  end
  return scaleeach and grid or rescale(grid)
end

-- -- windows --------------------------------------------------------------------------

local told = false

local function tell(path)
  if told then return end
  told = true
  io.stderr:write(('image.display: there are no windows here (Torch7 used Qt); saved as %s\n'):format(path))
end

--- Where a window would be: an object whose `path` is the PNG file that display writes.
-- @usage local win = image.window(); image.display {image = image.lena(), win = win}; os.remove(win.path)
function M.window(width, height)
  return { width = width, height = height, path = os.tmpname() .. '.png', close = function() end }
end

--- Show an image. Without a screen library it is saved as a PNG file, whose name is told once on standard error.
--
-- `image.display {image =, zoom = 1, min =, max =, legend =, win =, scaleeach =, saturate =, symmetric =, padding =,
-- nrow =, ...}`
-- @return the window: what was given as win, or a new one; its field `path` names the file
-- @usage local win = image.display(image.lena()); os.remove(win.path)
function M.display(...)
  local o = dok.unpack({ ... }, 'image.display', 'shows an image',
    { arg = 'image', type = 'torch.Tensor | table', help = 'image, maps, or a table of images', req = true },
    { arg = 'zoom', type = 'number', help = 'factor', default = 1 },
    { arg = 'min', type = 'number', help = 'what becomes black' },
    { arg = 'max', type = 'number', help = 'what becomes white' },
    { arg = 'legend', type = 'string', help = 'title' },
    { arg = 'win', type = 'any', help = 'window of an earlier call' },
    { arg = 'x', type = 'number', help = 'left', default = 0 },
    { arg = 'y', type = 'number', help = 'top', default = 0 },
    { arg = 'scaleeach', type = 'boolean', help = 'rescale each image by itself', default = false },
    { arg = 'gui', type = 'boolean', help = 'window with controls', default = false },
    { arg = 'offscreen', type = 'boolean', help = 'draw without a window', default = false },
    { arg = 'padding', type = 'number', help = 'pixels between images', default = 0 },
    { arg = 'symm', type = 'boolean', help = 'min = -max', default = false },
    { arg = 'nrow', type = 'number', help = 'images a row', default = 6 },
    { arg = 'saturate', type = 'boolean', help = 'clamp', default = true })
  local picture = M.toDisplayTensor { input = o.image, padding = o.padding, nrow = o.nrow, scaleeach = o.scaleeach,
    min = o.min, max = o.max, symmetric = o.symm, saturate = o.saturate }
  local image = require 'image'
  if o.zoom ~= 1 then picture = image.scale(picture, ('*%.9g'):format(o.zoom), 'simple') end
  local d = picture:dim()
  local window = type(o.win) == 'table' and o.win or M.window(picture:size(d), picture:size(d - 1))
  window.path, window.image, window.legend = window.path or os.tmpname() .. '.png', picture, o.legend
  image.savePNG(window.path, picture)
  tell(window.path)
  return window
end

return M
