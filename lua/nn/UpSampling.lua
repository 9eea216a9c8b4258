--- nn.UpSampling(scale, [mode = 'nearest']), nn.UpSampling({odepth = , oheight = , owidth = }, [mode]): mode is
-- 'nearest' (every element repeated) or 'linear', also spelled 'bilinear' and 'trilinear' (interpolation in which the
-- corners' centres stay: result o lies at o * (H - 1)/(H' - 1)).
-- input (N, C, H, W) or (N, C, T, H, W) → the same with H' = floor(H*scale) or oheight, others likewise.
-- @usage y = nn.UpSampling(2, 'linear'):forward(torch.randn(1, 3, 4, 4)) -- 1x3x8x8
local Up, parent = torch.class('nn.UpSampling', 'nn.Module')
local common = require 'nn.common'
local resample = require 'nn.resample'

local modes = { nearest = 'nearest', linear = 'linear', bilinear = 'linear', trilinear = 'linear' }
local names = { 'odepth', 'oheight', 'owidth' }

function Up:__init(params, mode)
  parent.__init(self)
  self.mode = modes[mode or 'nearest']
  if not self.mode then
    error(("nn.UpSampling: mode: expected 'nearest', 'linear', 'bilinear' or 'trilinear', got %s"):format(
      tostring(mode)), 2)
  end
  if torch.type(params) == 'table' then
    self:setSize(params)
  else
    if type(params) ~= 'number' or params < 1 then
      error('nn.UpSampling: scale_factor must be greater than 1, got ' .. tostring(params), 2)
    end
    self.scale_factor = params
  end
  self.inputSize = torch.LongStorage(5)
  self.outputSize = torch.LongStorage(5)
end

--- Take sizes for the result, {[odepth = ,] oheight = , owidth = }, in place of a scale.
function Up:setSize(params)
  if type(params) ~= 'table' or type(params.oheight) ~= 'number' or type(params.owidth) ~= 'number' then
    error('nn.UpSampling: expected {[odepth = number,] oheight = number, owidth = number}', 2)
  end
  for _, name in ipairs(names) do self[name] = params[name] end
  self.scale_factor = nil
end

local function sizes(self, input)
  common.check_dims(self, input, 4, 5, 'input [N x C x H x W] or [N x C x T x H x W]')
  local rank = input.rank
  if self.inputSize:size() ~= rank then
    self.inputSize:resize(rank)
    self.outputSize:resize(rank)
  end
  for d = 1, rank do
    local n = tonumber(input.extent[d - 1])
    self.inputSize[d], self.outputSize[d] = n, n
    local name = names[d - rank + 3]
    if d > 2 and self.scale_factor then
      self.outputSize[d] = math.floor(n * self.scale_factor)
    elseif d > 2 then
      self.outputSize[d] = self[name] or common.expected(self, 'a size ' .. name .. ' for five dimensions', input)
    end
  end
  return rank
end

local function fill(self, input)
  local rank = sizes(self, input)
  local p = resample.start(self.mode, true, rank - 2)
  for d = 3, rank do resample.size(d - 3, self.outputSize[d], self.mode == 'nearest' and self.scale_factor or nil) end
  return p
end

-- The number of dimensions says which of the two it is; there is no single sample.
local two = resample.methods({}, 'HW', fill)
local three = resample.methods({}, 'THW', fill)

-- input (N, C, sizes...) → output (N, C, sizes'...)
function Up:updateOutput(input)
  common.check_dims(self, input, 4, 5, 'input [N x C x H x W] or [N x C x T x H x W]')
  return (input.rank == 4 and two or three).updateOutput(self, input)
end

function Up:updateGradInput(input, gradOutput)
  common.check_dims(self, input, 4, 5, 'input [N x C x H x W] or [N x C x T x H x W]')
  return (input.rank == 4 and two or three).updateGradInput(self, input, gradOutput)
end

function Up:__tostring__()
  local s
  if self.scale_factor then
    s = ('%dx'):format(self.scale_factor)
  elseif self.odepth then
    s = ('%dx%dx%d'):format(self.odepth, self.oheight, self.owidth)
  else
    s = ('%dx%d'):format(self.oheight, self.owidth)
  end
  return ('%s(%s, %s)'):format(torch.type(self), s, self.mode)
end

return Up
