--- What nn.InstanceNorm1d, 2d and 3d share: every plane of every sample to mean 0 and variance 1 by itself.
local ffi = require 'ffi'
local common = require 'nn.common'
local groupnorm = require 'nn.groupnorm'
local options = require 'nn.options'
local planes = require 'nn.planes'
local C, again, buffer = common.C, common.again, common.buffer

local params = ffi.new 'struct rk_batchnorm'
local view_x, view_g = common.scratch(), common.scratch()

-- running = (1 - momentum) * running + momentum * mean over the batch, with the unbiased variance
local function move(self, x)
  local n = x:nElement() / (x:size(1) * x:size(2))
  self._move, self._mean = buffer(self._move, self.save_std), buffer(self._mean, self.save_mean)
  self._mean:mean(self.save_mean, 1)
  self.running_mean:mul(1 - self.momentum):add(self.momentum, self._mean)
  self._move:resizeAs(self.save_std):pow(self.save_std, -2):add(-self.eps)
  self._mean:mean(self._move, 1)
  self.running_var:mul(1 - self.momentum):add(self.momentum * n / math.max(1, n - 1), self._mean)
end

local function fixed(self)
  params.running_mean, params.running_var = self.running_mean, self.running_var
  params.eps, params.momentum, params.train = self.eps, self.momentum, 0
  return params
end

--- Define the class.
-- @param dims spatial dimensions
return function(dims)
  local name = ('nn.InstanceNorm%dd'):format(dims)
  local Norm, parent = torch.class(name, 'nn.Module')
  local check_input = planes.checker(({ 'L', 'HW', 'THW' })[dims])

  function Norm:__init(...)
    parent.__init(self)
    local o = options.read(name, { 'numFeatures', 'eps', 'momentum', 'affine', 'trackRunningStats' }, ...)
    self.planes = options.count(name, 'numFeatures', o.numFeatures)
    self.eps = options.number(name, 'eps', o.eps, 1e-5)
    self.momentum = options.number(name, 'momentum', o.momentum, 0.1)
    self.train = true
    if options.flag(name, 'affine', o.affine, false) then groupnorm.allocate(self, true, self.planes) end
    if options.flag(name, 'trackRunningStats', o.trackRunningStats, false) then
      self.running_mean, self.running_var = torch.zeros(self.planes), torch.ones(self.planes)
    end
    groupnorm.reset(self)
  end

  --- weight 1, bias 0, running estimates forgotten.
  function Norm:reset()
    groupnorm.reset(self)
    if self.running_mean then
      self.running_mean:zero()
      self.running_var:fill(1)
    end
  end

  local function batched(self, view, x)
    if x.rank == dims + 2 then return x end
    return planes.batch_of_one(self, view, x)
  end

  local function check(self, input)
    check_input(self, input)
    if input.extent[input.rank - dims - 1] ~= self.planes then
      common.expected(self, ('%d planes'):format(self.planes), input)
    end
  end

  -- input (N, planes, sizes...) → output (the same); or without N
  function Norm:updateOutput(input)
    check(self, input)
    local x = batched(self, view_x, input)
    if self.running_mean and self.train == false then
      self.output = buffer(self.output, input)
      local p = fixed(self)
      local s = C.rk_batchnorm_forward(self.output, x, self.weight, self.bias, p)
      if s ~= 0 then again(self, s, C.rk_batchnorm_forward, self.output, x, self.weight, self.bias, p) end
    else
      groupnorm.forward(self, x, self.planes)
      if self.running_mean and self.train ~= false then move(self, x) end
    end
    if input.rank == dims + 1 then planes.drop_batch(self.output) end
    C.rk_tensor_drop(view_x)
    return self.output
  end

  local function backward(self, input, gradOutput, scale, dx, dw, db)
    check(self, input)
    scale = common.scale(self, scale)
    common.check_dims(self, gradOutput, input.rank, input.rank, 'gradOutput of the output\'s size')
    local x, g = batched(self, view_x, input), batched(self, view_g, gradOutput)
    if self.running_mean and self.train == false then
      local p = fixed(self)
      local s = C.rk_batchnorm_backward(dx, dw, db, g, x, self.weight, scale, p)
      if s ~= 0 then again(self, s, C.rk_batchnorm_backward, dx, dw, db, g, x, self.weight, scale, p) end
    else
      groupnorm.backward(self, x, g, self.planes, false, scale, dx, dw, db)
    end
    if dx and input.rank == dims + 1 then planes.drop_batch(dx) end
    C.rk_tensor_drop(view_x)
    C.rk_tensor_drop(view_g)
    return dx
  end

  --- Both gradients at once, in one pass over the data.
  function Norm:backward(input, gradOutput, scale)
    check(self, input)
    self.gradInput = buffer(self.gradInput, input)
    return backward(self, input, gradOutput, scale, self.gradInput, self.gradWeight, self.gradBias)
  end

  function Norm:updateGradInput(input, gradOutput)
    check(self, input)
    self.gradInput = buffer(self.gradInput, input)
    return backward(self, input, gradOutput, 1, self.gradInput, nil, nil)
  end

  function Norm:accGradParameters(input, gradOutput, scale)
    if self.gradWeight then backward(self, input, gradOutput, scale, nil, self.gradWeight, self.gradBias) end
  end

  function Norm:clearState()
    groupnorm.clear(self)
    self._move, self._mean = nil, nil
    return parent.clearState(self)
  end

  function Norm:__tostring__() return ('%s(%d)'):format(torch.type(self), self.planes) end

  return Norm
end
