--- nn.DepthConcat(dim): as nn.Concat, but outputs may differ in size: smaller ones are padded with zeros all around.
--
-- Shapes: input anything; outputs of the children joined along dimension dim; in every other dimension the output has
-- the largest size, and a smaller one lies in its middle (where the difference is odd, nearer to the start).
-- @usage nn.DepthConcat(1):add(nn.SpatialConvolution(1, 2, 3, 3)):add(nn.SpatialConvolution(1, 1, 1, 1))
local DepthConcat, parent = torch.class('nn.DepthConcat', 'nn.Concat')
local common = require 'nn.common'

--- The part of `whole` where `part` lies.
-- @param whole all outputs
-- @param part one of them
-- @param offset where it begins along self.dimension
-- @return a view of whole, sized like part
function DepthConcat:windowNarrow(whole, part, offset)
  local window = whole:narrow(self.dimension, offset, part:size(self.dimension))
  for d = 1, part:dim() do
    if d ~= self.dimension and window:size(d) ~= part:size(d) then
      local start = math.floor((window:size(d) - part:size(d)) / 2) + 1
      window = window:narrow(d, start, part:size(d))
    end
  end
  return window
end

function DepthConcat:updateOutput(input)
  local outs, dim, sizes = {}, self.dimension, nil
  for i, module in ipairs(self.modules) do
    local out = self:rethrowErrors(module, i, 'updateOutput', input)
    outs[i] = out
    if not torch.isTensor(out) or out:dim() < dim or (sizes and out:dim() ~= #sizes) then
      error(('nn.DepthConcat: module %d gives %s: expected %s'):format(i, common.shape(out),
        sizes and 'as many dimensions as module 1' or ('at least %d dimensions'):format(dim)), 0)
    end
    sizes = sizes or out:size():totable()
    for d = 1, i > 1 and #sizes or 0 do
      sizes[d] = d == dim and sizes[d] + out:size(d) or math.max(sizes[d], out:size(d))
    end
  end
  if not sizes then return self.output end
  self.outputSize = torch.LongStorage(sizes)
  self.output = common.buffer(self.output, outs[1])
  self.output:resize(self.outputSize):zero()
  local at = 1
  for _, out in ipairs(outs) do
    self:windowNarrow(self.output, out, at):copy(out)
    at = at + out:size(dim)
  end
  return self.output
end

-- Call method on each child with its part of gradOutput; f takes what it returns.
local function each(self, method, input, gradOutput, extra, f)
  local at = 1
  for i, module in ipairs(self.modules) do
    local part = self:windowNarrow(gradOutput, module.output, at)
    local result = self:rethrowErrors(module, i, method, input, part, extra)
    if f then f(i, result) end
    at = at + module.output:size(self.dimension)
  end
end

local function sum(self, method, input, gradOutput, scale)
  self.gradInput = common.buffer(self.gradInput, input)
  self.gradInput:resizeAs(input)
  each(self, method, input, gradOutput, scale, function(i, dx)
    if i == 1 then self.gradInput:copy(dx) else self.gradInput:add(dx) end
  end)
  return self.gradInput
end

function DepthConcat:updateGradInput(input, gradOutput) return sum(self, 'updateGradInput', input, gradOutput) end

function DepthConcat:backward(input, gradOutput, scale) return sum(self, 'backward', input, gradOutput, scale or 1) end

function DepthConcat:accGradParameters(input, gradOutput, scale)
  each(self, 'accGradParameters', input, gradOutput, scale or 1)
end

function DepthConcat:accUpdateGradParameters(input, gradOutput, lr)
  each(self, 'accUpdateGradParameters', input, gradOutput, lr)
end

DepthConcat.__init = parent.__init

return DepthConcat
