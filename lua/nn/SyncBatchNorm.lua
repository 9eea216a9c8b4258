--- nn.SyncBatchNorm(numFeatures, [eps = 1e-5], [momentum = 0.1], [affine = true], [trackRunningStats = true]), or a
-- table of these names: batch normalisation over a batch that several processes share, for inputs of 2 to 5 dimensions.
--
-- There is one process here, and its batch is the whole one: the same numbers as nn.BatchNorm1d, 2d, 3d.
-- y = (x - mean) / sqrt(variance + eps) · weight + bias, mean and variance of a feature over all other dimensions.
-- input (N, C), (N, C, L), (N, C, H, W) or (N, C, T, H, W) → output (the same). weight begins at 1.
-- nn.SyncBatchNorm.convertSyncBatchnorm(net) puts it in the place of every batch normalisation of a net.
-- @usage local y = nn.SyncBatchNorm(3):forward(torch.randn(2, 3, 4, 5))
local Sync, parent = torch.class('nn.SyncBatchNorm', 'nn.BatchNormalization')
local common = require 'nn.common'
local options = require 'nn.options'

local names = { 'numFeatures', 'eps', 'momentum', 'affine', 'trackRunningStats', 'processGroup' }

function Sync:__init(...)
  local who = 'nn.SyncBatchNorm'
  local o = options.read(who, names, ...)
  options.count(who, 'numFeatures', o.numFeatures)
  if o.processGroup ~= nil then options.refuse(who, 'processGroup', 'none: there is one process', o.processGroup) end
  parent.__init(self, o.numFeatures, options.number(who, 'eps', o.eps, 1e-5),
    options.number(who, 'momentum', o.momentum, 0.1), options.flag(who, 'affine', o.affine, true))
  if self.weight then self.weight:fill(1) end
  if not options.flag(who, 'trackRunningStats', o.trackRunningStats, true) then self.trackRunningStats = false end
end

--- Check the shape: any batch of 2 to 5 dimensions.
function Sync:checkInputDim(input)
  local n = self.running_mean:nElement()
  if not common.istensor(input) or input.rank < 2 or input.rank > 5 or input.extent[1] ~= n then
    common.expected(self, ('a batch [N x %d], [N x %d x ...] of up to 5 dimensions'):format(n, n), input)
  end
  self.nDim = input.rank
end

-- The parent keeps three forms apart by nDim; sequences are images of one row.
local function image(x)
  if not common.istensor(x) or x.rank ~= 3 then return x end
  return x:contiguous():view(x:size(1), x:size(2), 1, x:size(3))
end

local function sequence(y) return y:view(y:size(1), y:size(2), y:size(4)) end

-- input (N, C, ...) → output (the same)
function Sync:updateOutput(input)
  self:checkInputDim(input)
  local y = parent.updateOutput(self, image(input))
  if input.rank == 3 then self.output = sequence(y) end
  return self.output
end

--- Both gradients at once, in one pass over the data.
function Sync:backward(input, gradOutput, scale)
  local dx = parent.backward(self, image(input), image(gradOutput), scale)
  if input.rank == 3 then self.gradInput = sequence(dx) end
  return self.gradInput
end

function Sync:updateGradInput(input, gradOutput)
  local dx = parent.updateGradInput(self, image(input), image(gradOutput))
  if input.rank == 3 then self.gradInput = sequence(dx) end
  return self.gradInput
end

function Sync:accGradParameters(input, gradOutput, scale)
  parent.accGradParameters(self, image(input), image(gradOutput), scale)
end

-- The fields of a batch normalisation go over into one of this class.
local function converted(norm)
  local sync = nn.SyncBatchNorm(norm.running_mean:nElement(), norm.eps, norm.momentum, norm.affine)
  for _, name in ipairs { 'weight', 'bias', 'gradWeight', 'gradBias', 'running_mean', 'running_var', 'train', '_type',
    'trackRunningStats', 'output', 'gradInput' } do
    sync[name] = norm[name]
  end
  return sync
end

--- Put nn.SyncBatchNorm in the place of every batch normalisation of a net; parameters and statistics stay the same
-- tensors.
-- @function convertSyncBatchnorm
-- @param module a net
-- @return the net, changed in place (a batch normalisation itself: its successor)
-- @usage local net = nn.SyncBatchNorm.convertSyncBatchnorm(nn.Sequential():add(nn.SpatialBatchNormalization(3)))
function Sync.convertSyncBatchnorm(module)
  if not torch.isTypeOf(module, 'nn.Module') then
    options.refuse('nn.SyncBatchNorm.convertSyncBatchnorm', 'module', 'a module', module)
  end
  return module:replace(function(m)
    local row = torch.isTypeOf(m, 'nn.OneRow') and m.flat and m:get(1) or m
    if torch.isTypeOf(row, 'nn.BatchNormalization') and not torch.isTypeOf(row, 'nn.SyncBatchNorm') then
      return converted(row)
    end
    return m
  end)
end
Sync.convert_sync_batchnorm = Sync.convertSyncBatchnorm

return Sync
