--- What nn.SpatialDropout and nn.VolumetricDropout share, and nn.Dropout1d, 2d, 3d: whole planes are dropped.
--
-- As in Torch7, what stays is not scaled up while training; evaluation multiplies by 1 - p instead. The others scale up
-- by 1 / (1 - p), as PyTorch's do, and leave the input as it is when evaluating.
local common = require 'nn.common'
local options = require 'nn.options'
local C, again, buffer = common.C, common.again, common.buffer

--- Define the class.
-- @param name 'nn.SpatialDropout'
-- @param dims how many dimensions a plane has
-- @param letters of these, for messages: 'H x W'
-- @param[opt] scaled true: what stays is scaled up while training
return function(name, dims, letters, scaled)
  local Dropout, parent = torch.class(name, 'nn.Module')
  local expected = ('input [N x C x %s] or [C x %s]'):format(letters, letters)

  -- PyTorch's second argument is inplace, which these never are.
  local names = { 'p', scaled and 'inplace' or 'stochasticInference' }
  function Dropout:__init(p, stochasticInference)
    parent.__init(self)
    p, stochasticInference = options.positional(name, names, p, stochasticInference)
    self.p = common.probability(name, p or 0.5, true)
    self.train = true
    self.stochastic_inference = not scaled and stochasticInference or false
    self.noise = torch.Tensor()
  end

  -- out = x * noise, one number a plane
  local function multiply(self, out, x)
    local s = C.rk_map2(C.RK_OP_cmul, out, x, self.noise, 0)
    if s ~= 0 then again(self, s, C.rk_map2, C.RK_OP_cmul, out, x, self.noise, 0) end
    return out
  end

  local function times(self, out, x, factor)
    local s = C.rk_map1(C.RK_OP_mul, out, x, factor, 0)
    if s ~= 0 then again(self, s, C.rk_map1, C.RK_OP_mul, out, x, factor, 0) end
    return out
  end

  local shape = { 1, 1, 1, 1, 1 }
  -- input (N, C, sizes...) or (C, sizes...) → output (the same)
  function Dropout:updateOutput(input)
    common.check_dims(self, input, dims + 1, dims + 2, expected)
    local out = buffer(self.output, input)
    self.output = out
    if self.train or self.stochastic_inference then
      self.noise = buffer(self.noise, input)
      local rank = input.rank
      for d = 1, rank do shape[d] = d <= rank - dims and tonumber(input.extent[d - 1]) or 1 end
      if rank == 2 then
        self.noise:resize(shape[1], 1)
      elseif rank == 3 then
        self.noise:resize(shape[1], shape[2], 1)
      elseif rank == 4 then
        self.noise:resize(shape[1], shape[2], 1, 1)
      else
        self.noise:resize(shape[1], shape[2], 1, 1, 1)
      end
      self.noise:bernoulli(1 - self.p)
      if scaled and self.p < 1 then self.noise:div(1 - self.p) end
      return multiply(self, out, input)
    end
    return times(self, out, input, scaled and 1 or 1 - self.p)
  end

  function Dropout:updateGradInput(input, gradOutput)
    common.check_dims(self, input, dims + 1, dims + 2, expected)
    common.check_dims(self, gradOutput, input.rank, input.rank, 'gradOutput of the output\'s size')
    if not self.train and not scaled then
      error(tostring(self) .. ': backward is defined while training only', 0)
    end
    self.gradInput = buffer(self.gradInput, gradOutput)
    if not (self.train or self.stochastic_inference) then return times(self, self.gradInput, gradOutput, 1) end
    return multiply(self, self.gradInput, gradOutput)
  end

  --- Change the probability.
  function Dropout:setp(p) self.p = common.probability(name, p, true) end

  function Dropout:clearState()
    if self.noise then self.noise:set() end
    return parent.clearState(self)
  end

  function Dropout:__tostring__() return ('%s(%f)'):format(torch.type(self), self.p) end

  return Dropout
end
