--- nn.functional.affine_grid and grid_sample: images and volumes read at places between their pixels.
--
-- Places are numbers in -1..1, x first, then y (and z). A place is turned into pixel coordinates along each dimension;
-- these give taps (1 for 'nearest', 2 for 'bilinear', 4 for 'bicubic'), each a whole coordinate and a share; the result
-- is the sum over all combinations of taps of the product of shares times the pixel there.
-- The cubic kernel is Keys' (1981) with a = -0.75, as PyTorch's.
local options = require 'nn.options'

local M = {}

local function insist(who, name, x)
  if not torch.isTensor(x) then options.refuse(who, name, 'a tensor', x) end
  return x
end

-- The coordinates of n pixels in -1..1: of their centres, or with the outer ones at the ends.
local function coordinates(like, n, aligned)
  local t = torch.range(0, n - 1):type(like:type())
  if aligned then return n > 1 and t:mul(2 / (n - 1)):add(-1) or t:zero() end
  return t:mul(2):add(1):div(n):add(-1)
end

--- The places that affine maps send the pixels of an image to: theta (N, 2, 3), size {N, C, H, W} → (N, H, W, 2), x and
-- y in -1..1, for grid_sample; theta (N, 3, 4), size {N, C, D, H, W} → (N, D, H, W, 3).
-- @param theta maps
-- @param size of the result of grid_sample
-- @param[opt=false] alignCorners -1 and 1 are the centres of the outer pixels, not their edges
-- @usage
-- local F, theta = nn.functional, torch.Tensor { { { 1, 0, 0 }, { 0, 1, 0 } } }
-- local y = F.grid_sample(torch.randn(1, 3, 4, 4), F.affine_grid(theta, { 1, 3, 4, 4 }))
function M.affine_grid(theta, size, ...)
  local who = 'nn.functional.affine_grid'
  local aligned = options.flag(who, 'alignCorners', options.read(who, { 'alignCorners' }, ...).alignCorners, false)
  local n = insist(who, 'theta', theta):dim() == 3 and theta:size(2) or 0
  if n < 2 or n > 3 or theta:size(3) ~= n + 1 then options.refuse(who, 'theta', 'N maps of 2 x 3 or 3 x 4', theta) end
  if torch.isTypeOf(size, 'torch.LongStorage') then size = size:totable() end
  if type(size) ~= 'table' or #size ~= n + 2 then
    options.refuse(who, 'size', n == 2 and '{N, C, H, W}' or '{N, C, D, H, W}', size)
  end
  for i, s in ipairs(size) do options.count(who, ('size[%d]'):format(i), s) end
  if theta:size(1) ~= size[1] then options.refuse(who, 'theta', ('%d maps'):format(size[1]), theta:size(1)) end
  local sizes, total = { unpack(size, 3) }, 1
  for _, s in ipairs(sizes) do total = total * s end
  local base = theta.new(total, n + 1):fill(1)
  for d = 1, n do -- x runs along the last dimension
    local shape = {}
    for i = 1, n do shape[i] = i == n + 1 - d and sizes[i] or 1 end
    local line = coordinates(theta, sizes[n + 1 - d], aligned):view(unpack(shape))
    base:select(2, d):copy(line:expand(unpack(sizes)))
  end
  sizes[n + 1] = n
  local maps = theta:transpose(2, 3):contiguous()
  return torch.bmm(base:view(1, total, n + 1):expand(size[1], total, n + 1):contiguous(), maps)
    :view(size[1], unpack(sizes))
end

-- Where in 0..n - 1 the coordinates in -1..1 are.
local function pixels(g, n, aligned)
  local t = g:contiguous():view(g:size(1), 1, -1)
  return aligned and torch.add(t, 1):mul((n - 1) / 2) or torch.add(t, 1):mul(n):add(-1):div(2)
end

-- What stands for coordinates outside of 0..n - 1; nil where nothing does.
local borders = { zeros = false }

function borders.border(t, n) return t:clamp(0, n - 1) end

-- Mirrored at the outer pixels' centres, or at their edges.
function borders.reflection(t, n, aligned)
  local low, span = aligned and 0 or -0.5, aligned and n - 1 or n
  if span == 0 then return t:zero() end
  t:add(-low):abs()
  local flips = torch.div(t, span):floor()
  local rest = torch.add(t, -span, flips)
  local odd = flips:remainder(2)
  rest:add(span, odd):add(-2, torch.cmul(odd, rest):add(-span, odd)) -- rest, or span - rest
  return rest:add(low):clamp(0, n - 1)
end

-- The nearest whole number, halves to even.
local function rounded(t)
  local r = torch.add(t, 0.5):floor()
  local tie = torch.eq(torch.add(t, 0.5), r):type(t:type())
  return r:add(-1, tie:cmul(torch.remainder(r, 2)))
end

-- ((a t + b) t + c) t + d
local function cubic(t, a, b, c, d) return torch.mul(t, a):add(b):cmul(t):add(c):cmul(t):add(d) end

-- Taps of each mode: coordinates → list of {whole coordinate, share}.
local modes = {}

