--- nn.Copy([inType], [outType], [forceCopy], [dontCast]): the input as another tensor type.
-- input (any shape, of type inType) → output (the same, of type outType).
-- @usage local y = nn.Copy('torch.DoubleTensor', 'torch.FloatTensor'):forward(torch.randn(2, 3):double())
local Copy, parent = torch.class('nn.Copy', 'nn.Module')
local common = require 'nn.common'
local utils = require 'nn.utils'

function Copy:__init(intype, outtype, forceCopy, dontCast)
  for _, name in ipairs { intype or 'torch.DoubleTensor', outtype or 'torch.DoubleTensor' } do
    if type(name) ~= 'string' or not name:find 'Tensor$' or not torch.factory(name) then
      error('nn.Copy: expected names of tensor types, got ' .. tostring(name), 2)
    end
  end
  self.intype = intype or torch.Tensor.__typename
  self.outtype = outtype or torch.Tensor.__typename
  self.dontCast = dontCast
  parent.__init(self)
  self.gradInput = torch.factory(self.intype)()
  self.output = torch.factory(self.outtype)()
  -- without a conversion the tensors are handed on as they are
  self.forwarded = not forceCopy and self.intype == self.outtype
end

-- input (inType) → output (outType)
function Copy:updateOutput(input)
  common.check_tensor(self, input)
  if self.forwarded then
    self.output = input
    return input
  end
  return self.output:resize(input:size()):copy(input)
end

function Copy:updateGradInput(_input, gradOutput)
  common.check_tensor(self, gradOutput, 'gradOutput')
  if self.forwarded then
    self.gradInput = gradOutput
    return gradOutput
  end
  return self.gradInput:resize(gradOutput:size()):copy(gradOutput)
end

-- Tensors that were handed on are forgotten, not emptied.
function Copy:clearState() return utils.forget(self, 'output', 'gradInput') end

--- With a type: the output's type follows, unless dontCast.
function Copy:type(typename, cache)
  if typename and self.dontCast then return self end
  return parent.type(self, typename, cache)
end

return Copy
