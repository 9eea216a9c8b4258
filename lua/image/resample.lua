--- image.scale and its three methods.
--
-- Bilinear and bicubic scaling are separable linear filters: for each output position a few neighbours and weights
-- (taps), applied along rows, then along columns. Enlarging interpolates with the corners aligned; 'bilinear' averages
-- over the covered area when it shrinks.
-- @module image.resample
local ffi = require 'ffi'
local common = require 'image.common'
local torch = require 'torch'

local fail, expected = common.fail, common.expected
local floor, min, max = math.floor, math.min, math.max

local M = {}

local function exact(x) return x end
local function single(x) return tonumber(ffi.cast('float', x)) end

-- Taps for a change of length: positions first[i], weights w[i * count ..], and what to divide the sum by.
local function new_taps(n, count)
  local taps = { n = n, count = count, first = ffi.new('int32_t[?]', n), weight = ffi.new('double[?]', n * count),
    total = ffi.new('double[?]', n) }
  for i = 0, n - 1 do taps.total[i] = 1 end
  return taps
end

local function linear_up(from, to, round)
  local count = min(2, from)
  local taps = new_taps(to, count)
  local step = from > 1 and round((from - 1) / (to - 1)) or 0
  for i = 0, to - 1 do
    local at = i == to - 1 and from - 1 or round(i * step)
    local first = max(0, min(floor(at), from - 2))
    taps.first[i] = first
    taps.weight[i * count] = 1 - (at - first)
    if count == 2 then taps.weight[2 * i + 1] = at - first end
  end
  return taps
end

local function area_down(from, to, round)
  local step = round(from / to)
  local count = from % to == 0 and step or min(from, math.ceil(step) + 1)
  local taps = new_taps(to, count)
  local left, cut = 0, 0 -- first pixel covered, and the part of it that is not
  for i = 0, to - 1 do
    local stop = round((i + 1) * step)
    local right = min(floor(stop), from)
    local part = right < from and round(stop - right) or 0
    local first = max(0, min(left, from - count))
    local function put(pixel, weight)
      local k = i * count + pixel - first
      taps.weight[k] = taps.weight[k] + weight
    end
    taps.first[i] = first
    local total = 0
    for pixel = left, right do
      local weight = pixel == left and round(1 - cut) or pixel == right and part or 1
      if pixel < from and (pixel < right or part > 0) then
        put(pixel, weight)
        total = round(total + weight)
      end
    end
    taps.total[i] = total
    left, cut = right, part
  end
  return taps
end

-- Catmull-Rom; beyond the border the image continues in a straight line.
local function cubic(from, to, round)
  if from == 1 then return linear_up(1, to, round) end
  local count = min(4, from)
  local taps = new_taps(to, count)
  local step = to > 1 and round((from - 1) / (to - 1)) or from - 1
  for i = 0, to - 1 do
    local at = i == to - 1 and from - 1 or round(i * step)
    local cell = min(floor(at), from - 2)
    local x = at - cell
    local w0, w3 = 0.5 * x * (-1 + x * (2 - x)), 0.5 * x * x * (x - 1)
    local w1, w2 = 1 + 0.5 * x * x * (3 * x - 5), 0.5 * x * (1 + x * (4 - 3 * x))
    local first = max(0, min(cell - 1, from - count))
    taps.first[i] = first
    local function put(position, weight)
      local k = i * count + position - first
      taps.weight[k] = taps.weight[k] + weight
    end
    if cell > 0 then put(cell - 1, w0) else w1, w2 = w1 + 2 * w0, w2 - w0 end
    if cell + 2 < from then put(cell + 2, w3) else w1, w2 = w1 - w3, w2 + 2 * w3 end
    put(cell, w1)
    put(cell + 1, w2)
  end
  return taps
end

-- Along rows, two taps: the usual case, without an inner loop.
local function pairs_along_rows(q, p, rows, from, taps)
  local to, first, weight = taps.n, taps.first, taps.weight
  for r = 0, rows - 1 do
    local base = r * from
    for i = 0, to - 1 do
      local at = base + first[i]
      q[r * to + i] = weight[2 * i] * p[at] + weight[2 * i + 1] * p[at + 1]
    end
  end
