--- What layers share that give the same elements other sizes: nn.View, nn.Collapse, nn.Flatten, nn.Squeeze ...
local common = require 'nn.common'
local C, again, buffer = common.C, common.again, common.buffer

local MAX = tonumber(C.RK_MAX_DIMS)
-- dims: room for the sizes asked for, filled after `fits`.
local M = { dims = require('ffi').new('int64_t[?]', MAX) }

--- Insist on no more sizes than a tensor can have.
function M.fits(self, rank)
  if rank > MAX then error(('%s: %d sizes, at most %d dimensions'):format(common.name(self), rank, MAX), 0) end
end

--- out = the elements of x under other sizes: a view where x's steps allow one, else of a packed copy.
-- @param self the module
-- @param out tensor of x's type
-- @param x tensor
-- @param rank how many sizes
-- @param shape int64_t array of them
-- @param field of the module that keeps the copy
-- @return out
function M.view(self, out, x, rank, shape, field)
  if out.bare ~= 0 then common.own(out) end
  if x.bare ~= 0 then common.own(x) end
  if C.rk_reshape(out, x, rank, shape) ~= 0 then
    local copy = buffer(self[field], x):resizeAs(x):copy(x)
    self[field] = copy
    local s = C.rk_reshape(out, copy, rank, shape)
    if s ~= 0 then again(self, s, C.rk_reshape, out, copy, rank, shape) end
  end
  return out
end

--- Give a class what follows from this: the gradient is gradOutput under the sizes of the input.
-- @param Class the class table
-- @param parent its parent
-- @return Class
function M.methods(Class, parent)
  function Class:updateGradInput(input, gradOutput)
    common.check_tensor(self, input)
    common.check_tensor(self, gradOutput, 'gradOutput')
    if gradOutput:nElement() ~= input:nElement() then
      common.expected(self, 'gradOutput ' .. common.shape(self.output), gradOutput)
    end
    local dx = buffer(self.gradInput, gradOutput)
    self.gradInput = dx
    return M.view(self, dx, gradOutput, input.rank, input.extent, '_gradOutput')
  end

  function Class:clearState()
    self._input, self._gradOutput = nil, nil
    return parent.clearState(self)
  end
  return Class
end

--- Give a class setNumInputDims.
function M.batches(Class)
  --- How many dimensions an input has without the batch; more than that means a batch.
  -- @return self
  function Class:setNumInputDims(n)
    self.numInputDims = common.optional(torch.type(self), 'numInputDims', n)
    return self
  end
end

return M
