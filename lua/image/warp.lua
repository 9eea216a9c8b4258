--- image.warp and image.affinetransform: each output pixel is read where a field says.
-- @module image.warp
local ffi = require 'ffi'
local common = require 'image.common'
local torch = require 'torch'

local expected = common.expected
local floor, sin, min, max = math.floor, math.sin, math.min, math.max

local M = {}

-- Samplers: value of a plane (at base) at (y, x), which is inside of the image.
local samplers = {}

function samplers.simple(p, base, h, w, y, x)
  return p[base + min(floor(y + 0.5), h - 1) * w + min(floor(x + 0.5), w - 1)]
end

function samplers.bilinear(p, base, h, w, y, x)
  local x0, y0 = floor(x), floor(y)
  local wx, wy = x - x0, y - y0
  local x1, y1 = min(x0 + 1, w - 1), min(y0 + 1, h - 1)
  local top, bottom = base + y0 * w, base + y1 * w
  return (1 - wy) * ((1 - wx) * p[top + x0] + wx * p[top + x1]) + wy * ((1 - wx) * p[bottom + x0] + wx * p[bottom + x1])
end

-- Catmull-Rom through four values.
local function cubic(p0, p1, p2, p3, x)
  return p1 + 0.5 * x * (p2 - p0 + x * (2 * p0 - 5 * p1 + 4 * p2 - p3 + x * (3 * (p1 - p2) + p3 - p0)))
end

local function cubic_row(p, base, h, w, y, x, wx, pad)
  if y < 0 or y >= h then return pad end
  local at = base + y * w + x
  return cubic(x < 1 and pad or p[at - 1], p[at], x + 1 < w and p[at + 1] or pad, x + 2 < w and p[at + 2] or pad, wx)
end

-- What is missing around the image counts as the padding value, as in Torch7.
function samplers.bicubic(p, base, h, w, y, x, pad)
  local x0, y0 = floor(x), floor(y)
  local wx = x - x0
  return cubic(cubic_row(p, base, h, w, y0 - 1, x0, wx, pad), cubic_row(p, base, h, w, y0, x0, wx, pad),
    cubic_row(p, base, h, w, y0 + 1, x0, wx, pad), cubic_row(p, base, h, w, y0 + 2, x0, wx, pad), y - y0)
end

local RADIUS = 3
local step_sin, step_cos = ffi.new('double[?]', 2 * RADIUS), ffi.new('double[?]', 2 * RADIUS)
for k = 0, 2 * RADIUS - 1 do
  step_sin[k], step_cos[k] = sin(math.pi * k / RADIUS), math.cos(math.pi * k / RADIUS)
end
local lx, ly = ffi.new('double[?]', 2 * RADIUS), ffi.new('double[?]', 2 * RADIUS)

-- The sines of the six distances follow from one: they are whole steps apart.
local function lanczos_weights(to, at, first)
  local base = math.pi * (at - first)
  local s, third, sign = sin(base), base / RADIUS, 1
  local s3, c3 = sin(third), math.cos(third)
  for k = 0, 2 * RADIUS - 1 do
    local d = base - math.pi * k
    to[k] = math.abs(d) < 1e-9 and 1 or RADIUS * sign * s * (s3 * step_cos[k] - c3 * step_sin[k]) / (d * d)
    sign = -sign
  end
end

function samplers.lanczos(p, base, h, w, y, x)
  local fx, fy = floor(x) - RADIUS + 1, floor(y) - RADIUS + 1
  lanczos_weights(lx, x, fx)
  lanczos_weights(ly, y, fy)
  local sum, total = 0, 0
  for j = 0, 2 * RADIUS - 1 do
    local row = base + min(max(fy + j, 0), h - 1) * w
    for i = 0, 2 * RADIUS - 1 do
      local weight = ly[j] * lx[i]
      sum, total = sum + weight * p[row + min(max(fx + i, 0), w - 1)], total + weight
    end
  end
  return sum / total
end

local function warp(q, p, f, c, h, w, height, width, sample, offset, clamp, pad)
  local area = height * width
  for j = 0, height - 1 do
    for i = 0, width - 1 do
      local at = j * width + i
      local y, x = f[at], f[area + at]
      if offset then y, x = y + j, x + i end
      -- also for NaN, which is nowhere
      local inside = y >= 0 and x >= 0 and y <= h - 1 and x <= w - 1
      if inside or clamp then
        y, x = y > 0 and min(y, h - 1) or 0, x > 0 and min(x, w - 1) or 0
        for plane = 0, c - 1 do q[plane * area + at] = sample(p, plane * h * w, h, w, y, x, pad) end
      else
        for plane = 0, c - 1 do q[plane * area + at] = pad end
      end
    end
  end
