--- nn.ClassNLLCriterion([weights], [sizeAverage = true], [ignoreIndex = -100]): -weights[t] * x[t] of
-- log-probabilities x.
-- Averaging divides by the sum of the weights chosen, which is also the second result.
local NLL, parent = torch.class('nn.ClassNLLCriterion', 'nn.Criterion')
local ffi = require 'ffi'
local common = require 'nn.common'
local C, again, buffer = common.C, common.again, common.buffer

local view = common.scratch()
local number = require 'torch.types'.number
local loss, total = ffi.new 'double[1]', ffi.new 'double[1]'

function NLL:__init(weights, sizeAverage, ignoreIndex)
  parent.__init(self)
  self.sizeAverage = sizeAverage ~= false
  self.ignoreIndex = ignoreIndex or -100
  if weights ~= nil then
    if not torch.isTensor(weights) or weights:dim() ~= 1 then
      error('nn.ClassNLLCriterion: weights: expected a vector, one number a class', 2)
    end
    self.weights = weights
  end
  self.output_tensor = torch.zeros(1)
  self.total_weight_tensor = torch.ones(1)
  self.target = torch.zeros(1):long()
end

function NLL:__len__() return self.weights and self.weights:size(1) or 0 end

--- The target as a LongTensor: a number as one element, other types copied over.
local function long(self, target)
  if common.istensor(target) then
    if target.dt == C.RK_i64 then return target end
    if self.target.dt ~= C.RK_i64 then self.target = torch.LongTensor() end
    self.target:resize(target:size()):copy(target)
  elseif type(target) == 'number' then
    if self.target.dt ~= C.RK_i64 or self.target:nElement() ~= 1 then self.target = torch.LongTensor(1) end
    self.target[1] = target
  else
    common.expected(self, 'a class index or a tensor of them as target', target)
  end
  return self.target
end

local function batched(self, input)
  common.check_dims(self, input, 1, 2, 'log-probabilities [N x C] or [C]')
  if input.rank == 2 then return input end
  view.dt = input.dt
  local s = C.rk_unsqueeze(view, input, 0)
  if s ~= 0 then again(self, s, C.rk_unsqueeze, view, input, 0) end
  return view
end

-- input (N, C) or (C), target (N) classes from 1 → loss, sum of weights
function NLL:updateOutput(input, target)
  target = long(self, target)
  local x, average = batched(self, input), self.sizeAverage and 1 or 0
  local s = C.rk_nll_forward(loss, total, x, target, self.weights, self.ignoreIndex, average)
  if s ~= 0 then again(self, s, C.rk_nll_forward, loss, total, x, target, self.weights, self.ignoreIndex, average) end
  self.output = number(loss)
  self.total_weight = total[0]
  C.rk_tensor_drop(view)
  return self.output, total[0]
end

function NLL:updateGradInput(input, target)
  target = long(self, target)
  local x, average = batched(self, input), self.sizeAverage and 1 or 0
  local dx, weight = buffer(self.gradInput, input), self.total_weight or 1
  self.gradInput = dx
  local s = C.rk_nll_backward(dx, x, target, self.weights, self.ignoreIndex, weight, average)
  if s ~= 0 then again(self, s, C.rk_nll_backward, dx, x, target, self.weights, self.ignoreIndex, weight, average) end
  if input.rank == 1 then
    C.rk_select(dx, dx, 0, 0)
    C.rk_tensor_drop(view)
  end
  return dx
end

return NLL
