--- nn.MM([transA = false], [transB = false]): the product of two matrices, or of each pair in two batches.
--
-- Shapes: input {A (m, k), B (k, n)} or {(N, m, k), (N, k, n)}; output (m, n) or (N, m, n). transA and transB take the
-- transposed matrix.
-- @usage nn.MM(false, true):forward {torch.ones(2, 3), torch.ones(4, 3)}  -- 2x4
local MM, parent = torch.class('nn.MM', 'nn.Module')
local common = require 'nn.common'

function MM:__init(transA, transB)
  parent.__init(self)
  self.transA = transA or false
  self.transB = transB or false
  self.gradInput = { torch.Tensor(), torch.Tensor() }
end

local function check(self, input)
  if type(input) ~= 'table' or #input ~= 2 then common.expected(self, 'a table of two matrices', input) end
  local a, b = input[1], input[2]
  common.check_dims(self, a, 2, 3, 'a matrix or a batch of matrices as first input')
  local rank = a:dim()
  common.check_dims(self, b, rank, rank, ('second input of %d dimensions, as the first'):format(rank))
  local inner = self.transA and rank - 1 or rank
  local other = self.transB and rank or rank - 1
  if a:size(inner) ~= b:size(other) or (rank == 3 and a:size(1) ~= b:size(1)) then
    common.expected(self, ('second input that multiplies %s%s'):format(common.shape(a),
      (self.transA or self.transB) and (' (transA %s, transB %s)'):format(tostring(self.transA), tostring(self.transB))
      or ''), b)
  end
  return a, b, rank
end

local function turned(x, rank, yes) return yes and x:transpose(rank - 1, rank) or x end

-- out = x y, sized for it
local function product(out, x, y, rank)
  out = common.buffer(out, x)
  if rank == 2 then return out:resize(x:size(1), y:size(2)):mm(x, y) end
  return out:resize(x:size(1), x:size(2), y:size(3)):bmm(x, y)
end

function MM:updateOutput(input)
  local a, b, rank = check(self, input)
  self.output = product(self.output, turned(a, rank, self.transA), turned(b, rank, self.transB), rank)
  return self.output
end

-- dA = G B', dB = A' G; of a transposed factor the transposed
function MM:updateGradInput(input, gradOutput)
  local a, b, rank = check(self, input)
  common.check_dims(self, gradOutput, rank, rank, ('gradOutput of %d dimensions'):format(rank))
  local dx = self.gradInput
  local g, gt = gradOutput, gradOutput:transpose(rank - 1, rank)
  if self.transA then
    dx[1] = product(dx[1], turned(b, rank, self.transB), gt, rank)
  else
    dx[1] = product(dx[1], g, turned(b, rank, not self.transB), rank)
  end
  if self.transB then
    dx[2] = product(dx[2], gt, turned(a, rank, self.transA), rank)
  else
    dx[2] = product(dx[2], turned(a, rank, not self.transA), g, rank)
  end
  return dx
end

return MM
