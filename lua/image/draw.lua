--- Text and rectangles drawn into colour images.
--
-- Colours are given as 0..255, as in Torch7; images of fractions receive them divided by 255.
-- @module image.draw
local common = require 'image.common'
local font = require 'image.font'
local torch = require 'torch'

local expected, fail = common.expected, common.fail

local M = {}

local function colour_of(name, what, colour, t)
  if colour == nil then return nil end
  if torch.isTensor(colour) and colour:nElement() == 3 then
    colour = colour:double():contiguous():view(-1):totable()
  end
  if type(colour) ~= 'table' or #colour ~= 3 then expected(name, what, 'three numbers 0..255', colour) end
  local scaled = {}
  for i = 1, 3 do
    local v = common.number(name, what, colour[i])
    v = v < 0 and math.ceil(v) or math.floor(v)
    scaled[i] = common.isinteger(t) and v or v / 255
  end
  return scaled
end

local function canvas(name, src, options)
  common.colour(name, 'argument 1', src)
  if options ~= nil and type(options) ~= 'table' then expected(name, 'options', 'a table', options) end
  options = options or {}
  return options.inplace and src or src:clone(), options
end

-- Fill columns x1..x2 and rows y1..y2 (from 0, both included), as far as they are inside.
local function fill(t, x1, y1, x2, y2, colour)
  x1, y1 = math.max(x1, 0), math.max(y1, 0)
  x2, y2 = math.min(x2, t:size(3) - 1), math.min(y2, t:size(2) - 1)
  if x2 < x1 or y2 < y1 then return end
  local part = t:narrow(2, y1 + 1, y2 - y1 + 1):narrow(3, x1 + 1, x2 - x1 + 1)
  for c = 1, 3 do part[c]:fill(colour[c]) end
end

--- Draw the outline of a rectangle; corners from 1. The parts outside of the image are left out.
-- @param src 3 x H x W
-- @param x1 left
-- @param y1 top
-- @param x2 right
-- @param y2 bottom
-- @param[opt] options {lineWidth = 1, color = {255, 0, 0}, inplace = false}
-- @return the image with the rectangle
-- @usage local framed = image.drawRect(image.lena(), 200, 200, 360, 380, {lineWidth = 3, color = {0, 255, 0}})
function M.drawRect(src, x1, y1, x2, y2, options)
  local out
  out, options = canvas('drawRect', src, options)
  x1, y1 = common.whole('drawRect', 'x1', x1), common.whole('drawRect', 'y1', y1)
  x2, y2 = common.whole('drawRect', 'x2', x2), common.whole('drawRect', 'y2', y2)
  if x2 < x1 or y2 < y1 then
    fail('drawRect', 'the corner (%d, %d) is not left above the corner (%d, %d)', x1, y1, x2, y2)
  end
  local width = common.whole('drawRect', 'lineWidth', options.lineWidth or 1, 1)
  local colour = colour_of('drawRect', 'color', options.color or { 255, 0, 0 }, out)
  local before = math.floor(width / 2)
  local after = width - before - 1
  x1, y1, x2, y2 = x1 - 1, y1 - 1, x2 - 1, y2 - 1
  local left, right, top, bottom = x1 - before, x2 + after, y1 - before, y2 + after
  fill(out, left, top, right, y1 + after, colour)
  fill(out, left, y2 - before, right, bottom, colour)
  fill(out, left, top, x1 + after, bottom, colour)
  fill(out, x2 - before, top, right, bottom, colour)
  return out
end

local CELL_W, CELL_H = 6, 8

local function draw_char(out, code, x, y, size, colour, bg)
  for i = 0, CELL_W - 1 do
    local column = font.column(code, i)
    for j = 0, CELL_H - 1 do
      local set = math.floor(column / 2 ^ j) % 2 == 1
      if set or bg then
        local left, top = x + i * size, y + j * size
        fill(out, left, top, left + size - 1, top + size - 1, set and colour or bg)
      end
    end
  end
end

--- Draw text in cells of 6 x 8 pixels times `size`.
-- @param src 3 x H x W
-- @param text may hold newlines; bytes outside of ASCII are drawn as boxes
-- @param x left, from 0
-- @param y top, from 0
-- @param[opt] options {color = {255, 0, 0}, bg = none, size = 1, wrap = true (long lines go on below), inplace = false}
-- @return the image with the text
-- @usage local labelled = image.drawText(image.lena(), 'a ball', 8, 8, {color = {255, 255, 0}, bg = {0, 0, 0}})
function M.drawText(src, text, x, y, options)
  local out
  out, options = canvas('drawText', src, options)
  if type(text) ~= 'string' and type(text) ~= 'number' then expected('drawText', 'text', 'a string', text) end
  text = tostring(text)
  x, y = common.whole('drawText', 'x', x), common.whole('drawText', 'y', y)
  local size = common.whole('drawText', 'size', options.size or 1, 1)
  local colour = colour_of('drawText', 'color', options.color or { 255, 0, 0 }, out)
  local bg = colour_of('drawText', 'bg', options.bg, out)
  if options.bg and options.bg[1] < 0 then bg = nil end
  local at_x, at_y = x, y
  for i = 1, #text do
    local code = text:byte(i)
    if code == 10 then
      at_x, at_y = x, at_y + CELL_H * size
    elseif code ~= 13 then
      if options.wrap ~= false and at_x > x and at_x + CELL_W * size > out:size(3) then
        at_x, at_y = x, at_y + CELL_H * size
      end
      draw_char(out, code, at_x, at_y, size, colour, bg)
      at_x = at_x + CELL_W * size
    end
  end
  return out
end

return M
