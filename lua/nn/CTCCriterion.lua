--- nn.CTCCriterion([blank = 1], [reduction = 'mean'], [zeroInfinity = false]), or a table of these names: connectionist
-- temporal classification, -log of the probability of a short target given a long sequence, summed over all ways to
-- stretch the target by repeating classes and putting blanks between them.
--
-- input: log-probabilities (T, N, C) or (T, C), the output of nn.LogSoftmax(-1). target: {targets, lengths,
-- targetLengths}. targets: lists of classes, {{3, 2}, {4}}; or (N, S) with targetLengths; or all classes in one vector,
-- with targetLengths. lengths: the steps of each sequence, all T when it is nil. For one sequence a list or a vector of
-- classes will do. Classes count from 1; none may be the blank.
-- reduction: 'mean', each sample's loss divided by its target's length, then averaged over the batch; 'sum'.
-- zeroInfinity: targets longer than their sequence count nothing. `losses` (N) has the loss of each sample.
-- Errors: classes out of range, lengths that do not fit; each with its place.
-- @usage
-- local x = nn.LogSoftmax(-1):forward(torch.randn(9, 2, 5))
-- local loss = nn.CTCCriterion():forward(x, { { { 3, 2, 2 }, { 4 } } })
local CTC, parent = torch.class('nn.CTCCriterion', 'nn.Criterion')
local ffi = require 'ffi'
local common = require 'nn.common'
local options = require 'nn.options'
local C, again, buffer = common.C, common.again, common.buffer

local problem = ffi.new 'struct rk_ctc'
local view = common.scratch()

function CTC:__init(...)
  parent.__init(self)
  local who = 'nn.CTCCriterion'
  local o = options.read(who, { 'blank', 'reduction', 'zeroInfinity' }, ...)
  self.blank = options.count(who, 'blank', o.blank or 1)
  self.reduction = o.reduction or 'mean'
  if self.reduction ~= 'mean' and self.reduction ~= 'sum' then
    options.refuse(who, 'reduction', "'mean' or 'sum'", o.reduction)
  end
  self.zeroInfinity = options.flag(who, 'zeroInfinity', o.zeroInfinity, false)
end

local function integers(self, v, name)
  if torch.isTensor(v) then return v:type() == 'torch.LongTensor' and v or v:long() end
  if type(v) ~= 'table' then common.expected(self, name .. ' (a tensor or a list of numbers)', v) end
  for i, k in ipairs(v) do
    if type(k) ~= 'number' then common.expected(self, ('a number at %d of the %s'):format(i, name), k) end
  end
  return #v == 0 and torch.LongTensor() or torch.LongTensor(v)
end

-- Lists of classes as one vector, and their lengths.
local function joined(self, lists)
  local all, lengths = {}, {}
  for n, list in ipairs(lists) do
    if torch.isTensor(list) then list = list:totable() end
    if type(list) ~= 'table' then common.expected(self, ('a list of classes as target %d'):format(n), list) end
    for _, k in ipairs(list) do all[#all + 1] = k end
    lengths[n] = #list
  end
  return integers(self, all, 'targets'), torch.LongTensor(lengths)
end

-- targets, lengths, targetLengths from every form of target.
local function read(self, target)
  if torch.isTensor(target) then
    local t = integers(self, target, 'targets')
    return t:dim() == 1 and t:view(1, -1) or t
  elseif type(target) ~= 'table' then
    common.expected(self, '{targets, lengths, targetLengths} as target', target)
  end
  local first = target[1]
  if type(first) == 'number' or first == nil then return integers(self, target, 'targets'):view(1, -1) end
  local targets, lengths, sizes = first, target[2] or target.lengths, target[3] or target.targetLengths
  lengths = lengths and integers(self, lengths, 'lengths')
  if torch.isTensor(targets) then
    targets = integers(self, targets, 'targets')
    if not sizes and targets:dim() == 1 then targets = targets:view(1, -1) end
  elseif type(targets) == 'table' and type(targets[1]) ~= 'number' then
    if sizes then common.expected(self, 'no targetLengths beside lists of classes', sizes) end
    targets, sizes = joined(self, targets)
  else
    targets = integers(self, targets, 'targets')
    if not sizes then targets = targets:view(1, -1) end
  end
  return targets, lengths, sizes and integers(self, sizes, 'targetLengths')
end

-- x as (T, N, C)
local function batched(self, v, x)
  if x.rank == 3 then return x end
  v.dt = x.dt
  local s = C.rk_unsqueeze(v, x, 1)
  if s ~= 0 then again(self, s, C.rk_unsqueeze, v, x, 1) end
  return v
end

local function run(self, input, target, dx)
  common.check_dims(self, input, 2, 3, 'log-probabilities [T x N x C] or [T x C] as input')
  local targets, lengths, sizes = read(self, target)
  problem.targets, problem.lengths, problem.target_lengths = targets, lengths, sizes
  problem.blank, problem.zero_infinity = self.blank, self.zeroInfinity and 1 or 0
  problem.mean = self.reduction == 'mean' and 1 or 0
  self.losses = buffer(self.losses, input)
  local x = batched(self, view, input)
  local s = C.rk_ctc(self.losses, dx, x, problem)
  if s ~= 0 then again(self, s, C.rk_ctc, self.losses, dx, x, problem) end
  C.rk_tensor_drop(view)
  return targets, sizes
end

function CTC:updateOutput(input, target)
  local targets, sizes = run(self, input, target, nil)
  local n, sum = self.losses:nElement(), 0
  for i = 1, n do
    local size = sizes and sizes[i] or targets:size(2)
    sum = sum + self.losses[i] / (self.reduction == 'mean' and n * math.max(size, 1) or 1)
  end
  self.output = sum
  return sum
end

CTC.sampleDim = 2 -- of the input

function CTC:each(input, target)
  run(self, input, target, nil)
  return self.losses
end

function CTC:updateGradInput(input, target)
  common.check_tensor(self, input)
  local dx = buffer(self.gradInput, input)
  self.gradInput = dx
  if common.istensor(input) and input.rank == 2 then
    self.batch = buffer(self.batch, input)
    run(self, input, target, self.batch)
    local s = C.rk_select(dx, self.batch, 1, 0)
    if s ~= 0 then again(self, s, C.rk_select, dx, self.batch, 1, 0) end
  else
    run(self, input, target, dx)
  end
  return dx
end

function CTC:__tostring__() return ('%s(blank %d)'):format(torch.type(self), self.blank) end

return CTC
