--- nn.SpectralNorm(module, [nPowerIterations = 1], [eps = 1e-12], [dim]): divides a module's weight by its largest
-- singular value, w = v / σ(v), so that the layer is not steeper than 1.
--
-- Shapes: those of the module. v, of the weight's sizes, is learnt in its place (field `original`). σ comes from power
-- iterations on the weight as a matrix of one row an output, nPowerIterations of them at each forward while training:
-- v_ = normalize(wᵀ u_), u_ = normalize(w v_), σ = u_ᵀ w v_; u_ and v_ are kept (fields u, v) and count as constants.
-- dim: the weight's dimension that counts outputs, 1, for transposed convolutions 2. eps: least length divided by.
-- Miyato et al. 2018, Spectral Normalization for Generative Adversarial Networks.
-- @usage nn.SpectralNorm(nn.Linear(3, 2)):forward(torch.randn(4, 3))
local SpectralNorm, parent = torch.class('nn.SpectralNorm', 'nn.Decorator')
local common = require 'nn.common'
local options = require 'nn.options'

local who = 'nn.SpectralNorm'

local function is_transposed(module)
  return torch.isTypeOf(module, 'nn.SpatialFullConvolution') or torch.isTypeOf(module, 'nn.VolumetricFullConvolution')
end

function SpectralNorm:__init(module, ...)
  local o = options.read(who, { 'nPowerIterations', 'eps', 'dim' }, ...)
  parent.__init(self, module)
  local w = module.weight
  if not torch.isTensor(w) or w:dim() < 2 then
    error(('%s: expected a module with a weight of two dimensions or more, got %s'):format(who, torch.type(module)), 2)
  end
  self.nPowerIterations = options.count(who, 'nPowerIterations', o.nPowerIterations or 1)
  self.eps = options.number(who, 'eps', o.eps, 1e-12)
  self.outputDim = options.count(who, 'dim', o.dim or (is_transposed(module) and 2 or 1))
  if self.outputDim > w:dim() then options.refuse(who, 'dim', ('a dimension of 1..%d'):format(w:dim()), o.dim) end
  self.weight, self.gradWeight = w, module.gradWeight
  self.original, self.gradOriginal = w:clone(), w:clone():zero()
  local rows = w:size(self.outputDim)
  self.u, self.v = w.new(rows):normal(), w.new(w:nElement() / rows):normal()
  for _, t in ipairs { self.u, self.v } do t:div(math.max(t:norm(), self.eps)) end
end

-- A weight as a matrix (outputs, rest): a view, or a packed copy where outputs do not come first.
local function matrix(self, w, field)
  if self.outputDim > 1 then
    w = w:transpose(1, self.outputDim)
    self[field] = common.space(self, field, w)
    w = self[field]:copy(w)
  end
  return w:view(w:size(1), -1)
end

-- The matrix laid out as a weight again.
local function laid_out(self, m)
  local w = self.original
  if self.outputDim == 1 then return m:viewAs(w) end
  return m:view(w:transpose(1, self.outputDim):size()):transpose(1, self.outputDim)
end

local function normalize(t, eps) return t:div(math.max(t:norm(), eps)) end

--- weight = original / σ, after the power iterations where the module is training.
-- @return σ
function SpectralNorm:updateWeight()
  local w = matrix(self, self.original, '_matrix')
  if self.train ~= false then
    for _ = 1, self.nPowerIterations do
      normalize(self.v:mv(w:t(), self.u), self.eps)
      normalize(self.u:mv(w, self.v), self.eps)
    end
  end
  self._product = common.buffer(self._product, self.u)
  self.sigma = self.u:dot(self._product:resizeAs(self.u):mv(w, self.v))
  self.weight:div(self.original, self.sigma)
  return self.sigma
end

function SpectralNorm:updateOutput(input)
  self:updateWeight()
  return parent.updateOutput(self, input)
end

-- With dw of the module: dv = dw / σ - (dw . v) / σ² u_ v_ᵀ
function SpectralNorm:accGradParameters(input, gradOutput, scale)
  if not self.sigma then error(tostring(self) .. ': backward before forward', 0) end
  self.gradWeight:zero()
  parent.accGradParameters(self, input, gradOutput, scale)
  self.gradOriginal:add(1 / self.sigma, self.gradWeight)
  local along = self.gradWeight:dot(self.original) / (self.sigma * self.sigma)
  self._outer = common.buffer(self._outer, self.u)
  local outer = self._outer:resize(self.u:nElement(), self.v:nElement()):zero():addr(self.u, self.v)
  self.gradOriginal:add(-along, laid_out(self, outer))
end

function SpectralNorm:accUpdateGradParameters(input, gradOutput, lr)
  self:zeroGradParameters()
  self:accGradParameters(input, gradOutput, 1)
  self:updateParameters(lr)
end

SpectralNorm.sharedAccUpdateGradParameters = SpectralNorm.accUpdateGradParameters

--- The module's parameters, `original` in the place of its weight.
function SpectralNorm:parameters()
  local params, grads = self.modules[1]:parameters()
  for i, p in ipairs(params) do
    if p == self.weight or p == self.modules[1].weight then params[i], grads[i] = self.original, self.gradOriginal end
  end
  return params, grads
end

function SpectralNorm:zeroGradParameters() nn.Module.zeroGradParameters(self) end

function SpectralNorm:updateParameters(lr) nn.Module.updateParameters(self, lr) end

function SpectralNorm:reset(stdv)
  self.modules[1]:reset(stdv)
  self.original:copy(self.weight)
end

function SpectralNorm:clearState()
  self._product, self._outer, self._matrix = nil, nil, nil
  return parent.clearState(self)
end

return SpectralNorm
