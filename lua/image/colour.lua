--- Colour spaces and colour maps.
--
-- Every conversion is called as `image.rgb2yuv([dst,] src)` with src 3 x H x W, values 0..1 (L a b in their own
-- ranges), and returns the result.
-- @module image.colour
local common = require 'image.common'
local torch = require 'torch'

local expected, split = common.expected, common.split
local floor, min, max = math.floor, math.min, math.max

local M = {}

-- -- a pixel at a time: three values to three values -----------------------------------

local function hue(r, g, b, top, d)
  local h
  if top == r then h = (g - b) / d + (g < b and 6 or 0)
  elseif top == g then h = (b - r) / d + 2
  else h = (r - g) / d + 4 end
  return h / 6
end

local function rgb2hsl(r, g, b)
  local top, bottom = max(r, g, b), min(r, g, b)
  local l, d = (top + bottom) / 2, top - bottom
  if d == 0 then return 0, 0, l end
  return hue(r, g, b, top, d), l > 0.5 and d / (2 - top - bottom) or d / (top + bottom), l
end

local function ramp(p, q, t)
  if t < 0 then t = t + 1 end
  if t > 1 then t = t - 1 end
  if t < 1 / 6 then return p + (q - p) * 6 * t end
  if t < 1 / 2 then return q end
  if t < 2 / 3 then return p + (q - p) * (2 / 3 - t) * 6 end
  return p
end

local function hsl2rgb(h, s, l)
  if s == 0 then return l, l, l end
  local q = l < 0.5 and l * (1 + s) or l + s - l * s
  local p = 2 * l - q
  return ramp(p, q, h + 1 / 3), ramp(p, q, h), ramp(p, q, h - 1 / 3)
end

local function rgb2hsv(r, g, b)
  local top, bottom = max(r, g, b), min(r, g, b)
  local d = top - bottom
  if d == 0 then return 0, 0, top end
  return hue(r, g, b, top, d), d / top, top
end

local function hsv2rgb(h, s, v)
  local i = floor(h * 6)
  local f = h * 6 - i
  local p, q, t = v * (1 - s), v * (1 - f * s), v * (1 - (1 - f) * s)
  i = i % 6
  if i == 0 then return v, t, p
  elseif i == 1 then return q, v, p
  elseif i == 2 then return p, v, t
  elseif i == 3 then return p, q, v
  elseif i == 4 then return t, p, v end
  return v, p, q
end

local EPSILON, KAPPA = 216 / 24389, 24389 / 27
local XN, ZN = 0.950456, 1.088754 -- the white point D65

local function expand(c) return c <= 0.04045 and c / 12.92 or ((c + 0.055) / 1.055) ^ 2.4 end
local function compress(c) return c <= 0.0031308 and 12.92 * c or 1.055 * c ^ (1 / 2.4) - 0.055 end
local function root(x) return x > EPSILON and x ^ (1 / 3) or (KAPPA * x + 16) / 116 end

local function rgb2lab(r, g, b)
  r, g, b = expand(r), expand(g), expand(b)
  local x = root((0.412453 * r + 0.357580 * g + 0.180423 * b) / XN)
  local y = root(0.212671 * r + 0.715160 * g + 0.072169 * b)
  local z = root((0.019334 * r + 0.119193 * g + 0.950227 * b) / ZN)
  return 116 * y - 16, 500 * (x - y), 200 * (y - z)
end

local function cube(f)
  local c = f * f * f
  return c > EPSILON and c or (116 * f - 16) / KAPPA
end

local function lab2rgb(l, a, b)
  local fy = (l + 16) / 116
  local x, z = cube(fy + a / 500) * XN, cube(fy - b / 200) * ZN
  local y = l > KAPPA * EPSILON and fy * fy * fy or l / KAPPA
  return compress(3.2404542 * x - 1.5371385 * y - 0.4985314 * z),
    compress(-0.9692660 * x + 1.8760108 * y + 0.0415560 * z),
    compress(0.0556434 * x - 0.2040259 * y + 1.0572252 * z)
end

local function rgb2yuv(r, g, b)
  return 0.299 * r + 0.587 * g + 0.114 * b, -0.14713 * r - 0.28886 * g + 0.436 * b,
    0.615 * r - 0.51499 * g - 0.10001 * b
end

local function yuv2rgb(y, u, v) return y + 1.13983 * v, y - 0.39465 * u - 0.58060 * v, y + 2.03211 * u end

local function rgb2nrgb(r, g, b)
  local sum = r + g + b + 1e-6
  return r / sum, g / sum, b / sum
end

-- One function with a loop of its own for each conversion: LuaJIT compiles them apart.
local loop_source = [[
local f = ...
return function(q, p, n)
  for i = 0, n - 1 do q[i], q[n + i], q[2 * n + i] = f(p[i], p[n + i], p[2 * n + i]) end
end]]

