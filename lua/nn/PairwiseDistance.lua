--- nn.PairwiseDistance([p = 2], [eps = 0], [keepdim = false]), or a table of these names: the p-norm of the difference
-- of two vectors, plus eps (PyTorch adds 1e-6).
--
-- Shapes: input {(n), (n)} or {(N, n), (N, n)}; output (1) or (N), with keepdim (N, 1).
-- @usage nn.PairwiseDistance(2):forward {torch.ones(2, 3), torch.zeros(2, 3)}
local PairwiseDistance, parent = torch.class('nn.PairwiseDistance', 'nn.Module')
local options = require 'nn.options'
local common = require 'nn.common'
local rows = require 'nn.rows'
local utils = require 'nn.utils'

local TINY = 1e-6 -- added to a distance that divides, as Torch7 has it; not where there is an eps

function PairwiseDistance:__init(...)
  parent.__init(self)
  local o = options.read('nn.PairwiseDistance', { 'p', 'eps', 'keepdim' }, ...)
  local p = common.number(o.p)
  if p ~= nil and type(p) ~= 'number' then
    error('nn.PairwiseDistance: expected a number as p, got ' .. torch.type(p), 2)
  end
  self.gradInput = { torch.Tensor(), torch.Tensor() }
  self.diff = torch.Tensor()
  self.norm = p or 2
  self.eps = o.eps and options.number('nn.PairwiseDistance', 'eps', o.eps) -- nil in files of Torch7
  self.keepdim = options.flag('nn.PairwiseDistance', 'keepdim', o.keepdim, false) or nil
end

function PairwiseDistance:updateOutput(input)
  local a, b = rows.pair(self, input)
  self.diff = common.buffer(self.diff, a):resizeAs(a):add(a, -1, b)
  if self.eps then self.diff:add(self.eps) end
  self.output = common.buffer(self.output, a)
  local p = self.norm
  self.output:norm(self.diff, p, 2)
  if self.keepdim and input[1]:dim() == 2 then return self.output end
  return self.output:resize(a:size(1))
end

-- da = g d |d|^(p-2) / y^(p-1), db = -da
function PairwiseDistance:updateGradInput(input, gradOutput)
  local a, b = rows.pair(self, input)
  local n, p = a:size(1), self.norm
  local g = rows.column(self, gradOutput, n)
  local da, db = rows.gradients(self, a)
  local diff = self.diff:resizeAs(a):add(a, -1, b)
  if self.eps then diff:add(self.eps) end
  if p == 1 then
    da:sign(diff)
  else
    if p == 2 then
      da:copy(diff)
    else
      da:abs(diff):pow(p - 2):cmul(diff)
    end
    self.outExpand = common.buffer(self.outExpand, a)
    local y = self.outExpand:resize(n, 1):copy(self.output):add(self.eps and 1e-38 or TINY):pow(1 - p)
    da:cmul(y:expandAs(a))
  end
  da:cmul(g:expandAs(a))
  db:mul(da, -1)
  rows.back(da, input[1], a:size(2))
  rows.back(db, input[1], a:size(2))
  return self.gradInput
end

function PairwiseDistance:clearState()
  utils.clear(self, 'diff', 'outExpand')
  return parent.clearState(self)
end

return PairwiseDistance
