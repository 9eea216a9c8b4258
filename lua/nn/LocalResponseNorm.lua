--- nn.LocalResponseNorm(size, [alpha = 1e-4], [beta = 0.75], [k = 1]), or a table of these names: PyTorch's response
-- normalisation across planes, y = x / (k + alpha/size * sum of x^2)^beta, the sum over planes c - floor(size/2) ..
-- c + floor((size - 1)/2).
--
-- input (N, C, ...) of 3 dimensions or more → output (the same). nn.SpatialCrossMapLRN is this for images and odd
-- sizes, whose kernels serve then.
-- @usage y = nn.LocalResponseNorm(2):forward(torch.randn(2, 8, 4))
local Local, parent = torch.class('nn.LocalResponseNorm', 'nn.SpatialCrossMapLRN')
local common = require 'nn.common'
local options = require 'nn.options'
local buffer = common.buffer

function Local:__init(...)
  local who = 'nn.LocalResponseNorm'
  local o = options.read(who, { 'size', 'alpha', 'beta', 'k' }, ...)
  parent.__init(self, options.count(who, 'size', o.size), options.number(who, 'alpha', o.alpha, 1e-4),
    options.number(who, 'beta', o.beta, 0.75), options.number(who, 'k', o.k, 1))
end

-- Do the kernels for images serve?
local function plain(self, input)
  return self.size % 2 == 1 and common.istensor(input) and input:dim() == 4
end

-- out (N, C, ...) += factor * x, for the planes from `before` below to `after` above each
local function add_window(out, factor, x, before, after)
  local C = x:size(2)
  for o = math.max(-before, 1 - C), math.min(after, C - 1) do
    local n = C - math.abs(o)
    out:narrow(2, math.max(1, 1 - o), n):add(factor, x:narrow(2, math.max(1, 1 + o), n))
  end
end

function Local:updateOutput(input)
  if plain(self, input) then return parent.updateOutput(self, input) end
  common.check_dims(self, input, 3, math.huge, 'input [N x C x ...]')
  local size = self.size
  self.square, self.scale = buffer(self.square, input), buffer(self.scale, input)
  self.square:resizeAs(input):cmul(input, input)
  self.scale:resizeAs(input):fill(self.k)
  add_window(self.scale, self.alpha / size, self.square, math.floor(size / 2), math.floor((size - 1) / 2))
  self.output = buffer(self.output, input)
  self.output:resizeAs(input):pow(self.scale, -self.beta):cmul(input)
  return self.output
end

-- dx = g scale^-beta - 2 alpha beta/size x sum over the planes whose window holds this one of g x scale^(-beta - 1)
function Local:updateGradInput(input, gradOutput)
  if plain(self, input) then return parent.updateGradInput(self, input, gradOutput) end
  if not (common.istensor(gradOutput) and gradOutput:isSameSizeAs(input) and common.istensor(self.scale)
    and self.scale:isSameSizeAs(input)) then
    common.expected(self, ('gradOutput %s, after forward'):format(common.shape(input)), gradOutput)
  end
  local size, dx = self.size, buffer(self.gradInput, input)
  self.part, self.gradInput = buffer(self.part, input), dx
  self.square:resizeAs(input):pow(self.scale, -self.beta):cmul(gradOutput) -- g scale^-beta
  self.part:resizeAs(input):cmul(self.square, input):cdiv(self.scale)
  dx:resizeAs(input):zero()
  add_window(dx, -2 * self.alpha * self.beta / size, self.part, math.floor((size - 1) / 2), math.floor(size / 2))
  return dx:cmul(input):add(self.square)
end

function Local:clearState()
  self.square, self.part = nil, nil
  return parent.clearState(self)
end

return Local
