--- nn.SpatialUpSamplingBilinear(scale), nn.SpatialUpSamplingBilinear{oheight = , owidth = }: bilinear interpolation in
-- which the corners' centres stay: result o lies at o * (H - 1)/(H' - 1).
-- input (N, C, H, W) or (C, H, W) → (N, C, H', W') or without N; H' = H*scale or oheight. An integer scale.
-- @usage y = nn.SpatialUpSamplingBilinear(2):forward(torch.randn(3, 4, 4)) -- 3x8x8
local Up, parent = torch.class('nn.SpatialUpSamplingBilinear', 'nn.Module')
local resample = require 'nn.resample'
local fail = require 'torch.position'.fail

local function check_sizes(params)
  if type(params) ~= 'table' or type(params.oheight) ~= 'number' or type(params.owidth) ~= 'number' then
    fail('nn.SpatialUpSamplingBilinear: expected {oheight = number, owidth = number}')
  end
end

function Up:__init(params)
  parent.__init(self)
  if torch.type(params) == 'table' then
    check_sizes(params)
    self.oheight, self.owidth = params.oheight, params.owidth
  else
    if type(params) ~= 'number' or params < 1 or params ~= math.floor(params) then
      error('nn.SpatialUpSamplingBilinear: scale_factor must be an integer >= 1, got ' .. tostring(params), 2)
    end
    self.scale_factor = params
  end
  self.inputSize = torch.LongStorage(4)
  self.outputSize = torch.LongStorage(4)
end

--- Take sizes for the result, {oheight = , owidth = }, in place of a scale.
-- @return self
function Up:setSize(params)
  check_sizes(params)
  self.oheight, self.owidth, self.scale_factor = params.oheight, params.owidth, nil
  return self
end

local function fill(self, input)
  local p = resample.start('linear', true, 2)
  local rank = input.rank
  local sizes = { self.oheight, self.owidth }
  for d = 1, 4 do
    local n = d <= rank and tonumber(input.extent[d - 1]) or 1
    self.inputSize[d], self.outputSize[d] = n, n
  end
  for d = 1, 2 do
    local at = rank - 2 + d
    self.outputSize[at] = sizes[d] or self.inputSize[at] * self.scale_factor
    resample.size(d - 1, self.outputSize[at])
  end
  return p
end

function Up:__tostring__()
  if self.scale_factor then return ('%s(%s)'):format(torch.type(self), self.scale_factor) end
  return ('%s(%s, %s)'):format(torch.type(self), self.oheight, self.owidth)
end

return resample.methods(Up, 'HW', fill)
