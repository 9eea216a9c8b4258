--- The two sample pictures, computed: Torch7 shipped photographs of these sizes.
-- @module image.samples
local torch = require 'torch'
local sin, cos, sqrt, exp = math.sin, math.cos, math.sqrt, math.exp

local M = {}

local function smooth(x) return 1 / (1 + exp(-x)) end

-- A ball on a striped ground under a sky, with a fine texture: edges, ramps and detail for filters to work on.
local function paint(q, n)
  local area = n * n
  for j = 0, n - 1 do
    for i = 0, n - 1 do
      local x, y = 2 * i / (n - 1) - 1, 2 * j / (n - 1) - 1
      local r = sqrt(x * x + (y - 0.1) * (y - 0.1)) / 0.62
      local light = smooth((r < 1 and (-x - 2 * y + 2 * sqrt(1 - r * r)) or 0) * 1.4 - 0.6)
      local ball, ground = smooth((1 - r) * 60), smooth((y - 0.45) * 80)
      local stripes = 0.5 + 0.5 * sin(26 * x / (0.35 + y * y) + 3 * cos(5 * y))
      local grain = 0.04 * sin(97 * x * y + 41 * x) * cos(83 * y - 29 * x * x)
      for c = 0, 2 do
        local sky = 0.35 + 0.2 * c - 0.25 * y * (1 - 0.3 * c)
        local floor = (0.75 - 0.22 * c) * (0.35 + 0.65 * stripes)
        local skin = light * (0.95 - 0.2 * c) + 0.05
        local back = sky + ground * (floor - sky)
        local v = back + ball * (skin - back) + grain
        q[c * area + j * n + i] = v < 0 and 0 or v > 1 and 1 or v
      end
    end
  end
end

local painted = {}

local function picture(n)
  if not painted[n] then
    local t = torch.DoubleTensor(3, n, n)
    paint(t:data(), n)
    painted[n] = t:float()
  end
  return painted[n]
end

-- Always a copy: callers may change it.
local function copy_of(t) return torch.Tensor(t:size()):copy(t) end

--- The colour sample, 3 x 512 x 512, values 0..1.
-- @usage local img = image.lena()
function M.lena() return copy_of(picture(512)) end

--- The grey sample, 1 x 256 x 256, values 0..1.
-- @usage local img = image.fabio()
function M.fabio()
  return copy_of(require('image.colour').rgb2y(picture(256)))
end

return M
