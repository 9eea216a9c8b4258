--- nn.MultiLabelMarginCriterion([sizeAverage = true]): sum over the classes t listed and the classes i not listed of
-- max(0, 1 - x[t] + x[i]), divided by the number of classes; averaged over the batch. A target lists classes, ended
-- by 0, in the shape of the input. The field isTarget marks them.
-- @usage local loss = nn.MultiLabelMarginCriterion():forward(torch.randn(3), torch.Tensor{1, 3, 0})
local MultiLabel, parent = torch.class('nn.MultiLabelMarginCriterion', 'nn.Criterion')
local ffi = require 'ffi'
local common = require 'nn.common'
local labels = require 'nn.labels'
local C, again = common.C, common.again

local loss, number = ffi.new 'double[1]', require 'torch.types'.number

function MultiLabel:__init(sizeAverage)
  parent.__init(self)
  self.sizeAverage = sizeAverage ~= false
  self.isTarget = torch.Tensor()
end

local function run(self, sum, dx, x, target)
  common.check_dims(self, x, 1, 2, 'scores [N x C] or [C]')
  target = labels.long(self, target, '_target')
  self.isTarget = common.buffer(self.isTarget, x)
  local average = self.sizeAverage and 1 or 0
  local s = C.rk_multi_label_margin(sum, dx, self.isTarget, x, target, average)
  if s ~= 0 then again(self, s, C.rk_multi_label_margin, sum, dx, self.isTarget, x, target, average) end
end

-- input (N, C) or (C), target (the same) → loss
function MultiLabel:updateOutput(input, target)
  run(self, loss, nil, input, target)
  self.output = number(loss)
  return self.output
end

MultiLabel.each = labels.each_row

function MultiLabel:updateGradInput(input, target)
  common.check_tensor(self, input)
  self.gradInput = common.buffer(self.gradInput, input)
  run(self, nil, self.gradInput, input, target)
  return self.gradInput
end

return MultiLabel
