--- nn.Replicate(n, [dim = 1], [ndim]): a new dimension along which the input is repeated.
--
-- Shapes: input (..., ...); output (..., n, ...), a view without memory of its own: every copy is the input. With ndim,
-- inputs of one dimension more are batches.
-- @usage nn.Replicate(4, 2):forward(torch.ones(2, 3))  -- 2x4x3
local Replicate, parent = torch.class('nn.Replicate', 'nn.Module')
local common = require 'nn.common'
local utils = require 'nn.utils'

function Replicate:__init(nf, dim, ndim)
  parent.__init(self)
  self.nfeatures = nf
  self.dim = common.optional(torch.type(self), 'dim', dim) or 1
  self.ndim = common.optional('nn.Replicate', 'ndim', ndim)
  if type(nf) ~= 'number' or nf < 1 then
    error('nn.Replicate: expected a positive number of copies, got ' .. tostring(nf), 2)
  end
  if type(self.dim) ~= 'number' or self.dim < 1 then
    error('nn.Replicate: expected a positive dimension, got ' .. tostring(dim), 2)
  end
end

local function place(self, input)
  common.check_dims(self, input, 1, 11, 'a tensor with elements')
  local dim = self.ndim and input:dim() == self.ndim + 1 and self.dim + 1 or self.dim
  if dim > input:dim() + 1 then
    common.expected(self, ('input of at least %d dimensions'):format(dim - 1), input)
  end
  return dim
end

function Replicate:updateOutput(input)
  local dim = place(self, input)
  local view = utils.addSingletonDimension(input, dim)
  local sizes = view:size()
  sizes[dim] = self.nfeatures
  self.output = common.buffer(self.output, input)
  return self.output:set(view:expand(sizes))
end

function Replicate:updateGradInput(input, gradOutput)
  local dim = place(self, input)
  common.check_dims(self, gradOutput, input:dim() + 1, input:dim() + 1,
    ('gradOutput of %d dimensions'):format(input:dim() + 1))
  self.gradInput = common.buffer(self.gradInput, input)
  return self.gradInput:sum(gradOutput, dim):resize(input:size())
end

return Replicate