end

local function along_rows(q, p, rows, from, taps)
  local to, count, first, weight = taps.n, taps.count, taps.first, taps.weight
  if count == 2 then return pairs_along_rows(q, p, rows, from, taps) end
  for r = 0, rows - 1 do
    local base = r * from
    for i = 0, to - 1 do
      local at, w, sum = base + first[i], i * count, 0
      for k = 0, count - 1 do sum = sum + weight[w + k] * p[at + k] end
      q[r * to + i] = sum
    end
  end
end

local function pair_of_rows(q, p, out, at, width, w0, w1)
  for x = 0, width - 1 do q[out + x] = w0 * p[at + x] + w1 * p[at + width + x] end
end

local function along_columns(q, p, planes, from, width, taps)
  local to, count, first, weight = taps.n, taps.count, taps.first, taps.weight
  for plane = 0, planes - 1 do
    for i = 0, to - 1 do
      local out, at, w = (plane * to + i) * width, (plane * from + first[i]) * width, i * count
      if count > 1 then
        pair_of_rows(q, p, out, at, width, weight[w], weight[w + 1])
      else
        for x = 0, width - 1 do q[out + x] = weight[w] * p[at + x] end
      end
      for k = 2, count - 1 do
        local wk, row = weight[w + k], at + k * width
        if wk ~= 0 then
          for x = 0, width - 1 do q[out + x] = q[out + x] + wk * p[row + x] end
        end
      end
    end
  end
end

-- Weights that need no division afterwards.
local function folded(taps)
  for i = 0, taps.n - 1 do
    for k = i * taps.count, (i + 1) * taps.count - 1 do taps.weight[k] = taps.weight[k] / taps.total[i] end
  end
  return taps
end

local function separable(choose)
  return function(work, c, h, w, height, width)
    local rows = work
    if width ~= w then
      rows = work.new(c, h, width)
      along_rows(rows:data(), work:data(), c * h, w, folded(choose(w, width, exact)))
    end
    if height == h then return rows:view(c, height, width) end
    local out = work.new(c, height, width)
    along_columns(out:data(), rows:data(), c, h, width, folded(choose(h, height, exact)))
    return out
  end
end

-- Bytes give the very values of Torch7: sums in float, each pass rounded to bytes.
local sum, term = ffi.new 'float[1]', ffi.new 'float[1]'

local function along_bytes(q, p, planes, from, inner, taps)
  local to, count, first, weight, total = taps.n, taps.count, taps.first, taps.weight, taps.total
  for plane = 0, planes - 1 do
    for i = 0, to - 1 do
      local base, out, w = (plane * from + first[i]) * inner, (plane * to + i) * inner, i * count
      for x = 0, inner - 1 do
        sum[0] = 0
        for k = 0, count - 1 do
          term[0] = weight[w + k] * p[base + k * inner + x]
          sum[0] = sum[0] + term[0]
        end
        sum[0] = sum[0] / total[i]
        q[out + x] = max(0, min(255, sum[0] + 0.5))
      end
    end
  end
end

local function separable_bytes(choose)
  return function(work, c, h, w, height, width)
    local rows = work
    if width ~= w then
      rows = work.new(c, h, width)
      along_bytes(rows:data(), work:data(), c * h, w, 1, choose(w, width, single))
    end
    if height == h then return rows:view(c, height, width) end
    local out = work.new(c, height, width)
    along_bytes(out:data(), rows:data(), c, h, width, choose(h, height, single))
    return out
  end
end

local function nearest(q, p, c, h, w, height, width)
  for plane = 0, c - 1 do
    for y = 0, height - 1 do
      local row = (plane * h + min(floor(y * h / height), h - 1)) * w
      local out = (plane * height + y) * width
      for x = 0, width - 1 do q[out + x] = p[row + min(floor(x * w / width), w - 1)] end
    end
  end
end

local function linear(from, to, round) return (to > from and linear_up or area_down)(from, to, round) end

