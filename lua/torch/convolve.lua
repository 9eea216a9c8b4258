--- Convolutions of plain tensors: conv2, xcorr2, conv3, xcorr3.
--
-- conv flips the kernels first; mode "F" (full) pads the input with zeros by the kernel's size less one, mode "V"
-- (valid, the default) does not. On floats C correlates straight from the input. On other types it is a matrix product:
-- the windows of the input, laid out as rows by `unfold`, some rows of the result at a time, times the kernels.
--
-- With n = 2 (3) spatial dimensions: n-d input and n-d kernel give n-d; p planes and p kernels give p planes, pairwise;
-- p planes and o x p kernels give o planes, each the sum over the input's.
local C = require 'torch.ffi'
local check = require 'torch.check'
local tensor = require 'torch.tensor'

local fail, need, describe = check.fail, check.tensor, check.describe

-- The kernel with its last n dimensions reversed.
local function flipped(k, n)
  local out = k.new():resizeAs(k)
  local dims = k:dim()
  local function place(to, from, d)
    local size = from:size(d)
    for i = 1, size do
      local t, f = to:narrow(d, i, 1), from:narrow(d, size + 1 - i, 1)
      if d == dims then t:copy(f) else place(t, f, d + 1) end
    end
  end
  place(out, k, dims - n + 1)
  return out
end

-- x with zeros around its last n dimensions: the kernel's size less one on each side.
local function padded(x, k, n)
  local sizes, first = {}, x:dim() - n
  for d = 1, x:dim() do
    sizes[d] = x:size(d) + (d > first and 2 * (k:size(k:dim() - x:dim() + d) - 1) or 0)
  end
  local out = x.new(unpack(sizes)):zero()
  local middle = out
  for d = first + 1, x:dim() do middle = middle:narrow(d, k:size(k:dim() - x:dim() + d), x:size(d)) end
  middle:copy(x)
  return out
end

local WINDOWS = 2 ^ 22 -- elements of windows that are written out at a time

-- Correlate planes x (p, spatial...) with kernels k (o, p, spatial...) as a product: (o, spatial...).
local function product(x, k, n)
  local windows, outer, inner = x, {}, 1
  for d = 1, n do
    local size = k:size(2 + d)
    windows = windows:unfold(1 + d, size, 1)
    outer[d], inner = windows:size(1 + d), inner * size
  end
  -- (p, outer..., kernel...) to (outer..., p, kernel...)
  local order = {}
  for d = 1, n do order[d] = 1 + d end
  order[n + 1] = 1
  for d = 1, n do order[n + 1 + d] = 1 + n + d end
  local rows = 1
  for d = 1, n do rows = rows * outer[d] end
  local columns = windows:permute(unpack(order)):contiguous():view(rows, x:size(1) * inner)
  return (k:contiguous():view(k:size(1), -1) * columns:t()):view(k:size(1), unpack(outer))
end

-- The same a few rows of the first spatial dimension at a time.
local function by_rows(x, k, n)
  local taps, sizes, others = k:size(3), { k:size(1) }, x:size(1)
  for d = 1, n do
    sizes[1 + d] = x:size(1 + d) - k:size(2 + d) + 1
    others = others * k:size(2 + d) * (d > 1 and sizes[1 + d] or 1)
  end
  local some = math.max(1, math.floor(WINDOWS / others))
  if some >= sizes[2] then return product(x, k, n) end
  local out = x.new(unpack(sizes))
  for first = 1, sizes[2], some do
    local here = math.min(some, sizes[2] - first + 1)
    out:narrow(2, first, here):copy(product(x:narrow(2, first, here + taps - 1), k, n))
  end
  return out
end

local function correlate(x, k, n)
  if x.dt ~= C.RK_f32 and x.dt ~= C.RK_f64 then return by_rows(x, k, n) end
  local out = x.new()
  local s = C.rk_correlate(out, x, k, n)
  if s ~= 0 then check.again(s, 'correlate', C.rk_correlate, out, x, k, n) end
  return out
end

local function convolve(name, n, flip, x, k, mode)
  need(name, 1, x)
  need(name, 2, k)
  mode = mode or 'V'
  if mode ~= 'V' and mode ~= 'F' then check.argument(name, 3, "'V' or 'F'", mode) end
  if k.dt ~= x.dt then check.argument(name, 2, 'a kernel of the type of ' .. describe(x), k) end
  local planes, kernels = x:dim() - n, k:dim() - n
  if not (planes == 0 and kernels == 0 or planes == 1 and (kernels == 1 or kernels == 2)) then
    fail('%s: argument 2: a kernel of %d dimensions for %d, or of %d or %d for %d expected, got %s and %s',
      name, n, n, n + 1, n + 2, n + 1, describe(x), describe(k))
  end
  if planes == 1 and k:size(kernels) ~= x:size(1) then
    fail('%s: argument 2: kernels for %d planes expected, got %s for %s',
      name, x:size(1), describe(k), describe(x))
  end
  if flip then k = flipped(k, n) end
  if mode == 'F' then x = padded(x, k, n) end
  for d = 1, n do
    if k:size(kernels + d) > x:size(planes + d) then
      fail("%s: argument 2: the kernel %s is larger than the input %s; use mode 'F'", name, describe(k), describe(x))
    end
  end
  local function single(t) return t:view(1, unpack(t:size():totable())) end
  if kernels == 2 then return correlate(x, k, n) end
  if kernels == 0 then return correlate(single(x:contiguous()), single(single(k:contiguous())), n)[1] end
  local out
  for p = 1, x:size(1) do
    local plane = correlate(x:narrow(1, p, 1), single(k:narrow(1, p, 1):contiguous()), n)
    out = out or x.new(x:size(1), unpack(plane:size():totable(), 2))
    out:narrow(1, p, 1):copy(plane)
  end
  return out
end

local function define(name, n, flip)
  local function both(a, b, c, d)
    if check.istensor(c) then
      local out = convolve(name, n, flip, b, c, d)
      return need(name, 1, a):resizeAs(out):copy(out)
    end
    return convolve(name, n, flip, a, b, c)
  end
  tensor.define(name, both)
end
define('conv2', 2, true)
define('xcorr2', 2, false)
define('conv3', 3, true)
define('xcorr3', 3, false)
