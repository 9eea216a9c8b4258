--- nn.ClassNLLCriterion([weights], [sizeAverage = true], [ignoreIndex = -100]): -weights[t] * x[t] of
-- log-probabilities x.
-- Averaging divides by the sum of the weights chosen, which is also the second result.
-- @usage local loss = nn.ClassNLLCriterion():forward(nn.LogSoftMax():forward(torch.randn(3)), 2)
local NLL, parent = torch.class('nn.ClassNLLCriterion', 'nn.Criterion')
local ffi = require 'ffi'
local common = require 'nn.common'
local labels = require 'nn.labels'
local heads = require 'nn.heads'
local C, again, buffer = common.C, common.again, common.buffer
local long = labels.long

local view = common.scratch()
local number = require 'torch.types'.number
local loss, total = ffi.new 'double[1]', ffi.new 'double[1]'
local checked = heads.checked

function NLL:__init(weights, sizeAverage, ignoreIndex)
  parent.__init(self)
  self.sizeAverage = sizeAverage ~= false
  self.ignoreIndex = ignoreIndex or -100
  self.weights = labels.weights(torch.type(self), weights)
  self.output_tensor = torch.zeros(1)
  self.total_weight_tensor = torch.ones(1)
  self.target = torch.zeros(1):long()
end

function NLL:__len() return self.weights and self.weights:size(1) or 0 end

-- The input as a batch: more dimensions are positions, for SpatialClassNLLCriterion.
local function batched(self, input)
  local most = self.spatial and 10 or 2
  common.check_dims(self, input, 1, most, 'log-probabilities [N x C] or [C]')
  if input.rank > 1 then return input end
  view.dt = input.dt
  local s = C.rk_unsqueeze(view, input, 0)
  if s ~= 0 then again(self, s, C.rk_unsqueeze, view, input, 0) end
  return view
end

-- input (N, C) or (C), target (N) classes from 1 → loss, sum of weights
function NLL:updateOutput(input, target)
  target = long(self, target)
  local x, average, ignore = batched(self, input), self.sizeAverage and 1 or 0, self.ignoreIndex or -100
  local s = C.rk_nll_forward(loss, total, x, target, self.weights, ignore, average)
  if s ~= 0 then again(self, s, C.rk_nll_forward, loss, total, x, target, self.weights, ignore, average) end
  self.output = number(loss)
  self.total_weight = number(total)
  C.rk_tensor_drop(view)
  return self.output, self.total_weight
end

function NLL:updateGradInput(input, target)
  if not checked[self] then heads.log_probabilities(self, input) end
  target = long(self, target)
  local x, average, ignore = batched(self, input), self.sizeAverage and 1 or 0, self.ignoreIndex or -100
  local dx, weight = buffer(self.gradInput, input), self.total_weight or 1
  self.gradInput = dx
  local s = C.rk_nll_backward(dx, x, target, self.weights, ignore, weight, average)
  if s ~= 0 then again(self, s, C.rk_nll_backward, dx, x, target, self.weights, ignore, weight, average) end
  if input.rank == 1 then
    C.rk_select(dx, dx, 0, 0)
    C.rk_tensor_drop(view)
  end
  return dx
end

return NLL