local conversions = { rgb2hsl = rgb2hsl, hsl2rgb = hsl2rgb, rgb2hsv = rgb2hsv, hsv2rgb = hsv2rgb, rgb2lab = rgb2lab,
  lab2rgb = lab2rgb, rgb2yuv = rgb2yuv, yuv2rgb = yuv2rgb, rgb2nrgb = rgb2nrgb }

for name, f in pairs(conversions) do
  local loop = assert(loadstring(loop_source, '=image.' .. name))(f)
  M[name] = function(...)
    local dst, src = split(name, 0, ...)
    common.colour(name, 'source', src)
    local work = common.plain(src)
    local out = work.new(src:size())
    loop(out:data(), work:data(), src:size(2) * src:size(3))
    return common.deliver(out, dst, src)
  end
end

local function luminance(q, p, n)
  for i = 0, n - 1 do q[i] = 0.299 * p[i] + 0.587 * p[n + i] + 0.114 * p[2 * n + i] end
end

--- Brightness of a colour image: 1 x H x W, or the shape of dst.
-- @usage local grey = image.rgb2y(image.lena())
function M.rgb2y(...)
  local dst, src = split('rgb2y', 0, ...)
  common.colour('rgb2y', 'source', src)
  local work = common.plain(src)
  local h, w = src:size(2), src:size(3)
  local out = work.new(1, h, w)
  luminance(out:data(), work:data(), h * w)
  if dst and dst:dim() == 2 then out = out:view(h, w) end
  return common.deliver(out, dst, src)
end

-- -- colour maps --------------------------------------------------------------------

--- n colours that differ from each other, n x 3: steps around the colour wheel.
-- @usage local map = image.colormap(8)
function M.colormap(n)
  n = common.whole('colormap', 'argument 1', n, 1)
  local map = torch.Tensor(n, 3)
  for i = 1, n do
    local h, s = ((i - 1) * 39 % 360) / 360, (i - 1) / 9 % 0.7 + 0.3
    map[i][1], map[i][2], map[i][3] = hsl2rgb(h, s, 0.5)
  end
  return map
end

--- The n colours from blue over green and yellow to red, n x 3.
-- @usage local map = image.jetColormap(64)
function M.jetColormap(n)
  n = common.whole('jetColormap', 'argument 1', n, 1)
  local map = torch.DoubleTensor(n, 3)
  local p = map:data()
  for i = 1, n do
    local x = 4 * i / n
    p[3 * i - 3] = max(min(x - 1.5, 4.5 - x, 1), 0)
    p[3 * i - 2] = max(min(x - 0.5, 3.5 - x, 1), 0)
    p[3 * i - 1] = max(min(x + 0.5, 2.5 - x, 1), 0)
  end
  return map:type(torch.getdefaulttensortype())
end

local function paint(q, p, n, map, colours, channels)
  for i = 0, n - 1 do
    local at = floor(p[i])
    if at ~= at or at < 0 then at = 0 elseif at >= colours then at = colours - 1 end
    for k = 0, channels - 1 do q[k * n + i] = map[at * channels + k] end
  end
end

--- Colours of a map (n x 3) for an image of indices from 0: 3 x H x W. Indices outside take the nearest colour.
-- @usage local picture = image.colorize(torch.Tensor(), torch.range(0, 15):view(4, 4), image.jetColormap(16))
function M.colorize(...)
  local dst, src, map = ...
  if select('#', ...) == 2 then dst, src, map = nil, dst, src end
  common.image('colorize', 'source', src, '23')
  if dst ~= nil and not torch.isTensor(dst) then expected('colorize', 'destination', 'a tensor', dst) end
  if src:dim() == 3 and src:size(1) ~= 1 then expected('colorize', 'source', 'an image [1 x H x W] or [H x W]', src) end
  common.image('colorize', 'map', map, '2')
  local _, h, w = common.sizes(src)
  local work = common.plain(src)
  local colours = common.plain(map:type(torch.type(work)))
  local out = work.new(map:size(2), h, w)
  paint(out:data(), work:data(), h * w, colours:data(), map:size(1), map:size(2))
  return common.deliver(out, dst, src)
end

--- Colours for numbers 1..max: blue for small, red for large ones. src H x W or 1 x H x W; the result 3 x H x W.
-- @usage local picture = image.y2jet(torch.range(1, 12):view(3, 4))
function M.y2jet(...)
  local dst, src = split('y2jet', 0, ...)
  common.image('y2jet', 'source', src, '23')
  if src:dim() == 3 and src:size(1) ~= 1 then expected('y2jet', 'source', 'an image [1 x H x W] or [H x W]', src) end
  local n = src:max()
  if not (n >= 1 and n < 2 ^ 24) then expected('y2jet', 'source', 'values from 1 to at most 2^24', n) end
  local indices = common.plain(src):clone():add(-1)
  return common.deliver(M.colorize(nil, indices, M.jetColormap(floor(n))), dst, src)
end

return M
