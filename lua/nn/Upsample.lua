--- nn.Upsample([size], [scale], [mode = 'nearest'], [align_corners = false]): resampling to a size or by a factor.
-- size, scale: a number, or a table of one a spatial dimension. mode: 'nearest', 'linear', 'bilinear', 'trilinear',
-- 'bicubic'. Result o lies at (o + 0.5)/scale - 0.5 of the input; with align_corners at o * (H - 1)/(H' - 1), so that
-- the corners' centres stay. A table {size = , scale_factor = , mode = , align_corners = } does as well.
-- input (N, C, W), (N, C, H, W) or (N, C, T, H, W) → the same with H' = size or floor(H*scale).
-- @usage y = nn.Upsample(nil, 1.5, 'bicubic'):forward(torch.randn(1, 3, 4, 4)) -- 1x3x6x6
local Up, parent = torch.class('nn.Upsample', 'nn.Module')
local options = require 'nn.options'
local common = require 'nn.common'
local resample = require 'nn.resample'

-- mode: kind of interpolation, dimensions that it wants
local modes = {
  nearest = { 'nearest' }, linear = { 'linear', 3 }, bilinear = { 'linear', 4 }, trilinear = { 'linear', 5 },
  bicubic = { 'cubic', 4 },
}

local function check_sizes(name, v)
  if type(v) == 'table' and #v == 0 then
    error(('nn.Upsample: %s: expected a number > 0 or a table of them, got %s'):format(name, torch.type(v)), 3)
  end
  for _, n in ipairs(type(v) == 'table' and v or { v }) do
    if type(n) ~= 'number' or n <= 0 then
      error(('nn.Upsample: %s: expected a number > 0 or a table of them, got %s'):format(name, tostring(n)), 3)
    end
  end
end

function Up:__init(size, scale, mode, align)
  parent.__init(self)
  size, scale, mode, align = options.positional('nn.Upsample', { 'size', 'scaleFactor|scale', 'mode',
    'alignCorners' }, size, scale, mode, align)
  if (size == nil) == (scale == nil) then error('nn.Upsample: expected either a size or a scale', 2) end
  check_sizes('size', size)
  check_sizes('scale', scale)
  self.mode = mode or 'nearest'
  if not modes[self.mode] then
    error(("nn.Upsample: mode: expected 'nearest', 'linear', 'bilinear', 'trilinear' or 'bicubic', got %s"):format(
      tostring(mode)), 2)
  end
  if align and self.mode == 'nearest' then error('nn.Upsample: align_corners: not with mode nearest', 2) end
  self.size, self.scale_factor, self.align_corners = size, scale, align or false
end

local function entry(v, d) return type(v) == 'table' and v[d] or v end

local function fill(self, input)
  local mode = modes[self.mode]
  local rank = input.rank
  local p = resample.start(mode[1], self.align_corners, rank - 2)
  for d = 1, rank - 2 do
    local scale = entry(self.scale_factor, d)
    local out = scale and math.floor(tonumber(input.extent[d + 1]) * scale) or entry(self.size, d)
    if type(out) ~= 'number' then common.expected(self, 'as many sizes as spatial dimensions', input) end
    resample.size(d - 1, out, scale)
  end
  return p
end

local of_rank = {}
for i, letters in ipairs { 'W', 'HW', 'THW' } do of_rank[i + 2] = resample.methods({}, letters, fill) end

local function methods(self, input)
  local rank = modes[self.mode][2]
  local forms = { [3] = '[N x C x W]', [4] = '[N x C x H x W]', [5] = '[N x C x T x H x W]' }
  common.check_dims(self, input, rank or 3, rank or 5, 'input ' .. (forms[rank] or 'of 3 to 5 dimensions'))
  return of_rank[input.rank]
end

-- input (N, C, sizes...) → output (N, C, sizes'...)
function Up:updateOutput(input) return methods(self, input).updateOutput(self, input) end
function Up:updateGradInput(input, gradOutput)
  return methods(self, input).updateGradInput(self, input, gradOutput)
end

local function words(v) return type(v) == 'table' and '{' .. table.concat(v, ', ') .. '}' or tostring(v) end

function Up:__tostring__()
  local by = self.size and 'size=' .. words(self.size) or 'scale_factor=' .. words(self.scale_factor)
  return ('%s(%s, mode=%s%s)'):format(torch.type(self), by, self.mode, self.align_corners and ', align_corners' or '')
end

return Up