local byte_methods = { bilinear = separable_bytes(linear), bicubic = separable_bytes(cubic) }
local methods = {
  bilinear = separable(linear), bicubic = separable(cubic),
  simple = function(work, c, h, w, height, width)
    local out = work.new(c, height, width)
    nearest(out:data(), work:data(), c, h, w, height, width)
    return out
  end,
}

--- Scale src to height x width with a method, into dst or a new image.
function M.resize(name, dst, src, height, width, mode)
  local method = methods[mode]
  if not method then expected(name, 'mode', "'bilinear', 'simple' or 'bicubic'", mode) end
  common.image(name, 'argument 1', src, '23')
  height, width = common.whole(name, 'height', height, 1), common.whole(name, 'width', width, 1)
  local c, h, w = common.sizes(src)
  local bytes = torch.type(src) == 'torch.ByteTensor'
  local work = bytes and src:contiguous() or common.plain(src)
  if bytes then method = byte_methods[mode] or method end
  local out = method(work, c, h, w, height, width)
  if src:dim() == 2 then out = out:view(height, width) end
  if not dst and out:storage():data() == src:storage():data() then out = out:clone() end
  return common.deliver(out, dst, src)
end

-- Width and height for a size in words: 8, "8", "^8", "*1/2", "5x3".
local function sizes_of(src, size)
  local _, h, w = common.sizes(src)
  local text = tostring(size)
  local width, height = text:match '^%s*(%d+)%s*x%s*(%d+)%s*$'
  if width then return tonumber(width), tonumber(height) end
  local factor, divisor = text:match '^%*([%d.]+)/?([%d.]*)$'
  if factor and tonumber(factor) and (divisor == '' or tonumber(divisor)) then
    factor = tonumber(factor) / (tonumber(divisor) or 1)
    return floor(w * factor + 0.5), floor(h * factor + 0.5)
  end
  local shortest, side = text:match '^(%^?)(%d+)$'
  side = tonumber(side)
  if not side then
    fail('scale', 'size: expected a number, "WxH", "^N", "*S" or "*A/B", got %s', common.describe(size))
  end
  local reference = (shortest == '^' and min or max)(w, h)
  return floor(w * side / reference + 0.5), floor(h * side / reference + 0.5)
end

--- Change the size of an image of two or three dimensions.
--
-- `image.scale(src, width, height, [mode])`, `image.scale(src, size, [mode])`, `image.scale(dst, src, [mode])` (to the
-- size of dst). `size`: a number, the longest side; `"^N"`, the shortest side; `"WxH"`; `"*S"` or `"*A/B"`, a factor.
-- `mode`: 'bilinear' (default), 'simple' (nearest pixel), 'bicubic'.
-- @return the scaled image, of the type of src
-- @usage local small = image.scale(image.lena(), 128, 96); local half = image.scale(image.lena(), '*1/2', 'bicubic')
function M.scale(...)
  local a, b, c, d = ...
  if torch.isTensor(b) then
    common.image('scale', 'argument 2', b, '23')
    common.image('scale', 'argument 1', a, tostring(b:dim()))
    if b:dim() == 3 and a:size(1) ~= b:size(1) then
      expected('scale', 'argument 1', ('a destination of %d channels'):format(b:size(1)), a)
    end
    return M.resize('scale', a, b, a:size(a:dim() - 1), a:size(a:dim()), c or 'bilinear')
  end
  common.image('scale', 'argument 1', a, '23')
  local width, height, mode
  if type(b) == 'number' and type(c) == 'number' then
    width, height, mode = common.whole('scale', 'width', b, 1), common.whole('scale', 'height', c, 1), d
  elseif (type(b) == 'string' or type(b) == 'number') and (c == nil or type(c) == 'string') then
    width, height = sizes_of(a, b)
    mode = c
    width, height = common.whole('scale', 'width', width, 1), common.whole('scale', 'height', height, 1)
  else
    fail('scale', 'expected (src, width, height, [mode]), (src, size, [mode]) or (dst, src, [mode]), got %s and %s '
      .. 'after the image', common.describe(b), common.describe(c))
  end
  return M.resize('scale', nil, a, height, width, mode or 'bilinear')
end

return M
