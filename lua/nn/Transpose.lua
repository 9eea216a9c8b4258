--- nn.Transpose({d1, d2}, ...): dimensions exchanged in turn.
-- input (any shape) → output with dimensions d1 and d2 exchanged, then the next pair.
-- @usage local y = nn.Transpose({ 1, 2 }, { 2, 3 }):forward(torch.randn(4, 2, 3)) -- 2 x 3 x 4
local Transpose, parent = torch.class('nn.Transpose', 'nn.Module')
local common = require 'nn.common'

function Transpose:__init(...)
  parent.__init(self)
  self.permutations = { ... }
  for i, p in ipairs(self.permutations) do
    if type(p) ~= 'table' or type(p[1]) ~= 'number' or type(p[2]) ~= 'number' then
      error(('nn.Transpose: argument %d: expected a pair of dimensions'):format(i), 2)
    end
  end
end

--- Dimensions without the batch: those given then count from 1 behind it.
-- @return self
function Transpose:setNumInputDims(n)
  self.numInputDims = n
  return self
end

-- 1 when the input has a batch dimension in front.
local function shift(self, input)
  return self.numInputDims and input:dim() == self.numInputDims + 1 and 1 or 0
end

-- input → output with dimensions exchanged, packed
function Transpose:updateOutput(input)
  common.check_tensor(self, input)
  local s, x = shift(self, input), input
  for _, p in ipairs(self.permutations) do x = x:transpose(p[1] + s, p[2] + s) end
  self.output = common.buffer(self.output, input)
  return self.output:resize(x:size()):copy(x)
end

function Transpose:updateGradInput(input, gradOutput)
  common.check_tensor(self, gradOutput, 'gradOutput')
  local s, g = shift(self, input), gradOutput
  for i = #self.permutations, 1, -1 do
    local p = self.permutations[i]
    g = g:transpose(p[1] + s, p[2] + s)
  end
  self.gradInput = common.buffer(self.gradInput, input)
  return self.gradInput:resize(g:size()):copy(g)
end

return Transpose
