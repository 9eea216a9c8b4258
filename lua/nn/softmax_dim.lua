--- nn.Softmax(dim) and nn.LogSoftmax(dim): softmax along one dimension, counted from 1, from the end when negative.
-- Without dim as Torch7's nn.SoftMax: 1 for inputs of 1 or 3 dimensions, else 2.
local common = require 'nn.common'
local options = require 'nn.options'
local softmax = require 'nn.softmax'

--- Define the class nn.<name>.
-- @param take_log 1 for the logarithm of the probabilities
return function(name, take_log)
  local Class, parent = torch.class('nn.' .. name, 'nn.Module')

  function Class:__init(...)
    parent.__init(self)
    local dim = options.read('nn.' .. name, { 'dim' }, ...).dim
    if dim ~= nil and (type(dim) ~= 'number' or dim % 1 ~= 0 or dim == 0) then
      options.refuse('nn.' .. name, 'dim', 'a dimension, counted from 1 or from the end', dim)
    end
    self.dim = dim
  end

  local function dimension(self, input)
    common.check_tensor(self, input)
    local n, dim = input.rank, self.dim
    if not dim then dim = (n == 1 or n == 3) and 1 or 2 end
    if dim < 0 then dim = n + 1 + dim end
    if dim < 1 or dim > n then common.expected(self, ('an input with dimension %d'):format(self.dim or dim), input) end
    return dim - 1
  end

  softmax(Class, take_log, dimension)

  function Class:__tostring__() return ('%s(%s)'):format(torch.type(self), self.dim or '') end
  return Class
end
