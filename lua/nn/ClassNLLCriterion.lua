--- nn.ClassNLLCriterion([weights], [sizeAverage = true], [ignoreIndex = -100]): -weights[t] * x[t] of
-- log-probabilities x.
-- Averaging divides by the sum of the weights chosen, which is also the second result. x (C) or (N, C) with t a number
-- or (N); or with more positions, x (N, C, H, W) with t (N, H, W).
-- Gives loss, a number; gradient like x.
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
  self.ignoreIndex = common.optional(torch.type(self), 'ignoreIndex', ignoreIndex) or -100
  self.weights = labels.weights(torch.type(self), weights)
  self.output_tensor = torch.zeros(1)
  self.total_weight_tensor = torch.ones(1)
  self.target = torch.zeros(1):long()
end

function NLL:__len() return self.weights and self.weights:size(1) or 0 end

-- The input as a batch: more dimensions are positions, where the target has them, too.
local function batched(self, input, target)
  local most = (self.spatial or target.rank > 1) and 10 or 2
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
  local x, average, ignore = batched(self, input, target), self.sizeAverage and 1 or 0, self.ignoreIndex or -100
  local s = C.rk_nll_forward(loss, total, x, target, self.weights, ignore, average)
  if s ~= 0 then again(self, s, C.rk_nll_forward, loss, total, x, target, self.weights, ignore, average) end
  self.output = number(loss)
  self.total_weight = number(total)
  C.rk_tensor_drop(view)
  return self.output, self.total_weight
end

-- A buffer of this criterion of the given type.
local function kept(self, field, typename)
  local t = self[field]
  if not t or t:type() ~= typename then -- type() takes it along
    t = torch.factory(typename)()
    self[field] = t
  end
  return t
end

--- The losses of the samples, or of the positions: 0 where the target is ignored.
-- @return a tensor like the target
function NLL:each(input, target)
  self:updateOutput(input, target) -- checks all
  target = long(self, target)
  local sizes = target:size():totable()
  local x = input:dim() == 1 and nn.utils.addSingletonDimension(input) or input
  table.insert(sizes, 2, 1)
  local at = kept(self, '_at', 'torch.LongTensor'):resize(torch.LongStorage(sizes)):copy(target)
  local ignored = kept(self, '_ignored', 'torch.ByteTensor'):eq(at, self.ignoreIndex or -100)
  at:maskedFill(ignored, 1)
  self._each = buffer(self._each, x)
  local out = self._each:gather(x, 2, at):mul(-1)
  if self.weights then
    self._chosen = buffer(self._chosen, x)
    self._chosen:index(self.weights, 1, at:view(-1))
    out:cmul(self._chosen:viewAs(out))
  end
  out:maskedFill(ignored, 0)
  return out:view(target:size())
end

function NLL:updateGradInput(input, target)
  if not checked[self] then heads.log_probabilities(self, input) end
  target = long(self, target)
  local x, average, ignore = batched(self, input, target), self.sizeAverage and 1 or 0, self.ignoreIndex or -100
  local dx, weight = buffer(self.gradInput, input), self.total_weight or 1
  self.gradInput = dx
  local s = C.rk_nll_backward(dx, x, target, self.weights, ignore, weight, average)
  if s ~= 0 then again(self, s, C.rk_nll_backward, dx, x, target, self.weights, ignore, weight, average) end
  if input.rank == 1 then
    C.rk_select(common.own(dx), dx, 0, 0)
    C.rk_tensor_drop(view)
  end
  return dx
end

return NLL
