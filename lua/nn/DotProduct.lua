--- nn.DotProduct(): the inner product of two vectors.
--
-- Shapes: input {(n), (n)} or {(N, n), (N, n)}; output (1) or (N).
-- @usage nn.DotProduct():forward {torch.ones(2, 3), torch.ones(2, 3)}
local DotProduct, parent = torch.class('nn.DotProduct', 'nn.Module')
local common = require 'nn.common'
local rows = require 'nn.rows'
local utils = require 'nn.utils'

function DotProduct:__init()
  parent.__init(self)
  self.gradInput = { torch.Tensor(), torch.Tensor() }
end

function DotProduct:updateOutput(input)
  local a, b = rows.pair(self, input)
  self.buffer = common.buffer(self.buffer, a)
  self.output = common.buffer(self.output, a)
  return self.output:sum(self.buffer:resizeAs(a):cmul(a, b), 2):resize(a:size(1))
end

-- da = g b, db = g a
function DotProduct:updateGradInput(input, gradOutput)
  local a, b = rows.pair(self, input)
  local g = rows.column(self, gradOutput, a:size(1)):expandAs(a)
  local da, db = rows.gradients(self, a)
  rows.back(da:cmul(b, g), input[1], a:size(2))
  rows.back(db:cmul(a, g), input[1], a:size(2))
  return self.gradInput
end

function DotProduct:clearState()
  utils.clear(self, 'buffer')
  return parent.clearState(self)
end

return DotProduct
