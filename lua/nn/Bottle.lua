--- nn.Bottle(module, [nInputDim = 2], [nOutputDim = nInputDim]): lets a module see inputs of more dimensions.
--
-- Shapes: input (B1, ..., Bk, d2, ..., dn) with n = nInputDim is folded to (B1 * ... * Bk, d2, ..., dn) for the
-- module; its output, of nOutputDim dimensions, is unfolded: (B1, ..., Bk, e2, ..., em).
-- @usage nn.Bottle(nn.Linear(3, 4)):forward(torch.ones(5, 2, 3))  -- 5x2x4
local Bottle, parent = torch.class('nn.Bottle', 'nn.Decorator')
local common = require 'nn.common'
local utils = require 'nn.utils'

function Bottle:__init(module, nInputDim, nOutputDim)
  parent.__init(self, module)
  self.nInputDim = nInputDim or 2
  self.nOutputDim = nOutputDim or self.nInputDim
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

local function packed(self, field, x)
  if x:isContiguous() then return x end
  self[field] = common.buffer(self[field], x)
  return self[field]:resize(x:size()):copy(x)
end

-- x with its first `fold` dimensions made one
local function folded(x, fold, n, shape)
  local sizes = { n }
  for d = fold + 1, x:dim() do sizes[#sizes + 1] = x:size(d) end
  if shape and shape:nElement() == #sizes then shape:copy(torch.Tensor(sizes)) end
  return x:view(torch.LongStorage(sizes))
end

function Bottle:updateOutput(input)
  local fold, n = leading(self, input)
  if fold == 0 then
    local out = parent.updateOutput(self, input)
    self.output = out.new():set(out)
    return self.output
  end
  local x = folded(packed(self, '_input', input), fold, n, self.inShape)
  local out = self:rethrowErrors(self.modules[1], 1, 'updateOutput', x)
  common.check_dims(self, out, self.nOutputDim, self.nOutputDim,
    ('an output of %d dimensions from the module'):format(self.nOutputDim))
  if out:size(1) % n ~= 0 then common.expected(self, ('%d entries from the module'):format(n), out) end
  local sizes = input:size():totable()
  for d = #sizes, fold + 1, -1 do sizes[d] = nil end
  sizes[fold] = sizes[fold] * out:size(1) / n
  for d = 2, out:dim() do sizes[#sizes + 1] = out:size(d) end
  self.outShape:copy(torch.Tensor(out:size():totable()))
  self.output = packed(self, '_output', out):view(torch.LongStorage(sizes))
  return self.output
end

-- What the module saw, and its gradient.
local function inside(self, input, gradOutput)
  local fold, n = leading(self, input)
  if fold == 0 then return input, gradOutput, fold end
  common.check_tensor(self, gradOutput, 'gradOutput')
  local x = folded(packed(self, '_input', input), fold, n)
  return x, packed(self, '_gradOutput', gradOutput):view(self.modules[1].output:size()), fold
end

function Bottle:updateGradInput(input, gradOutput)
  local x, g, fold = inside(self, input, gradOutput)
  local dx = self:rethrowErrors(self.modules[1], 1, 'updateGradInput', x, g)
  if fold > 0 then dx = packed(self, '_gradInput', dx):view(input:size()) end
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
