--- What the layers that combine a table of tensors element by element share.
local common = require 'nn.common'

local M = {}

--- Insist on a table of tensors with as many elements, `count` of them where that is given.
function M.check(self, input, count)
  if type(input) ~= 'table' or #input == 0 or (count and #input ~= count) then
    common.expected(self, count and ('a table of %d tensors'):format(count) or 'a table of tensors', input)
  end
  for i = 1, #input do
    if not torch.isTensor(input[i]) or input[i]:nElement() ~= input[1]:nElement() then
      common.expected(self, ('entry %d like the first, %s'):format(i, common.shape(input[1])), input[i])
    end
  end
end

--- self.output as a copy of x.
function M.start(self, x)
  self.output = common.buffer(self.output, x)
  return common.like(self.output, x):copy(x)
end

--- self.gradInput[i] sized like x, contents undefined.
function M.gradient(self, i, x)
  if type(self.gradInput) ~= 'table' then self.gradInput = {} end
  local dx = common.buffer(self.gradInput[i], x)
  self.gradInput[i] = dx
  return common.like(dx, x)
end

--- Forget gradients beyond the n-th; returns the list.
function M.finish(self, n)
  for i = n + 1, #self.gradInput do self.gradInput[i] = nil end
  return self.gradInput
end

return M
