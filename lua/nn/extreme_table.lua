--- What nn.CMaxTable and nn.CMinTable share: the extreme of a table of tensors, element by element.
local arithmetic = require 'nn.arithmetic'
local common = require 'nn.common'

local comparison = { cmax = 'gt', cmin = 'lt' }

--- Give a class its constructor, updateOutput and updateGradInput.
-- @param Class the class table
-- @param parent nn.Module
-- @param pick 'cmax' or 'cmin'
-- @param index,values names of the fields that hold the winners and their values
-- @return Class
return function(Class, parent, pick, index, values)
  function Class:__init()
    parent.__init(self)
    self.gradInput = {}
    self[index] = torch.Tensor()
    self.mask = torch.Tensor()
    self[values] = torch.Tensor()
    self.gradMaxVals = torch.Tensor()
  end

  -- {x1, x2, ...} (equal sizes) → the extreme of each element; the first of equals wins
  function Class:updateOutput(input)
    arithmetic.check(self, input)
    local out = arithmetic.start(self, input[1])
    local which = common.buffer(self[index], input[1])
    self[index] = which
    which:resizeAs(input[1]):fill(1)
    self.maskByteTensor = self.maskByteTensor or torch.ByteTensor()
    local mask, better = self.maskByteTensor, out[comparison[pick]]
    for i = 2, #input do
      better(mask, input[i], out)
      which:maskedFill(mask, i)
      self._winners = common.buffer(self._winners, out)
      self._winners:maskedSelect(input[i], mask)
      out:maskedCopy(mask, self._winners)
    end
    return out
  end

  -- gradOutput goes to the winner, 0 to the others
  function Class:updateGradInput(input, gradOutput)
    arithmetic.check(self, input)
    common.check_tensor(self, gradOutput, 'gradOutput')
    local which, mask = self[index], self.maskByteTensor
    for i = 1, #input do
      local dx = arithmetic.gradient(self, i, input[i]):copy(gradOutput)
      which.ne(mask, which, i)
      dx:maskedFill(mask, 0)
    end
    return arithmetic.finish(self, #input)
  end

  -- The mask stays bytes.
  function Class:type(typename, cache)
    if typename then self.maskByteTensor = nil end
    return parent.type(self, typename, cache)
  end

  function Class:clearState()
    self.maskByteTensor, self._winners = nil, nil
    self[index]:set()
    return parent.clearState(self)
  end
  return Class
end
