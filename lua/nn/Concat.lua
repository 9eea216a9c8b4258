--- nn.Concat(dim): every child gets the input; their outputs are joined along dimension dim.
-- Without a dimension it only holds modules, for getParameters and the like.
-- input (anything all children take) → output, (..., sum of the children's sizes along dim, ...).
-- @usage local y = nn.Concat(2):add(nn.Linear(5, 3)):add(nn.Linear(5, 4)):forward(torch.randn(2, 5)) -- 2 x 7
local Concat, parent = torch.class('nn.Concat', 'nn.Container')
local common = require 'nn.common'

function Concat:__init(dimension)
  parent.__init(self)
  if dimension and type(dimension) ~= 'number' then
    error('nn.Concat: expected a dimension, got ' .. torch.type(dimension), 2)
  end
  self.outputSize = torch.LongStorage()
  self.dimension = dimension
end

local function check_output(self, i, first, out)
  local fits = torch.isTensor(out) and out:dim() >= self.dimension and out:dim() == first:dim()
  for d = 1, fits and out:dim() or 0 do
    fits = fits and (d == self.dimension or out:size(d) == first:size(d))
  end
  if not fits then
    error(('nn.Concat: module %d gives %s, module 1 gives %s: they do not join along dimension %d'):format(i,
      common.shape(out), common.shape(first), self.dimension), 0)
  end
end

-- input → outputs joined along self.dimension
function Concat:updateOutput(input)
  local outs, total, dim = {}, 0, self.dimension
  if not dim then error('nn.Concat: made without a dimension, it holds parameters only; nn.Concat(dim) can run', 0) end
  for i, module in ipairs(self.modules) do
    outs[i] = self:rethrowErrors(module, i, 'updateOutput', input)
    check_output(self, i, outs[1], outs[i])
    total = total + outs[i]:size(dim)
  end
  if #outs == 0 then return self.output end
  self.outputSize:resize(outs[1]:dim()):copy(outs[1]:size())
  self.outputSize[dim] = total
  self.output = common.buffer(self.output, outs[1])
  self.output:resize(self.outputSize)
  local at = 1
  for _, out in ipairs(outs) do
    self.output:narrow(dim, at, out:size(dim)):copy(out)
    at = at + out:size(dim)
  end
  return self.output
end

-- Call method on each child with its part of gradOutput; f takes what it returns.
local function each(self, method, input, gradOutput, extra, f)
  local at = 1
  for i, module in ipairs(self.modules) do
    local n = module.output:size(self.dimension)
    local part = gradOutput:narrow(self.dimension, at, n)
    local result = self:rethrowErrors(module, i, method, input, part, extra)
    if f then f(i, result) end
    at = at + n
  end
end

local function sum(self, method, input, gradOutput, scale)
  self.gradInput = common.buffer(self.gradInput, input)
  local empty = true
  self.gradInput:resizeAs(input)
  each(self, method, input, gradOutput, scale, function(_, dx)
    if not torch.isTensor(dx) then return end
    if empty then self.gradInput:copy(dx) else self.gradInput:add(dx) end
    empty = false
  end)
  return self.gradInput
end

function Concat:updateGradInput(input, gradOutput) return sum(self, 'updateGradInput', input, gradOutput) end

function Concat:backward(input, gradOutput, scale) return sum(self, 'backward', input, gradOutput, scale or 1) end

function Concat:accGradParameters(input, gradOutput, scale)
  each(self, 'accGradParameters', input, gradOutput, scale or 1)
end

function Concat:accUpdateGradParameters(input, gradOutput, lr)
  each(self, 'accUpdateGradParameters', input, gradOutput, lr)
end

Concat.__tostring__ = require 'nn.tree'

return Concat
