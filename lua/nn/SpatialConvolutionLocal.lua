--- nn.SpatialConvolutionLocal(nIn, nOut, iW, iH, kW, kH, [dW = 1], [dH = 1], [padW = 0], [padH = padW]): a convolution
-- with other weights at each place.
--
-- y[n,o,i,j] = b[o,i,j] + Σ_{c,u,v} w[i,j,o,c,u,v] · x[n, c, i·dH + u - padH, j·dW + v - padW].
-- input (N, nIn, iH, iW) or (nIn, iH, iW) → output (N, nOut, oH, oW), oH = floor((iH + 2·padH - kH) / dH) + 1.
-- weight (oH, oW, nOut, nIn, kH, kW), bias (nOut, oH, oW). Any other size of input is an error.
-- @usage print(nn.SpatialConvolutionLocal(2, 3, 8, 6, 3, 3):forward(torch.randn(2, 6, 8)):size())
local Local, parent = torch.class('nn.SpatialConvolutionLocal', 'nn.Module')
local convolution = require 'nn.convolution'
local common = require 'nn.common'

local buffers = setmetatable({}, { __mode = 'k' }) -- not fields, which files would hold

function Local:__init(nInputPlane, nOutputPlane, iW, iH, kW, kH, dW, dH, padW, padH)
  parent.__init(self)
  convolution.store(self, 1, { 'nInputPlane', 'nOutputPlane', 'iW', 'iH', 'kW', 'kH', 'dW', 'dH' }, nInputPlane,
    nOutputPlane, iW, iH, kW, kH, dW or 1, dH or 1)
  convolution.store(self, 0, { 'padW', 'padH' }, padW or 0, padH or padW or 0)
  self.oW = math.floor((iW + 2 * self.padW - kW) / self.dW) + 1
  self.oH = math.floor((iH + 2 * self.padH - kH) / self.dH) + 1
  if self.oW < 1 or self.oH < 1 then
    error(('%s: a kernel of %dx%d does not fit the padded input of %dx%d (width x height)'):format(torch.type(self), kW,
      kH, iW + 2 * self.padW, iH + 2 * self.padH), 2)
  end
  self.weight = torch.Tensor(self.oH, self.oW, nOutputPlane, nInputPlane, kH, kW)
  self.bias = torch.Tensor(nOutputPlane, self.oH, self.oW)
  self.gradWeight, self.gradBias = torch.Tensor():resizeAs(self.weight), torch.Tensor():resizeAs(self.bias)
  self:reset()
end

--- Draw new weights, uniform in ±stdv*sqrt(3), by default ±1/sqrt(kW*kH*nIn).
function Local:reset(stdv)
  stdv = common.spread(self, stdv, self.kW * self.kH * self.nInputPlane)
  self.weight:uniform(-stdv, stdv)
  self.bias:uniform(-stdv, stdv)
end

local function mine(self)
  local b = buffers[self] or {}
  buffers[self] = b
  for _, name in ipairs { 'padded', 'columns', 'rows', 'folded' } do b[name] = common.buffer(b[name], self.weight) end
  return b
end

-- (N, nIn, iH, iW)
local function batch_of(self, x)
  local ok = common.istensor(x) and (x.rank == 3 or x.rank == 4) and x:size(x.rank - 2) == self.nInputPlane
  if not ok or x:size(x.rank - 1) ~= self.iH or x:size(x.rank) ~= self.iW then
    local form = ('%d x %d x %d'):format(self.nInputPlane, self.iH, self.iW)
    common.expected(self, ('input [N x %s] or [%s]'):format(form, form), x)
  end
  return x.rank == 4 and x or x:contiguous():view(1, self.nInputPlane, self.iH, self.iW)
end

-- (N, nOut, oH, oW)
local function gradient_of(self, x, g)
  local n = self.nOutputPlane * self.oH * self.oW * x:size(1)
  if not common.istensor(g) or (g.rank ~= 3 and g.rank ~= 4) or g:nElement() ~= n then
    local form = { x:size(1), self.nOutputPlane, self.oH, self.oW }
    common.expected(self, ('gradOutput [%s]'):format(table.concat(form, ' x ')), g)
  end
  return g.rank == 4 and g or g:contiguous():view(1, self.nOutputPlane, self.oH, self.oW)
end

-- The patches of a padded batch, one window of its memory: (oH, oW, nIn, kH, kW, N).
local function patches(self, padded)
  return padded:unfold(3, self.kH, self.dH):unfold(4, self.kW, self.dW):permute(3, 4, 2, 5, 6, 1)
end

