--- nn.SpatialUpSamplingNearest(scale): every element repeated `scale` times in both directions.
-- input (N, C, H, W) or (C, H, W) → (N, C, H*scale, W*scale) or without N; an integer scale.
-- @usage y = nn.SpatialUpSamplingNearest(2):forward(torch.randn(3, 4, 4)) -- 3x8x8
local Up, parent = torch.class('nn.SpatialUpSamplingNearest', 'nn.Module')
local resample = require 'nn.resample'

function Up:__init(scale)
  parent.__init(self)
  if type(scale) ~= 'number' or scale < 1 or scale ~= math.floor(scale) then
    error('nn.SpatialUpSamplingNearest: scale_factor must be an integer greater than 1, got ' .. tostring(scale), 2)
  end
  self.scale_factor = scale
  self.inputSize = torch.LongStorage(4)
  self.outputSize = torch.LongStorage(4)
end

-- Torch7 keeps both sizes, with 1 for a missing batch dimension's last place.
local function fill(self, input)
  local p = resample.start('nearest', false, 2)
  local rank = input.rank
  for d = 1, 4 do
    local n = d <= rank and tonumber(input.extent[d - 1]) or 1
    self.inputSize[d] = n
    self.outputSize[d] = d > rank - 2 and d <= rank and n * self.scale_factor or n
  end
  for d = 0, 1 do resample.size(d, self.outputSize[rank - 1 + d], self.scale_factor) end
  return p
end

return resample.methods(Up, 'HW', fill)
