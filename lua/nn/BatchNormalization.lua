--- nn.BatchNormalization(n, [eps = 1e-5], [momentum = 0.1], [affine = true]): each feature of a batch to mean 0 and
-- variance 1, then times weight plus bias. Evaluation uses running estimates instead of the batch's.
-- Also the base of the spatial and volumetric ones, which differ in nDim alone.
-- y = (x - mean) / sqrt(variance + eps) · weight + bias, with the mean and biased variance of the batch.
-- With the field trackRunningStats = false evaluation uses the batch's statistics, too.
-- running estimates = (1 - momentum) · themselves + momentum · (mean, unbiased variance).
-- input (N, n), when evaluating also (n) → output (the same).
-- @usage local y = nn.BatchNormalization(5):forward(torch.randn(8, 5))
local BN, parent = torch.class('nn.BatchNormalization', 'nn.Module')
local ffi = require 'ffi'
local common = require 'nn.common'
local utils = require 'nn.utils'
local C, again, buffer = common.C, common.again, common.buffer
local istype, tensor = ffi.istype, ffi.typeof 'struct rk_tensor'

BN.__version = 2 -- 1 held running_std in place of running_var
BN.nDim = 2

local view_x, view_g = common.scratch(), common.scratch()
local params = ffi.new 'struct rk_batchnorm'

function BN:__init(nOutput, eps, momentum, affine)
  parent.__init(self)
  nOutput = common.number(nOutput)
  if type(nOutput) ~= 'number' or nOutput < 1 then
    error(('%s: expected the number of features, got %s'):format(torch.type(self), tostring(nOutput)), 2)
  end
  if affine ~= nil and type(affine) ~= 'boolean' then
    error(('%s: expected true or false for affine, got %s'):format(torch.type(self), torch.type(affine)), 2)
  end
  self.affine = affine ~= false
  self.eps = common.optional(torch.type(self), 'eps', eps) or 1e-5
  self.train = true
  self.momentum = common.optional(torch.type(self), 'momentum', momentum) or 0.1
  self.running_mean = torch.zeros(nOutput)
  self.running_var = torch.ones(nOutput)
  if self.affine then
    self.weight = torch.Tensor(nOutput)
    self.bias = torch.Tensor(nOutput)
    self.gradWeight = torch.Tensor(nOutput)
    self.gradBias = torch.Tensor(nOutput)
  end
  self:reset()
end

--- Weights uniform in [0, 1), bias 0, running estimates forgotten.
function BN:reset()
  if self.weight then self.weight:uniform() end
  if self.bias then self.bias:zero() end
  self.running_mean:zero()
  self.running_var:fill(1)
end

local letters = { [2] = 'N x %d', [4] = 'N x %d x H x W', [5] = 'N x %d x T x H x W' }

--- Check the shape: nDim dimensions, or one less when evaluating.
function BN:checkInputDim(input)
  local single = istype(tensor, input) and input.rank == self.nDim - 1 and self.train == false
  local n = self.running_mean.extent[0]
  if not istype(tensor, input) or (input.rank ~= self.nDim and not single) or input.extent[single and 0 or 1] ~= n then
    local form = (letters[self.nDim] or 'N x %d x ...'):format(tonumber(n))
    common.expected(self, 'a batch [' .. form .. ']' .. (self.train == false and '' or ' when training'), input)
  end
end

-- The statistics of a single value are worth nothing: Torch7 then uses the running ones.
local function several(x)
  if x.extent[0] > 1 then return true end
  for d = 2, x.rank - 1 do
    if x.extent[d] > 1 then return true end
  end
  return false
end

local function fill(self, x)
  params.running_mean, params.running_var = self.running_mean, self.running_var
  params.eps, params.momentum = self.eps, self.momentum
  params.train = ((self.train ~= false or self.trackRunningStats == false) and several(x)) and 1 or 0
  self.save_mean, self.save_std = buffer(self.save_mean, self.running_mean), buffer(self.save_std, self.running_mean)
  params.save_mean, params.save_std = self.save_mean, self.save_std
  return params
end

-- x itself, or a view of it as a batch of one.
local function batched(self, view, x)
  if x.rank == self.nDim then return x end
  view.dt = x.dt
  local s = C.rk_unsqueeze(view, x, 0)
  if s ~= 0 then again(self, s, C.rk_unsqueeze, view, x, 0) end
  return view
end

-- input (N, n, ...) → output (the same); a single (n, ...) gives (1, n, ...)
function BN:updateOutput(input)
  self:checkInputDim(input)
  local out, x = buffer(self.output, input), batched(self, view_x, input)
  local p = fill(self, x)
  self.output = out
  local s = C.rk_batchnorm_forward(out, x, self.weight, self.bias, p)
  if s ~= 0 then again(self, s, C.rk_batchnorm_forward, out, x, self.weight, self.bias, p) end
  C.rk_tensor_drop(view_x)
  return out
end

local function backward(self, input, gradOutput, scale, dx, dw, db)
  self:checkInputDim(input)
  scale = common.scale(self, scale)
  common.check_dims(self, gradOutput, input.rank, self.nDim, 'gradOutput of the output\'s size')
  if not self.save_mean then error(tostring(self) .. ': backward before forward', 0) end
  local x, g = batched(self, view_x, input), batched(self, view_g, gradOutput)
  local p = fill(self, x)
  local s = C.rk_batchnorm_backward(dx, dw, db, g, x, self.weight, scale, p)
  if s ~= 0 then again(self, s, C.rk_batchnorm_backward, dx, dw, db, g, x, self.weight, scale, p) end
  C.rk_tensor_drop(view_x)
  C.rk_tensor_drop(view_g)
end

--- Both gradients at once, in one pass over the data.
function BN:backward(input, gradOutput, scale)
  self.gradInput = buffer(self.gradInput, input)
  backward(self, input, gradOutput, scale, self.gradInput, self.gradWeight, self.gradBias)
  return self.gradInput
end

function BN:updateGradInput(input, gradOutput)
  self.gradInput = buffer(self.gradInput, input)
  backward(self, input, gradOutput, 1, self.gradInput, nil, nil)
  return self.gradInput
end

function BN:accGradParameters(input, gradOutput, scale)
  if self.gradWeight then backward(self, input, gradOutput, scale, nil, self.gradWeight, self.gradBias) end
end

function BN:read(file, version)
  parent.read(self, file)
  if (version or 0) < 2 and self.running_std then
    self.running_var = self.running_std:pow(-2):add(-self.eps)
    self.running_std = nil
  end
end

function BN:clearState()
  utils.clear(self, '_input', '_gradOutput')
  self.save_mean, self.save_std = nil, nil
  return parent.clearState(self)
end

function BN:__tostring__()
  return ('%s (%dD) (%d)'):format(torch.type(self), self.nDim, self.running_mean:nElement())
end

return BN
