--- What layers share that reduce along a dimension: nn.Sum, nn.Mean, nn.Max, nn.Min, nn.Squeeze.
local common = require 'nn.common'

local M = {}

--- Insist on a dimension and a number of input dimensions in a constructor.
function M.check_arguments(name, dimension, nInputDims)
  if dimension ~= nil and type(dimension) ~= 'number' then
    error(('%s: expected a dimension, got %s'):format(name, torch.type(dimension)), 3)
  end
  if nInputDims ~= nil and type(nInputDims) ~= 'number' then
    error(('%s: nInputDims: expected a number, got %s'):format(name, torch.type(nInputDims)), 3)
  end
end

--- The dimension meant for an input: negative ones count from the last; with nInputDims, inputs of one dimension more
-- are batches.
function M.dimension(self, input)
  common.check_tensor(self, input)
  local dim = self.dimension
  if dim < 0 then
    dim = input:dim() + dim + 1
  elseif self.nInputDims and input:dim() == self.nInputDims + 1 then
    dim = dim + 1
  end
  if dim < 1 or dim > input:dim() then
    common.expected(self, ('input with a dimension %d'):format(self.dimension), input)
  end
  return dim
end

--- gradOutput with the dimension that was dropped.
function M.column(self, input, gradOutput, dim)
  common.check_tensor(self, gradOutput, 'gradOutput')
  local sizes = input:size()
  sizes[dim] = 1
  if gradOutput:nElement() * input:size(dim) ~= input:nElement() then
    sizes = sizes:totable()
    if #sizes > 1 then table.remove(sizes, dim) end
    common.expected(self, ('gradOutput [%s]'):format(table.concat(sizes, ' x ')), gradOutput)
  end
  return gradOutput:isContiguous() and gradOutput:view(sizes) or gradOutput:reshape(sizes)
end

--- Drop the dimension of size 1 from a result, unless it is the only one.
function M.drop(out, dim)
  if out:dim() > 1 then return out:select(dim, 1) end
  return out
end

--- Give a class what nn.Max and nn.Min are.
-- @param Class the class table
-- @param parent nn.Module
-- @param pick 'max' or 'min'
-- @return Class
function M.extreme(Class, parent, pick)
  function Class:__init(dimension, nInputDims)
    parent.__init(self)
    M.check_arguments(torch.type(self), dimension, nInputDims)
    self.dimension = common.optional(torch.type(self), 'dimension', dimension) or 1
    self.nInputDims = nInputDims
  end

  Class._getPositiveDimension = M.dimension

  function Class:_lazyInit()
    self._output = self._output or self.output.new()
    self._indices = self._indices or torch.LongTensor()
  end

  -- input (..., n, ...) → output without that dimension
  function Class:updateOutput(input)
    local dim = self:_getPositiveDimension(input)
    self:_lazyInit()
    self._output = common.buffer(self._output, input)
    self._output[pick](self._output, self._indices, input, dim)
    self.output = common.buffer(self.output, input)
    return self.output:set(M.drop(self._output, dim))
  end

  -- gradOutput goes to the winner, 0 to the others
  function Class:updateGradInput(input, gradOutput)
    local dim = self:_getPositiveDimension(input)
    local g = M.column(self, input, gradOutput, dim)
    self.gradInput = common.buffer(self.gradInput, input)
    return self.gradInput:resizeAs(input):zero():scatter(dim, self._indices, g)
  end

  -- Indices stay integers.
  function Class:type(typename, cache)
    if typename then self._indices = nil end
    return parent.type(self, typename, cache)
  end

  function Class:clearState()
    self._indices, self._output = nil, nil
    return parent.clearState(self)
  end
  return Class
end

return M
