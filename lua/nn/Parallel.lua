--- nn.Parallel(inDim, outDim): child i gets slice i of the input along inDim; outputs are joined along outDim.
--
-- Shapes: input (..., n, ...) with n children; a child sees it without dimension inDim. Outputs (..., mi, ...) give
-- (..., m1 + ... + mn, ...). Negative dimensions count from the last.
-- Without dimensions it only holds modules, for getParameters and the like.
-- @usage nn.Parallel(1, 1):add(nn.Linear(3, 2)):add(nn.Linear(3, 4)):forward(torch.randn(2, 3))  -- 6
local Parallel, parent = torch.class('nn.Parallel', 'nn.Container')
local common = require 'nn.common'

function Parallel:__init(inputDimension, outputDimension)
  parent.__init(self)
  local input, output = type(inputDimension), type(outputDimension)
  if (input ~= 'number' or output ~= 'number') and (input ~= 'nil' or output ~= 'nil') then
    error(('nn.Parallel: expected two dimensions, got %s and %s'):format(torch.type(inputDimension),
      torch.type(outputDimension)), 2)
  end
  self.inputDimension = inputDimension
  self.outputDimension = outputDimension
end

local function positive(dim, x) return dim < 0 and x:dim() + dim + 1 or dim end

local function slice(x, dim, i)
  if x:dim() == 1 then return x:narrow(1, i, 1) end
  return x:select(dim, i)
end

local function check(self, input)
  local n = #self.modules
  if not self.inputDimension then
    error('nn.Parallel: made without dimensions, it holds parameters only; nn.Parallel(inDim, outDim) can run', 0)
  end
  common.check_tensor(self, input)
  local dim = positive(self.inputDimension, input)
  if dim < 1 or dim > input:dim() or input:size(dim) > n then
    common.expected(self, ('input of at most %d entries in dimension %d, one a module'):format(n, self.inputDimension),
      input)
  end
  return dim, input:size(dim)
end

function Parallel:updateOutput(input)
  local dim, n = check(self, input)
  local outs, sizes, outDim = {}, nil, nil
  for i = 1, n do
    local out = self:rethrowErrors(self.modules[i], i, 'updateOutput', slice(input, dim, i))
    outs[i] = out
    outDim = outDim or positive(self.outputDimension, out)
    local fits = torch.isTensor(out) and out:dim() >= outDim and (not sizes or out:dim() == #sizes)
    for d = 1, fits and sizes and #sizes or 0 do fits = fits and (d == outDim or sizes[d] == out:size(d)) end
    if not fits then
      error(('nn.Parallel: module %d gives %s, module 1 gives %s: they do not join along dimension %d'):format(i,
        common.shape(out), common.shape(outs[1]), outDim), 0)
    end
    if sizes then sizes[outDim] = sizes[outDim] + out:size(outDim) else sizes = out:size():totable() end
  end
  self.totalOutputSize = torch.LongStorage(sizes)
  self.output = common.buffer(self.output, outs[1])
  self.output:resize(self.totalOutputSize)
  local at = 1
  for i = 1, n do
    local size = outs[i]:size(outDim)
    self.output:narrow(outDim, at, size):copy(outs[i])
    at = at + size
  end
  return self.output
end

-- Call method on each child with its slice and its part of gradOutput; what it returns goes to its slice of dx, if
-- given.
local function each(self, method, input, gradOutput, extra, dx)
  local dim, n = check(self, input)
  common.check_tensor(self, gradOutput, 'gradOutput')
  local at = 1
  for i = 1, n do
    local module = self.modules[i]
    local outDim = positive(self.outputDimension, module.output)
    local size = module.output:size(outDim)
    local part = gradOutput:narrow(outDim, at, size)
    local result = self:rethrowErrors(module, i, method, slice(input, dim, i), part, extra)
    if dx then slice(dx, dim, i):copy(result) end
    at = at + size
  end
  return dx
end

function Parallel:updateGradInput(input, gradOutput)
  self.gradInput = common.buffer(self.gradInput, input):resizeAs(input)
  return each(self, 'updateGradInput', input, gradOutput, nil, self.gradInput)
end

function Parallel:accGradParameters(input, gradOutput, scale)
  each(self, 'accGradParameters', input, gradOutput, scale or 1)
end

function Parallel:accUpdateGradParameters(input, gradOutput, lr)
  each(self, 'accUpdateGradParameters', input, gradOutput, lr)
end

Parallel.__tostring__ = require 'nn.tree'

return Parallel
