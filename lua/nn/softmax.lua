--- What the layers over rk_softmax share: nn.SoftMax and nn.LogSoftMax, over dimension 1 of 1-D and 3-D input, 2 of 2-D
-- and 4-D, and nn.Softmax(dim), nn.LogSoftmax(dim), over a dimension of their own.
local common = require 'nn.common'
local C, again, buffer = common.C, common.again, common.buffer

local function torch7_dimension(self, input)
  common.check_dims(self, input, 1, 4, 'input of 1 to 4 dimensions')
  return (input.rank == 1 or input.rank == 3) and 0 or 1
end

--- Give a class updateOutput and updateGradInput.
-- @param Class the class table
-- @param take_log 1 for the logarithm of the probabilities
-- @param dimension function (self, input): the dimension, from 0; Torch7's rule by default
return function(Class, take_log, dimension)
  dimension = dimension or torch7_dimension

  -- input (C), (N, C), (C, H, W) or (N, C, H, W) → output (the same)
  function Class:updateOutput(input)
    local dim = dimension(self, input)
    local out = buffer(self.output, input)
    self.output = out
    local s = C.rk_softmax_forward(out, input, dim, take_log)
    if s ~= 0 then again(self, s, C.rk_softmax_forward, out, input, dim, take_log) end
    return out
  end

  function Class:updateGradInput(input, gradOutput)
    local dim = dimension(self, input)
    common.check_tensor(self, gradOutput, 'gradOutput')
    local dx = buffer(self.gradInput, input)
    self.gradInput = dx
    local s = C.rk_softmax_backward(dx, gradOutput, self.output, dim, take_log)
    if s ~= 0 then again(self, s, C.rk_softmax_backward, dx, gradOutput, self.output, dim, take_log) end
    return dx
  end
  return Class
end