-- Places, products of a place, images.
local function sizes(self, n)
  return self.oH * self.oW, self.nInputPlane * self.kH * self.kW, n
end

-- columns (places, nIn·kH·kW, N) of x
local function unfold(self, b, x)
  local n = x:size(1)
  b.padded:resize(n, self.nInputPlane, self.iH + 2 * self.padH, self.iW + 2 * self.padW)
  if self.padH > 0 or self.padW > 0 then b.padded:zero() end
  b.padded:narrow(3, self.padH + 1, self.iH):narrow(4, self.padW + 1, self.iW):copy(x)
  b.columns:resize(self.oH, self.oW, self.nInputPlane, self.kH, self.kW, n):copy(patches(self, b.padded))
  return b.columns:view(sizes(self, n))
end

-- rows (places, nOut, N) of a gradient
local function rows_of(self, b, g)
  local n = g:size(1)
  b.rows:resize(self.oH, self.oW, self.nOutputPlane, n):copy(g:permute(3, 4, 2, 1))
  return b.rows:view(self.oH * self.oW, self.nOutputPlane, n)
end

local function weights(self, w) return w:view(self.oH * self.oW, self.nOutputPlane, -1) end

function Local:updateOutput(input)
  local x, b = batch_of(self, input), mine(self)
  local n = x:size(1)
  local columns = unfold(self, b, x)
  b.rows:resize(self.oH * self.oW, self.nOutputPlane, n)
  torch.bmm(b.rows, weights(self, self.weight), columns)
  self.output = common.buffer(self.output, self.weight)
  local y = self.output:resize(n, self.nOutputPlane, self.oH, self.oW)
  y:copy(b.rows:view(self.oH, self.oW, self.nOutputPlane, n):permute(4, 3, 1, 2))
  y:add(self.bias:view(1, self.nOutputPlane, self.oH, self.oW):expandAs(y))
  return convolution.drop_batch(y, input.rank == 4)
end

function Local:updateGradInput(input, gradOutput)
  if not self.gradInput then return end
  local x, b = batch_of(self, input), mine(self)
  local n = x:size(1)
  local rows = rows_of(self, b, gradient_of(self, x, gradOutput))
  b.columns:resize(sizes(self, n))
  torch.bmm(b.columns, weights(self, self.weight):transpose(2, 3), rows)
  -- back from patches to images, one tap of the kernel at a time: places of one tap do not overlap
  local taps = b.columns:view(self.oH, self.oW, self.nInputPlane, self.kH, self.kW, n)
  b.padded:resize(n, self.nInputPlane, self.iH + 2 * self.padH, self.iW + 2 * self.padW):zero()
  local to = patches(self, b.padded)
  for u = 1, self.kH do
    for v = 1, self.kW do
      local tap = to:select(5, v):select(4, u)
      tap:add(taps:select(5, v):select(4, u))
    end
  end
  self.gradInput = common.buffer(self.gradInput, self.weight)
  local dx = self.gradInput:resize(n, self.nInputPlane, self.iH, self.iW)
  dx:copy(b.padded:narrow(3, self.padH + 1, self.iH):narrow(4, self.padW + 1, self.iW))
  return convolution.drop_batch(dx, input.rank == 4)
end

function Local:accGradParameters(input, gradOutput, scale)
  scale = scale or 1
  local x, b = batch_of(self, input), mine(self)
  local g = gradient_of(self, x, gradOutput)
  local columns, rows = unfold(self, b, x), rows_of(self, b, g)
  weights(self, self.gradWeight):baddbmm(scale, rows, columns:transpose(2, 3))
  self.gradBias:add(scale, g:sum(1):view(self.nOutputPlane, self.oH, self.oW))
end

function Local:type(typename, cache)
  if typename then self.finput, self.fgradInput = nil, nil end
  return parent.type(self, typename, cache)
end

function Local:clearState()
  buffers[self] = nil
  self.finput, self.fgradInput, self._input, self._gradOutput = nil, nil, nil, nil
  return parent.clearState(self)
end

function Local:__tostring__()
  local s = ('%s(%d -> %d, %dx%d, %dx%d'):format(torch.type(self), self.nInputPlane, self.nOutputPlane, self.iW,
    self.iH, self.kW, self.kH)
  local padded = self.padW ~= 0 or self.padH ~= 0
  if self.dW ~= 1 or self.dH ~= 1 or padded then s = s .. (', %d,%d'):format(self.dW, self.dH) end
  if padded then s = s .. (', %d,%d'):format(self.padW, self.padH) end
  return s .. ')'
end

return Local
