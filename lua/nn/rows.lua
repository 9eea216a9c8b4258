--- What layers from nIn to nOut elements share: a single vector seen as a batch of one.
local common = require 'nn.common'

local M = {}

--- Insist on sizes in a constructor.
function M.check_sizes(name, nIn, nOut)
  if not (type(nIn) == 'number' and type(nOut) == 'number' and nIn >= 1 and nOut >= 1) then
    error(('%s: expected the numbers of inputs and outputs, got %s and %s'):format(name, tostring(nIn),
      tostring(nOut)), 3)
  end
end

--- x as a matrix (N, n).
-- @param self the module, for the message
-- @param x (n) or (N, n)
-- @param n entries of a row; any when nil
-- @param[opt='input'] name what x is
function M.of(self, x, n, name)
  if not common.istensor(x) or x:dim() < 1 or x:dim() > 2 or (n and x:size(x:dim()) ~= n) then
    n = n or 'n'
    common.expected(self, ('%s [%s] or [N x %s]'):format(name or 'input', n, n), x)
  end
  if x:dim() == 2 then return x end
  if x:stride(1) == 1 then return x:view(1, -1) end
  return x:reshape(1, x:size(1))
end

--- A result matrix as a vector where the input was one.
function M.back(result, input, n)
  if input:dim() == 1 then result:resize(n) end
  return result
end

--- Two inputs as matrices of the same sizes.
-- @param self the module
-- @param input {(n), (n)} or {(N, n), (N, n)}
-- @return (N, n), (N, n)
function M.pair(self, input)
  if type(input) ~= 'table' then common.expected(self, 'a table of two tensors', input) end
  local a, b = M.of(self, input[1], nil, 'first input'), input[2]
  if not common.istensor(b) or not b:isSameSizeAs(input[1]) then
    common.expected(self, ('second input like the first, %s'):format(common.shape(input[1])), b)
  end
  return a, M.of(self, b)
end

--- self.gradInput as two matrices sized like x.
function M.gradients(self, x)
  if type(self.gradInput) ~= 'table' then self.gradInput = {} end
  local dx = self.gradInput
  for i = 1, 2 do dx[i] = common.buffer(dx[i], x):resizeAs(x) end
  return dx[1], dx[2]
end

--- gradOutput of one number a row, as a column.
function M.column(self, gradOutput, n)
  if type(gradOutput) == 'number' then gradOutput = self.output.new { gradOutput } end
  if not common.istensor(gradOutput) or gradOutput:nElement() ~= n then
    common.expected(self, ('gradOutput [%d]'):format(n), gradOutput)
  end
  return gradOutput:isContiguous() and gradOutput:view(n, 1) or gradOutput:reshape(n, 1)
end

return M
