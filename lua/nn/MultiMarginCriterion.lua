--- nn.MultiMarginCriterion([p = 1], [weights], [margin = 1]): sum over i ~= t of max(0, margin - x[t] + x[i])^p times
-- the weight of t, divided by the number of classes; averaged over the batch. p is 1 or 2.
-- input x (C) or (N, C), target t a class from 1 or (N) of them → loss, a number; gradient like x.
-- @usage local loss = nn.MultiMarginCriterion():forward(torch.randn(2, 3), torch.LongTensor{1, 3})
local MultiMargin, parent = torch.class('nn.MultiMarginCriterion', 'nn.Criterion')
local ffi = require 'ffi'
local common = require 'nn.common'
local labels = require 'nn.labels'
local C, again = common.C, common.again

local loss, number = ffi.new 'double[1]', require 'torch.types'.number

function MultiMargin:__init(p, weights, margin)
  parent.__init(self)
  self.p = common.optional(torch.type(self), 'p', p) or 1
  if self.p ~= 1 and self.p ~= 2 then error('nn.MultiMarginCriterion: only p == 1 and p == 2 are supported', 2) end
  self.margin = common.optional(torch.type(self), 'margin', margin) or 1.0
  self.sizeAverage = true
  self.weights = labels.weights('nn.MultiMarginCriterion', weights)
end

local function run(self, sum, dx, x, target)
  common.check_dims(self, x, 1, 2, 'scores [N x C] or [C]')
  target = labels.long(self, target, '_target')
  local average = self.sizeAverage and 1 or 0
  local s = C.rk_multi_margin(sum, dx, x, target, self.weights, self.p, self.margin, average)
  if s ~= 0 then again(self, s, C.rk_multi_margin, sum, dx, x, target, self.weights, self.p, self.margin, average) end
end

-- input (N, C) or (C), target (N) classes from 1 or a number → loss
function MultiMargin:updateOutput(input, target)
  run(self, loss, nil, input, target)
  self.output = number(loss)
  return self.output
end

MultiMargin.each = labels.each_row

function MultiMargin:updateGradInput(input, target)
  common.check_tensor(self, input)
  self.gradInput = common.buffer(self.gradInput, input)
  run(self, nil, self.gradInput, input, target)
  return self.gradInput
end

return MultiMargin
