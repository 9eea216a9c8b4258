--- nn.DropPath([p = 0.5]): sets whole samples to 0 with probability p while training and divides the others by 1 - p,
-- so that a residual branch is left out now and then (stochastic depth; Huang et al., 2016). Evaluation changes
-- nothing.
-- input (N, ...) → output (the same).
-- @usage y = nn.DropPath(0.2):forward(torch.randn(8, 3, 4, 4))
local DropPath, parent = torch.class('nn.DropPath', 'nn.Module')
local common = require 'nn.common'
local C, again, buffer = common.C, common.again, common.buffer

function DropPath:__init(p)
  parent.__init(self)
  self:setp(p or 0.5)
  self.train = true
  self.noise = torch.Tensor()
end

--- Change the probability.
function DropPath:setp(p)
  self.p = common.probability('nn.DropPath', p)
end

local function multiply(self, out, x)
  if not self.train or self.p == 0 then return out:resizeAs(x):copy(x) end
  local s = C.rk_map2(C.RK_OP_cmul, out, x, self.noise, 0)
  if s ~= 0 then again(self, s, C.rk_map2, C.RK_OP_cmul, out, x, self.noise, 0) end
  return out
end

-- input (N, ...) → output (the same)
function DropPath:updateOutput(input)
  common.check_dims(self, input, 1, 12, 'input [N x ...]')
  self.output = buffer(self.output, input)
  if self.train and self.p > 0 then
    local sizes = input:size():fill(1)
    sizes[1] = input:size(1)
    self.noise = buffer(self.noise, input)
    self.noise:resize(sizes):bernoulli(1 - self.p):div(1 - self.p)
  end
  return multiply(self, self.output, input)
end

function DropPath:updateGradInput(input, gradOutput)
  common.check_tensor(self, input)
  common.check_dims(self, gradOutput, input.rank, input.rank, 'gradOutput of the output\'s size')
  self.gradInput = buffer(self.gradInput, input)
  return multiply(self, self.gradInput, gradOutput)
end

function DropPath:clearState()
  if self.noise then self.noise:set() end
  return parent.clearState(self)
end

function DropPath:__tostring__() return ('%s(%g)'):format(torch.type(self), self.p) end

return DropPath
