--- nn.Bottle(module, [nInputDim = 2], [nOutputDim = nInputDim]): lets a module see inputs of more dimensions.
--
-- Shapes: input (B1, ..., Bk, d2, ..., dn) with n = nInputDim is folded to (B1 * ... * Bk, d2, ..., dn) for the
-- module; its output, of nOutputDim dimensions, is unfolded: (B1, ..., Bk, e2, ..., em).
-- @usage nn.Bottle(nn.Linear(3, 4)):forward(torch.ones(5, 2, 3))  -- 5x2x4
local Bottle, parent = torch.class('nn.Bottle', 'nn.Decorator')
local common = require 'nn.common'
local resized = require 'nn.resized'
local utils = require 'nn.utils'
local dims = resized.dims

function Bottle:__init(module, nInputDim, nOutputDim)
  parent.__init(self, module)
  self.nInputDim = common.optional(torch.type(self), 'nInputDim', nInputDim) or 2
  self.nOutputDim = common.optional(torch.type(self), 'nOutputDim', nOutputDim) or self.nInputDim
  self.dimDelta = self.nInputDim - self.nOutputDim
  self.inShape = torch.Tensor(self.nInputDim)
  self.outShape = torch.Tensor(self.nOutputDim)
end

-- How many leading dimensions are folded, and how many entries they have; 0 dimensions: no folding
local function leading(self, input)
  common.check_dims(self, input, self.nInputDim, 12, ('input of at least %d dimensions'):format(self.nInputDim))
  local fold, n = input:dim() - self.nInputDim + 1, 1
  if fold < 2 then return 0 end
  for d = 1, fold do n = n * input:size(d) end
  return fold, n
end

-- x with its first `fold` dimensions made one of n entries; `shape` keeps the sizes.
local function folded(self, x, fold, n, field, shape)
  local rank = x.rank - fold + 1
  dims[0] = n
  for i = 1, rank - 1 do dims[i] = x.extent[fold + i - 1] end
  if shape and shape:nElement() == rank then
    for i = 1, rank do shape[i] = tonumber(dims[i - 1]) end
  end
  return resized.view(self, x.new(), x, rank, dims, field)
end

-- The module's output with the dimensions of the input again; a multiple of the entries goes to the last of them.
local function unfolded(self, out, input, fold, n)
  local rank = fold + out.rank - 1
  resized.fits(self, rank)
  for i = 0, fold - 1 do dims[i] = input.extent[i] end
  dims[fold - 1] = dims[fold - 1] * (out:size(1) / n)
  for i = 1, out.rank - 1 do dims[fold + i - 1] = out.extent[i] end
  return resized.view(self, out.new(), out, rank, dims, '_output')
end

function Bottle:updateOutput(input)
  local fold, n = leading(self, input)
  if fold == 0 then
    local out = parent.updateOutput(self, input)
    self.output = out.new():set(out)
    return self.output
  end
  local x = folded(self, input, fold, n, '_input', self.inShape)
  local out = self:rethrowErrors(self.modules[1], 1, 'updateOutput', x)
  common.check_dims(self, out, self.nOutputDim, self.nOutputDim,
    ('an output of %d dimensions from the module'):format(self.nOutputDim))
  if out:size(1) % n ~= 0 then common.expected(self, ('%d entries from the module'):format(n), out) end
  for i = 1, self.outShape:nElement() do self.outShape[i] = out:size(i) end
  self.output = unfolded(self, out, input, fold, n)
  return self.output
end

-- What the module saw, and its gradient.
local function inside(self, input, gradOutput)
  local fold, n = leading(self, input)
  if fold == 0 then return input, gradOutput, fold end
  local out = self.modules[1].output
  common.check_tensor(self, gradOutput, 'gradOutput')
  if gradOutput:nElement() ~= out:nElement() then
    common.expected(self, 'gradOutput ' .. common.shape(self.output), gradOutput)
  end
  local g = resized.view(self, gradOutput.new(), gradOutput, out.rank, out.extent, '_gradOutput')
  return folded(self, input, fold, n, '_input'), g, fold
end

function Bottle:updateGradInput(input, gradOutput)
  local x, g, fold = inside(self, input, gradOutput)
  local dx = self:rethrowErrors(self.modules[1], 1, 'updateGradInput', x, g)
  if fold > 0 then dx = resized.view(self, dx.new(), dx, input.rank, input.extent, '_gradInput') end
  self.gradInput = dx
  return dx
end

function Bottle:accGradParameters(input, gradOutput, scale)
  local x, g = inside(self, input, gradOutput)
  self:rethrowErrors(self.modules[1], 1, 'accGradParameters', x, g, scale or 1)
end

function Bottle:accUpdateGradParameters(input, gradOutput, lr)
  local x, g = inside(self, input, gradOutput)
  self:rethrowErrors(self.modules[1], 1, 'accUpdateGradParameters', x, g, lr)
end

function Bottle:sharedAccUpdateGradParameters(input, gradOutput, lr)
  local x, g = inside(self, input, gradOutput)
  self:rethrowErrors(self.modules[1], 1, 'sharedAccUpdateGradParameters', x, g, lr)
end

function Bottle:clearState()
  utils.clear(self, '_input', '_output', '_gradOutput', '_gradInput')
  return parent.clearState(self)
end

return Bottle
