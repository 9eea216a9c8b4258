--- Pixels moved: crop, translate, rotate, polar and log-polar maps, mirrors.
-- @module image.geometry
local ffi = require 'ffi'
local common = require 'image.common'
local torch = require 'torch'

local fail, expected, split = common.fail, common.expected, common.split
local floor, sin, cos, exp = math.floor, math.sin, math.cos, math.exp

local M = {}

-- -- crop and translate ------------------------------------------------------------

-- The corner of a window of w x h pixels in an image, by its name.
local places = {
  c = function(W, H, w, h) return floor((W - w) / 2), floor((H - h) / 2) end,
  tl = function() return 0, 0 end,
  tr = function(W, _, w) return W - w, 0 end,
  bl = function(_, H, _, h) return 0, H - h end,
  br = function(W, H, w, h) return W - w, H - h end,
}

--- Cut out a rectangle.
--
-- `image.crop([dst,] src, x1, y1, x2, y2)`: corners from 0, x2 and y2 excluded. `image.crop(src, where, width, height)`
-- with where 'c' (middle), 'tl', 'tr', 'bl', 'br'. `image.crop(dst, src, x1, y1)` fills dst and returns nothing.
-- @usage local part = image.crop(image.lena(), 20, 40, 360, 300); local middle = image.crop(image.lena(), 'c', 64, 64)
function M.crop(...)
  local dst, src, x1, y1, x2, y2 = split('crop', 0, ...)
  common.image('crop', 'source', src, '23')
  local _, H, W = common.sizes(src)
  local short = false
  if type(x1) == 'string' then
    local place = places[x1]
    if not place then expected('crop', 'position', "'c', 'tl', 'tr', 'bl' or 'br'", x1) end
    local w, h = common.whole('crop', 'width', y1, 1), common.whole('crop', 'height', x2, 1)
    x1, y1 = place(W, H, w, h)
    x2, y2 = x1 + w, y1 + h
  else
    x1, y1 = common.whole('crop', 'x1', x1), common.whole('crop', 'y1', y1)
    if x2 == nil and dst then
      short = true
      common.image('crop', 'destination', dst, '23')
      local _, h, w = common.sizes(dst)
      x2, y2 = x1 + w, y1 + h
    else
      x2, y2 = common.whole('crop', 'x2', x2), common.whole('crop', 'y2', y2)
    end
  end
  if x1 < 0 or y1 < 0 or x2 > W or y2 > H or x2 <= x1 or y2 <= y1 then
    fail('crop', 'the window from (%d, %d) to (%d, %d) is not inside of the image of %d x %d (width x height)', x1, y1,
      x2, y2, W, H)
  end
  local d = src:dim()
  local window = src:narrow(d - 1, y1 + 1, y2 - y1):narrow(d, x1 + 1, x2 - x1)
  if short then
    common.deliver(window, dst, src)
    return
  end
  return common.deliver(dst and window or window:clone(), dst, src)
end

--- Shift by dx, dy pixels; zeros come in.
-- @usage local moved = image.translate(image.lena(), 10, -5)
function M.translate(...)
  local dst, src, dx, dy = split('translate', 0, ...)
  common.image('translate', 'source', src, '23')
  dx, dy = common.whole('translate', 'dx', dx), common.whole('translate', 'dy', dy)
  local _, h, w = common.sizes(src)
  local out, d = src.new():resize(src:size()):zero(), src:dim()
  local rows, columns = h - math.abs(dy), w - math.abs(dx)
  if rows > 0 and columns > 0 then
    local function part(t, right, down) return t:narrow(d - 1, 1 + down, rows):narrow(d, 1 + right, columns) end
    part(out, math.max(dx, 0), math.max(dy, 0)):copy(part(src, math.max(-dx, 0), math.max(-dy, 0)))
  end
  return common.deliver(out, dst, src)
end

-- -- rotate and polar --------------------------------------------------------------

-- One output pixel from position (y, x), the nearest pixel; 0 outside.
local function nearest(p, base, h, w, y, x)
  if x < 0 or y < 0 or x >= w or y >= h then return 0 end
  return p[base + y * w + x]
