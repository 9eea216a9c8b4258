--- nn.CReLU(nInputDims, [inplace = false]): ReLU of x and of -x, joined along the feature dimension.
--
-- Shapes: input (C, ...) of nInputDims dimensions or (N, C, ...); output (2 C, ...) or (N, 2 C, ...).
-- Shang et al. 2016, Understanding and Improving Convolutional Neural Networks via Concatenated ReLUs.
-- @usage nn.CReLU(3):forward(torch.ones(2, 3, 4, 4))  -- 2x6x4x4
local CReLU, parent = torch.class('nn.CReLU', 'nn.Sequential')
local common = require 'nn.common'

function CReLU:__init(nInputDims, inplace)
  parent.__init(self)
  if type(nInputDims) ~= 'number' then
    error('nn.CReLU: expected the number of dimensions of an input, got ' .. torch.type(nInputDims), 2)
  end
  self.nInputDims = nInputDims
  self.inplace = inplace or false
  self:add(nn.ConcatTable():add(nn.Identity()):add(nn.MulConstant(-1)))
  self:add(nn.JoinTable(2))
  self:add(nn.ReLU(self.inplace))
end

-- x as (N, elements), and the feature dimension
local function flat(self, x)
  local n = self.nInputDims
  common.check_dims(self, x, n, n + 1, ('input of %d dimensions, or %d with a batch'):format(n, n + 1))
  local batch = x:dim() == n + 1
  local rows = batch and x:size(1) or 1
  return x:isContiguous() and x:view(rows, -1) or x:reshape(rows, x:nElement() / rows), batch and 2 or 1
end

function CReLU:updateOutput(input)
  local x, dim = flat(self, input)
  local out = parent.updateOutput(self, x)
  local sizes = input:size()
  sizes[dim] = sizes[dim] * 2
  self.output = out:view(sizes)
  return self.output
end

function CReLU:updateGradInput(input, gradOutput)
  local x = flat(self, input)
  common.check_tensor(self, gradOutput, 'gradOutput')
  local n = x:size(1)
  local g = gradOutput:isContiguous() and gradOutput or gradOutput:reshape(gradOutput:size())
  self.gradInput = parent.updateGradInput(self, x, g:view(n, -1)):view(input:size())
  return self.gradInput
end

-- There are no parameters.
function CReLU:backward(input, gradOutput) return self:updateGradInput(input, gradOutput) end

function CReLU:accGradParameters() end

function CReLU:accUpdateGradParameters() end

function CReLU:__tostring__() return 'CReLU()' end

return CReLU