function modes.nearest(t) return { { rounded(t), t.new(t:size()):fill(1) } } end

function modes.bilinear(t)
  local low = torch.floor(t)
  local share = t - low
  return { { low, torch.mul(share, -1):add(1) }, { torch.add(low, 1), share } }
end

function modes.bicubic(t)
  local a, low = -0.75, torch.floor(t)
  local s = t - low
  local r = torch.mul(s, -1):add(1)
  local function near(x) return cubic(x, a + 2, -(a + 3), 0, 1) end
  local function far(x) return cubic(torch.add(x, 1), a, -5 * a, 8 * a, -4 * a) end
  return { { torch.add(low, -1), far(s) }, { low, near(s) }, { torch.add(low, 1), near(r) },
    { torch.add(low, 2), far(r) } }
end

-- The taps along a dimension of n pixels. A cubic's taps are moved inside one by one, other coordinates before.
local function taps(g, n, mode, border, aligned)
  local t, inside = pixels(g, n, aligned), borders[border]
  if inside and mode ~= 'bicubic' then t = inside(t, n, aligned) end
  local list = modes[mode](t)
  for _, tap in ipairs(list) do
    if inside and mode == 'bicubic' then tap[1] = inside(tap[1], n, aligned) end
    tap.fits = torch.ge(tap[1], 0):cmul(torch.le(tap[1], n - 1))
  end
  return list
end

-- out (N, C, P) += share * the pixels of x (N, C, all) at a place in each; 0 where it does not fit.
local function add_pixels(out, x, place, share, fits)
  local n, c, count = out:size(1), out:size(2), out:size(3)
  local outside = torch.eq(fits, 0)
  local at = place:clone():maskedFill_(outside, 0):long():add(1)
  local values = x:gather(3, at:expand(n, c, count):contiguous())
  out:addcmul(values, share:clone():maskedFill_(outside, 0):expand(n, c, count))
end

-- All combinations of the taps of the dimensions from d on.
local function combine(out, x, lists, sizes, d, place, share, fits)
  if d > #lists then return add_pixels(out, x, place, share, fits) end
  for _, tap in ipairs(lists[d]) do
    if place then
      combine(out, x, lists, sizes, d + 1, torch.mul(place, sizes[d]):add(tap[1]), torch.cmul(share, tap[2]),
        torch.cmul(fits, tap.fits))
    else
      combine(out, x, lists, sizes, d + 1, tap[1], tap[2], tap.fits)
    end
  end
end

local function check(who, x, grid, mode, border)
  local dims = insist(who, 'input', x):dim()
  if dims ~= 4 and dims ~= 5 then options.refuse(who, 'input', '4 or 5 dimensions', dims) end
  if insist(who, 'grid', grid):dim() ~= dims or grid:size(dims) ~= dims - 2 or grid:size(1) ~= x:size(1) then
    options.refuse(who, 'grid', (dims == 4 and "%d x H' x W' x 2" or "%d x D' x H' x W' x 3"):format(x:size(1)), grid)
  elseif grid:type() ~= x:type() then
    options.refuse(who, 'grid', 'a ' .. x:type(), grid)
  elseif not modes[mode] or (mode == 'bicubic' and dims == 5) then
    options.refuse(who, 'mode', "'bilinear', 'nearest', or of images 'bicubic'", mode)
  elseif borders[border] == nil then
    options.refuse(who, 'paddingMode', "'zeros', 'border' or 'reflection'", border)
  end
  return dims - 2
end

--- Images at other places: x (N, C, H, W), grid (N, H', W', 2) of x and y in -1..1 → (N, C, H', W'); volumes x
-- (N, C, D, H, W), grid (N, D', H', W', 3) → (N, C, D', H', W').
-- @param x images or volumes
-- @param grid places
-- @param[opt='bilinear'] mode 'bilinear', 'nearest', or of images 'bicubic'
-- @param[opt='zeros'] paddingMode what lies outside: 'zeros', 'border' or 'reflection'
-- @param[opt=false] alignCorners as of affine_grid
-- @usage local y = nn.functional.grid_sample(torch.randn(1, 3, 4, 4), torch.zeros(1, 2, 2, 2))
function M.grid_sample(x, grid, ...)
  local who = 'nn.functional.grid_sample'
  local o = options.read(who, { 'mode', 'paddingMode', 'alignCorners' }, ...)
  local mode, border = o.mode or 'bilinear', o.paddingMode or 'zeros'
  local aligned = options.flag(who, 'alignCorners', o.alignCorners, false)
  local n = check(who, x, grid, mode, border)
  local lists, sizes, places, total = {}, {}, grid:size():totable(), 1
  places[n + 2] = nil
  for d = 1, n do
    sizes[d] = x:size(d + 2)
    lists[d] = taps(grid:select(n + 2, n + 1 - d), sizes[d], mode, border, aligned)
    total = total * places[d + 1]
  end
  local out = x.new(x:size(1), x:size(2), total):zero()
  combine(out, x:contiguous():view(x:size(1), x:size(2), -1), lists, sizes, 1)
  return out:view(x:size(1), x:size(2), unpack(places, 2))
end

return M
