--- nn.Dropout([p = 0.5], [v1], [inplace], [stochasticInference]): sets elements to 0 with probability p while training.
-- What stays is divided by 1 - p; with v1 it is not, and evaluation multiplies by 1 - p instead.
-- y = m x / (1 - p), each m 1 with probability 1 - p, else 0. input (any shape) → output (the same).
-- @usage local y = nn.Dropout(0.2):forward(torch.ones(2, 3))
local Dropout, parent = torch.class('nn.Dropout', 'nn.Module')
local options = require 'nn.options'
local common = require 'nn.common'
local C, again, buffer = common.C, common.again, common.buffer

local names = { 'p', 'v1', 'inplace', 'stochasticInference' }

function Dropout:__init(p, v1, inplace, stochasticInference)
  parent.__init(self)
  p, v1, inplace, stochasticInference = options.positional('nn.Dropout', names, p, v1, inplace,
    stochasticInference)
  self.p = common.probability('nn.Dropout', p or 0.5)
  self.train = true
  self.inplace = inplace
  self.stochastic_inference = stochasticInference or false
  self.v2 = not v1
  self.noise = torch.Tensor()
end

-- Copy x to the buffer, or make the buffer x itself.
local function start(self, out, x)
  if self.inplace then
    out:set(x)
    return
  end
  local s = C.rk_copy(common.like(out, x), x)
  if s ~= 0 then again(self, s, C.rk_copy, out, x) end
end

local function multiply(self, out, noise)
  local s = C.rk_map2(C.RK_OP_cmul, out, out, noise, 0)
  if s ~= 0 then again(self, s, C.rk_map2, C.RK_OP_cmul, out, out, noise, 0) end
end

-- input (any shape) → output (the same)
function Dropout:updateOutput(input)
  common.check_tensor(self, input)
  local out = buffer(self.output, input)
  self.output = out
  start(self, out, input)
  if self.p > 0 then
    if self.train or self.stochastic_inference then
      local noise = buffer(self.noise, input)
      self.noise = noise
      noise:resizeAs(input)
      noise:bernoulli(1 - self.p)
      if self.v2 then noise:div(1 - self.p) end
      multiply(self, out, noise)
    elseif not self.v2 then
      out:mul(1 - self.p)
    end
  end
  return out
end

function Dropout:updateGradInput(_input, gradOutput)
  common.check_tensor(self, gradOutput, 'gradOutput')
  local dx = buffer(self.gradInput, gradOutput)
  self.gradInput = dx
  start(self, dx, gradOutput)
  if self.p > 0 then
    if self.train then
      multiply(self, dx, self.noise)
    elseif not self.v2 then
      dx:mul(1 - self.p)
    end
  end
  return dx
end

--- Change the probability.
function Dropout:setp(p) self.p = common.probability('nn.Dropout', p) end

function Dropout:clearState()
  if self.noise then self.noise:set() end
  return parent.clearState(self)
end

function Dropout:__tostring__() return ('%s(%f)'):format(torch.type(self), self.p) end

return Dropout
