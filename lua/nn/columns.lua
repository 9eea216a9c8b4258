--- Windows of an image as columns, and columns back to an image: what nn.Unfold, nn.Fold and THNN's unfolded_copy
-- share.
--
-- columns (N, C·kH·kW, L), L = H'·W' places of the window, row after row; image (N, C, H, W).
-- H' = floor((H + 2·padH - dilationH·(kH - 1) - 1) / dH) + 1. All sizes are lists {height, width}.
local common = require 'nn.common'
local options = require 'nn.options'

local M = {}

--- A number, or a list {height, width}, as such a list of whole numbers.
-- @string who the constructor, for messages
-- @string name of the argument
-- @param v the value
-- @int least number allowed
-- @param[opt] default for nil
function M.pair(who, name, v, least, default)
  if v == nil then v = default end
  local list = type(v) == 'number' and { v, v } or v
  if torch.isTypeOf(list, 'torch.LongStorage') then list = list:totable() end
  if type(list) ~= 'table' or #list ~= 2 then options.refuse(who, name, 'a number or {height, width}', v) end
  for i = 1, 2 do options.count(who, name, list[i], least) end
  return { list[1], list[2] }
end

--- How many windows fit: {H', W'}.
-- @param o a table with kernelSize, dilation, padding, stride
-- @param height of the image
-- @param width of the image
function M.places(o, height, width)
  local out = {}
  for i, size in ipairs { height, width } do
    local extent = o.dilation[i] * (o.kernelSize[i] - 1) + 1
    out[i] = math.floor((size + 2 * o.padding[i] - extent) / o.stride[i]) + 1
  end
  return out
end

-- The image with zeros around it: `keep`'s memory, unless there is no border.
local function padded(o, keep, n, planes, height, width)
  return keep:resize(n, planes, height + 2 * o.padding[1], width + 2 * o.padding[2]):zero()
end
local function inside(o, t, height, width)
  return t:narrow(3, 1 + o.padding[1], height):narrow(4, 1 + o.padding[2], width)
end

-- (N, C, H', W') of what stands at one place of the kernel in every window.
local function at(o, t, places, i, j)
  local down, right = t:stride(3), t:stride(4)
  local offset = t:storageOffset() + (i - 1) * down * o.dilation[1] + (j - 1) * right * o.dilation[2]
  return t.new():set(t:storage(), offset, t:size(1), t:stride(1), t:size(2), t:stride(2), places[1],
    down * o.stride[1], places[2], right * o.stride[2])
end

-- Each place of the kernel: f(part of the columns, part of the image)
local function each(o, columns, image, places, f)
  local n, planes = image:size(1), image:size(2)
  local view = columns:view(n, planes, o.kernelSize[1], o.kernelSize[2], places[1], places[2])
  for i = 1, o.kernelSize[1] do
    for j = 1, o.kernelSize[2] do f(view:select(4, j):select(3, i), at(o, image, places, i, j)) end
  end
end

local function take(column, image) column:copy(image) end
local function give(column, image) image:add(column) end

--- Image to columns.
-- @param o sizes, see places
-- @param columns the result, resized
-- @param image (N, C, H, W)
-- @param keep a tensor for the padded image
-- @return columns
function M.unfold(o, columns, image, keep)
  local n, planes, height, width = image:size(1), image:size(2), image:size(3), image:size(4)
  local places = M.places(o, height, width)
  columns:resize(n, planes * o.kernelSize[1] * o.kernelSize[2], places[1] * places[2])
  if o.padding[1] > 0 or o.padding[2] > 0 then
    local t = padded(o, keep, n, planes, height, width)
    inside(o, t, height, width):copy(image)
    image = t
  end
  each(o, columns, image, places, take)
  return columns
end

--- Columns to image: what overlaps is added.
-- @param o sizes, see places
-- @param image the result, of its final size, overwritten
-- @param columns (N, C·kH·kW, L)
-- @param keep a tensor for the padded image
-- @return image
function M.fold(o, image, columns, keep)
  local n, planes, height, width = image:size(1), image:size(2), image:size(3), image:size(4)
  local t = padded(o, keep, n, planes, height, width)
  each(o, columns:contiguous(), t, M.places(o, height, width), give)
  return image:copy(inside(o, t, height, width))
end

--- Check that a window fits.
function M.check_fits(self, o, height, width, x)
  local places = M.places(o, height, width)
  if places[1] < 1 or places[2] < 1 then
    common.expected(self, ('an image that holds a window of %d x %d'):format(o.dilation[1] * (o.kernelSize[1] - 1) + 1,
      o.dilation[2] * (o.kernelSize[2] - 1) + 1), x)
  end
  return places
end

return M