end

-- The same between four pixels; the border pixels reach half a pixel outwards.
local function between(p, base, h, w, y, x)
  local x0, y0 = floor(x), floor(y)
  local wx, wy = x - x0, y - y0
  local x1, y1 = x0 + 1, y0 + 1
  if x1 == w and wx < 0.5 then x1 = x0 elseif x1 >= w then return 0 end
  if y1 == h and wy < 0.5 then y1 = y0 elseif y1 >= h then return 0 end
  if x0 == -1 and wx > 0.5 then x0 = x1 elseif x0 < 0 then return 0 end
  if y0 == -1 and wy > 0.5 then y0 = y1 elseif y0 < 0 then return 0 end
  return (1 - wx) * (1 - wy) * p[base + y0 * w + x0] + wx * (1 - wy) * p[base + y0 * w + x1]
    + (1 - wx) * wy * p[base + y1 * w + x0] + wx * wy * p[base + y1 * w + x1]
end

local function round(x) return x < 0 and -floor(0.5 - x) or floor(x + 0.5) end

local function rotate_nearest(q, p, c, h, w, theta)
  local xc, yc, s, k = (w - 1) / 2, (h - 1) / 2, sin(theta), cos(theta)
  for plane = 0, c - 1 do
    local base = plane * h * w
    for j = 0, h - 1 do
      for i = 0, w - 1 do
        local x, y = round(k * (i - xc) - s * (j - yc) + xc), round(k * (j - yc) + s * (i - xc) + yc)
        q[base + j * w + i] = nearest(p, base, h, w, y, x)
      end
    end
  end
end

local function rotate_between(q, p, c, h, w, theta)
  local xc, yc, s, k = (w - 1) / 2, (h - 1) / 2, sin(theta), cos(theta)
  for plane = 0, c - 1 do
    local base = plane * h * w
    for j = 0, h - 1 do
      for i = 0, w - 1 do
        q[base + j * w + i] = between(p, base, h, w, k * (j - yc) + s * (i - xc) + yc, k * (i - xc) - s * (j - yc) + xc)
      end
    end
  end
end

--- Turn around the middle by theta radians (against the clock); the size stays, zeros come in.
-- @param ... ([dst,] src, theta, [mode]); mode 'simple' (default, nearest pixel) or 'bilinear'
-- @usage local tilted = image.rotate(image.lena(), math.pi / 12, 'bilinear')
function M.rotate(...)
  local dst, src, theta, mode = split('rotate', 0, ...)
  common.image('rotate', 'source', src, '23')
  common.number('rotate', 'theta', theta)
  mode = mode or 'simple'
  local kernel = mode == 'simple' and rotate_nearest or mode == 'bilinear' and rotate_between
  if not kernel then expected('rotate', 'mode', "'simple' or 'bilinear'", mode) end
  if dst and dst:dim() > 0 and not dst:isSameSizeAs(src) then
    expected('rotate', 'destination', 'the size of the source ' .. common.describe(src), dst)
  end
  local c, h, w = common.sizes(src)
  local work = common.plain(src)
  local out = work.new(src:size())
  kernel(out:data(), work:data(), c, h, w, theta)
  return common.deliver(out, dst, src)
end

-- Rows of the output are angles, from straight down clockwise; columns are radii, equally spaced or (log) equally
-- spaced in their logarithm. Angles and radii are rounded to float, as in Torch7: it decides
-- which pixel a position between two of them takes.
local function unroll(q, p, c, h, w, height, width, far, log, sample)
  local xc, yc = w / 2, h / 2
  local radius, rate = ffi.new('float[?]', width), log and math.log(far) / width or far / width
  for i = 0, width - 1 do radius[i] = log and exp(rate * i) or rate * i end
  local angle = ffi.new 'float[1]'
  for plane = 0, c - 1 do
    for j = 0, height - 1 do
      angle[0] = 2 * math.pi * j / height
      local ca, sa = cos(angle[0]), sin(angle[0])
      for i = 0, width - 1 do
        local r = radius[i]
        q[(plane * height + j) * width + i] = sample(p, plane * h * w, h, w, r * ca + yc, -r * sa + xc)
      end
    end
  end