end

local function options(name, mode, offset, clamp, pad)
  mode, clamp = mode or 'bilinear', clamp or 'clamp'
  if not samplers[mode] then expected(name, 'mode', "'simple', 'bilinear', 'bicubic' or 'lanczos'", mode) end
  if clamp ~= 'clamp' and clamp ~= 'pad' then expected(name, 'clamp', "'clamp' or 'pad'", clamp) end
  return mode, offset ~= false, clamp == 'clamp', common.number(name, 'padding value', pad or 0)
end

local function run(name, dst, src, field, mode, offset, clamp, pad)
  common.image(name, 'source', src, '23')
  common.image(name, 'field', field, '3')
  if field:size(1) ~= 2 then expected(name, 'field', 'a field [2 x H x W]', field) end
  mode, offset, clamp, pad = options(name, mode, offset, clamp, pad)
  local c, h, w = common.sizes(src)
  local height, width = field:size(2), field:size(3)
  local work = common.plain(src)
  field = common.plain(field)
  local out = common.fresh(work, c, height, width, src:dim() == 2)
  warp(out:data(), work:data(), field:data(), c, h, w, height, width, samplers[mode], offset, clamp, pad)
  return common.deliver(out, dst, src)
end

--- Read each output pixel at a position of its own.
--
-- `image.warp([dst,] src, field, [mode='bilinear'], [offset=true], [clamp='clamp'], [pad=0])`: field 2 x H x W, first
-- plane y, second x: distances from the pixel, or (offset false) positions, from 0. Mode 'simple', 'bilinear',
-- 'bicubic', 'lanczos'. Beyond the image: its border pixel ('clamp') or the value pad ('pad').
-- @usage local wave = image.warp(image.lena(), torch.rand(2, 512, 512):mul(6), 'bicubic')
function M.warp(...)
  local first, second, third = ...
  if torch.isTensor(first) and torch.isTensor(second) and torch.isTensor(third) then return run('warp', ...) end
  return run('warp', nil, ...)
end

-- Field of an affine map around the middle, in pixels: g - m g - t, with g the way from the pixel to the middle.
local function affine_field(matrix, height, width, translation)
  local field = torch.DoubleTensor(2, height, width)
  local f, m, area = field:data(), matrix:data(), height * width
  local ty, tx = translation and translation[1] or 0, translation and translation[2] or 0
  for j = 0, height - 1 do
    for i = 0, width - 1 do
      local gy, gx = (height - 1) / 2 - j, (width - 1) / 2 - i
      f[j * width + i] = gy - (m[0] * gy + m[1] * gx) - ty
      f[area + j * width + i] = gx - (m[2] * gy + m[3] * gx) - tx
    end
  end
  return field
end

local function transform(dst, src, matrix, mode, translation, clamp, pad)
  local name = 'affinetransform'
  common.image(name, 'source', src, '23')
  if not torch.isTensor(matrix) or matrix:dim() ~= 2 or matrix:size(1) ~= 2 or matrix:size(2) ~= 2 then
    expected(name, 'matrix', 'a matrix [2x2]', matrix)
  end
  if translation ~= nil then
    local ok = torch.isTensor(translation) and translation:nElement() or type(translation) == 'table' and #translation
    if ok ~= 2 then expected(name, 'translation', 'two numbers', translation) end
    if torch.isTensor(translation) then translation = translation:double():contiguous():view(-1):totable() end
    if not (tonumber(translation[1]) and tonumber(translation[2])) then
      expected(name, 'translation', 'two numbers', translation)
    end
  end
  local _, h, w = common.sizes(src)
  local plain = common.plain(matrix:double())
  return run(name, dst, src, affine_field(plain, h, w, translation), mode, true, clamp, pad)
end

--- Apply a 2 x 2 matrix to the positions (y, x) around the middle, then a translation.
-- @param ... ([dst,] src, matrix, [mode], [translation], [clamp], [pad]); the last as in image.warp
-- @usage local wide = image.affinetransform(image.lena(), torch.Tensor {{1, 0}, {0, 0.5}}, 'bilinear')
function M.affinetransform(...)
  local first, second, third = ...
  if torch.isTensor(first) and torch.isTensor(second) and torch.isTensor(third) then return transform(...) end
  return transform(nil, ...)
end

return M
