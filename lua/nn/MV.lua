--- nn.MV([trans = false]): the product of a matrix and a vector, or of each pair in two batches.
--
-- Shapes: input {M (m, n), v (n)} or {(N, m, n), (N, n)}; output (m) or (N, m). trans takes the transposed matrix.
-- @usage nn.MV():forward {torch.ones(2, 3), torch.ones(3)}
local MV, parent = torch.class('nn.MV', 'nn.Module')
local common = require 'nn.common'
local utils = require 'nn.utils'

function MV:__init(trans)
  parent.__init(self)
  if trans ~= nil and type(trans) ~= 'boolean' then
    error('nn.MV: trans: expected true or false, got ' .. torch.type(trans), 2)
  end
  self.trans = trans or false
  self.gradInput = { torch.Tensor(), torch.Tensor() }
end

-- Matrix as it multiplies, vector
local function check(self, input)
  if type(input) ~= 'table' or #input ~= 2 then common.expected(self, 'a table {matrix, vector}', input) end
  local m, v = input[1], input[2]
  common.check_dims(self, m, 2, 3, 'a matrix or a batch of matrices as first input')
  local rank = m:dim()
  local turned = self.trans and m:transpose(rank - 1, rank) or m
  local n = turned:size(rank)
  local text = rank == 2 and ('second input [%d]'):format(n) or ('second input [%d x %d]'):format(m:size(1), n)
  common.check_dims(self, v, rank - 1, rank - 1, text)
  if v:size(rank - 1) ~= n or (rank == 3 and v:size(1) ~= m:size(1)) then common.expected(self, text, v) end
  return turned, v, rank
end

function MV:updateOutput(input)
  local m, v, rank = check(self, input)
  local out = common.buffer(self.output, m)
  self.output = out
  if rank == 2 then return out:resize(m:size(1)):mv(m, v) end
  out:resize(m:size(1), m:size(2))
  out:view(m:size(1), m:size(2), 1):bmm(m, utils.addSingletonDimension(v, 3))
  return out
end

-- dM = g v', dv = M' g
function MV:updateGradInput(input, gradOutput)
  local m, v, rank = check(self, input)
  common.check_dims(self, gradOutput, rank - 1, rank - 1, ('gradOutput of %d dimensions'):format(rank - 1))
  local dx = self.gradInput
  dx[1] = common.buffer(dx[1], m):resizeAs(input[1])
  dx[2] = common.buffer(dx[2], m):resizeAs(v)
  local dm = self.trans and dx[1]:transpose(rank - 1, rank) or dx[1]
  local column = utils.addSingletonDimension(gradOutput, rank)
  dm:cmul(column:expandAs(dm), utils.addSingletonDimension(v, rank - 1):expandAs(dm))
  if rank == 2 then
    dx[2]:mv(m:t(), gradOutput)
  else
    dx[2]:view(v:size(1), v:size(2), 1):bmm(m:transpose(2, 3), column)
  end
  return dx
end

return MV