end

-- Between four pixels, or at the border the upper left one of them.
local function between_or_first(p, base, h, w, y, x)
  local x0, y0 = floor(x), floor(y)
  if x0 < 0 or y0 < 0 or x0 >= w or y0 >= h then return 0 end
  local at = base + y0 * w + x0
  if x0 == w - 1 or y0 == h - 1 then return p[at] end
  local wx, wy = x - x0, y - y0
  return (1 - wy) * ((1 - wx) * p[at] + wx * p[at + 1]) + wy * ((1 - wx) * p[at + w] + wx * p[at + w + 1])
end

local function floored(p, base, h, w, y, x) return nearest(p, base, h, w, floor(y), floor(x)) end

local function polar(name, log)
  return function(...)
    local dst, src, interp, mode = split(name, 0, ...)
    common.image(name, 'source', src, '23')
    if interp == 'valid' or interp == 'full' then interp, mode = mode, interp end -- either order, and one of them
    interp, mode = interp or 'simple', mode or 'valid'
    if interp ~= 'simple' and interp ~= 'bilinear' then expected(name, 'interp', "'simple' or 'bilinear'", interp) end
    if mode ~= 'valid' and mode ~= 'full' then expected(name, 'mode', "'valid' or 'full'", mode) end
    local c, h, w = common.sizes(src)
    local height, width = math.max(h, w), math.max(h, w)
    if dst and dst:dim() == src:dim() then
      local channels
      channels, height, width = common.sizes(dst)
      if channels ~= c then expected(name, 'destination', ('%d channels'):format(c), dst) end
    end
    local far = mode == 'full' and math.sqrt(w * w + h * h) / 2 or math.min(w, h) / 2
    local work = common.plain(src)
    local out = common.fresh(work, c, height, width, src:dim() == 2)
    local sample = interp == 'simple' and floored or between_or_first
    unroll(out:data(), work:data(), c, h, w, height, width, far, log, sample)
    return common.deliver(out, dst, src)
  end
end

--- Image over angle (rows) and distance from the middle (columns).
--
-- `image.polar([dst,] src, [interp], [mode])`: interp 'simple' or 'bilinear'; mode 'valid' (the largest circle inside)
-- or 'full' (to the corners, zeros outside). Without dst the result is square, of the longer side.
-- @usage local unrolled = image.polar(image.lena(), 'bilinear', 'full')
M.polar = polar('polar', false)

--- The same over the logarithm of the distance.
-- @usage local unrolled = image.logpolar(image.lena(), 'simple', 'valid')
M.logpolar = polar('logpolar', true)

-- -- mirrors -----------------------------------------------------------------------

local function mirrored(name, dst, src, d)
  local n = src:size(d)
  local order = torch.range(n, 1, -1):long()
  local out = src:index(d, order)
  if dst and dst:dim() > 0 and dst:nElement() ~= src:nElement() then
    expected(name, 'destination', 'the size of the source ' .. common.describe(src), dst)
  end
  return common.deliver(out, dst, src)
end

--- Mirror left and right.
-- @usage local other = image.hflip(image.lena())
function M.hflip(...)
  local dst, src = split('hflip', 0, ...)
  common.image('hflip', 'source', src, '234')
  return mirrored('hflip', dst, src, src:dim())
end

--- Mirror top and bottom.
-- @usage local other = image.vflip(image.lena())
function M.vflip(...)
  local dst, src = split('vflip', 0, ...)
  common.image('vflip', 'source', src, '234')
  return mirrored('vflip', dst, src, src:dim() - 1)
end

--- Reverse a dimension of a tensor of up to five dimensions.
-- @usage local bgr = image.flip(image.lena(), 1)
function M.flip(...)
  local dst, src, d = split('flip', 0, ...)
  common.image('flip', 'source', src, '12345')
  d = common.whole('flip', 'dimension', d, 1)
  if d > src:dim() then expected('flip', 'dimension', ('a dimension from 1 to %d'):format(src:dim()), d) end
  return mirrored('flip', dst, src, d)
end

return M
