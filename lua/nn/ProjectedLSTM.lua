--- nn.ProjectedLSTM(inputSize, hiddenSize, [numLayers], [bias], [batchFirst], [dropout], [bidirectional], projSize): an
-- nn.LSTM whose states are projected to projSize numbers before they go on: what nn.LSTM makes when it is given
-- projSize (PyTorch's proj_size), with its numbers.
--
-- Cells c and gates as of nn.LSTM, over hiddenSize H; h = w_hr (o*tanh c), P = projSize numbers. Input (T, N, in) →
-- output (T, N, D*P); initial and final states: h (L*D, N, P), c (L*D, N, H); forms and fields of nn.RNNBase. weight
-- holds, layer by layer and direction by direction, w_ih (4H, in or D*P), w_hh (4H, P), w_hr (P, H).
--
-- It runs on nn.LSTM's kernels: with m = o*tanh c the gates read w_hh h = (w_hh w_hr) m, so that a layer is a plain
-- one over m with the weight w_hh w_hr, and its output m w_hrᵀ. Given initial states, w_hh h0 goes in by columns of
-- the input that are zero but for the first step.
-- Sak, Senior, Beaufays 2014, Long Short-Term Memory Based Recurrent Neural Network Architectures.
-- @usage local y = nn.LSTM(3, 8, { projSize = 2 }):forward(torch.randn(7, 4, 3))  -- 7x4x2
local Projected, parent = torch.class('nn.ProjectedLSTM', 'nn.LSTM')
local common = require 'nn.common'
local options = require 'nn.options'
local buffer = common.buffer

local names = { 'inputSize', 'hiddenSize', 'numLayers', 'bias', 'batchFirst', 'dropout', 'bidirectional', 'projSize' }

function Projected:__init(...)
  nn.Module.__init(self)
  local who = 'nn.LSTM'
  local o = options.read(who, names, ...)
  self.kind, self.gates = 'RK_RNN_LSTM', 4
  self.inputSize = options.count(who, 'inputSize', o.inputSize)
  self.hiddenSize = options.count(who, 'hiddenSize', o.hiddenSize)
  self.projSize = options.count(who, 'projSize', o.projSize)
  if self.projSize >= self.hiddenSize then
    options.refuse(who, 'projSize', ('a number below hiddenSize, %d'):format(self.hiddenSize), self.projSize)
  end
  self.numLayers = options.count(who, 'numLayers', o.numLayers or 1)
  self.batchFirst = options.flag(who, 'batchFirst', o.batchFirst, false)
  self.bidirectional = options.flag(who, 'bidirectional', o.bidirectional, false)
  self.dropout = options.fraction(who, 'dropout', o.dropout or 0)
  self.train, self.work = true, {}
  local n, D, rows = 0, self.bidirectional and 2 or 1, 4 * self.hiddenSize
  for l = 1, self.numLayers do
    local width = l == 1 and self.inputSize or D * self.projSize
    n = n + D * (rows * (width + self.projSize) + self.projSize * self.hiddenSize)
  end
  self.weight, self.gradWeight = torch.Tensor(n), torch.Tensor(n):zero()
  if options.flag(who, 'bias', o.bias, true) then
    local m = self.numLayers * D * 2 * rows
    self.bias, self.gradBias = torch.Tensor(m), torch.Tensor(m):zero()
  end
  self:reset()
end

local function directions(self) return self.bidirectional and 2 or 1 end
local function width_of(self, l) return l == 1 and self.inputSize or directions(self) * self.projSize end

-- Views of the parameters of (l, d), or of their gradients: w_ih, w_hh, w_hr, both biases in one or nil.
local function split(self, l, d, weight, bias)
  local rows, P, H, at = 4 * self.hiddenSize, self.projSize, self.hiddenSize, 1
  for i = 1, l do
    local each = rows * (width_of(self, i) + P) + P * H
    at = at + (i < l and directions(self) or d - 1) * each
  end
  local list = {}
  for i, size in ipairs { { rows, width_of(self, l) }, { rows, P }, { P, H } } do
    list[i] = weight:narrow(1, at, size[1] * size[2]):view(size[1], size[2])
    at = at + size[1] * size[2]
  end
  local index = (l - 1) * directions(self) + d - 1
  return list[1], list[2], list[3], bias and bias:narrow(1, 1 + index * 2 * rows, 2 * rows)
end

--- Views of the parameters under PyTorch's names, weight_hr_l0 among them.
-- @param[opt] gradients true: of their gradients
-- @return name -> tensor
function Projected:named(gradients)
  local weight, bias, list = self.weight, self.bias, {}
  if gradients then weight, bias = self.gradWeight, self.gradBias end
  for l = 1, self.numLayers do
    for d = 1, directions(self) do
      local tail = ('_l%d%s'):format(l - 1, d == 2 and '_reverse' or '')
      local ih, hh, hr, b = split(self, l, d, weight, bias)
      list['weight_ih' .. tail], list['weight_hh' .. tail], list['weight_hr' .. tail] = ih, hh, hr
      if b then
        local rows = 4 * self.hiddenSize
        list['bias_ih' .. tail], list['bias_hh' .. tail] = b:narrow(1, 1, rows), b:narrow(1, rows + 1, rows)
      end
    end
  end
  return list
end

-- -- forms --------------------------------------------------------------------------------------------------

local function sized(self, name, ...)
  local t = buffer(self.work[name], self.weight)
  self.work[name] = t
  return t:resize(...)
end

-- (T, N, n) of what the caller has as that, as (N, T, n) or as (T, n).
local function time_major(self, x, name)
  if x:dim() == 2 then return x:contiguous():view(x:size(1), 1, x:size(2)) end
  if not self.batchFirst then return x:contiguous() end
  return sized(self, name, x:size(2), x:size(1), x:size(3)):copy(x:transpose(1, 2))
end

local function as_given(self, old, y, rank)
  local out = buffer(old, y)
  if rank == 3 and not self.batchFirst then return out:set(y) end
  local turned = rank == 2 and y:select(2, 1) or y:transpose(1, 2)
  return out:resizeAs(turned):copy(turned)
end

local function state_form(self, h, name, n, width)
  local count = self.numLayers * directions(self)
  if not torch.isTensor(h) or h:nElement() ~= count * n * width or h:size(h:dim()) ~= width then
    common.expected(self, ('%s [%d x %d x %d]'):format(name, count, n, width), h)
  end
  return h:contiguous():view(count, n, width)
end

local function check_input(self, x)
  if torch.isTensor(x) and (x:dim() == 2 or x:dim() == 3) and x:size(x:dim()) == self.inputSize then
    if x:type() == self.weight:type() then return end
    error(('%s: the module is of type %s, the input of type %s: convert one of them with :type()')
      :format(tostring(self), self.weight:type(), x:type()), 0)
  end
  local form = self.batchFirst and 'input [N x T x %d] or [T x %d]' or 'input [T x N x %d] or [T x %d]'
  common.expected(self, form:format(self.inputSize, self.inputSize), x)
end

-- x time-major, initial states or nil, N.
local function open(self, input)
  local x, h0, c0 = input, self.hiddenInput, self.cellInput
  if type(input) == 'table' then
    x, h0, c0 = input[1], input[2], input[3]
    if type(h0) == 'table' then h0, c0 = h0[1], h0[2] end
  end
  check_input(self, x)
  local n = x:dim() == 2 and 1 or x:size(self.batchFirst and 1 or 2)
  h0 = h0 and state_form(self, h0, 'initial states', n, self.projSize)
  c0 = c0 and state_form(self, c0, 'initial cells', n, self.hiddenSize)
  if self.lengths and self.lengths:nElement() ~= n then
    common.expected(self, ('lengths of %d sequences'):format(n), self.lengths)
  end
  return time_major(self, x, 'x'), h0, c0, n, x:dim()
end

-- -- a layer ------------------------------------------------------------------------------------------------

-- For each sequence, f(its number, the step at which direction d begins).
local function each_start(self, d, steps, n, f)
  for i = 1, n do
    local first = d == 1 and 1 or (self.lengths and self.lengths[i] or steps)
    if first >= 1 and first <= steps then f(i, first) end
  end
end

-- Layer l's input next to the columns that bring its initial states in.
local function with_states(self, l, x, h0, n)
  if not h0 then return x end
  local D, P, steps, width = directions(self), self.projSize, x:size(1), x:size(3)
  local out = sized(self, 'in' .. l, steps, n, width + D * P):zero()
  out:narrow(3, 1, width):copy(x)
  for d = 1, D do
    local columns, h = out:narrow(3, width + (d - 1) * P + 1, P), h0[(l - 1) * D + d]
    each_start(self, d, steps, n, function(i, at) columns[at][i]:copy(h[i]) end)
  end
  return out
end

-- The plain layer over m, its weights made from those of layer l.
local function plain_layer(self, l, states)
  local D, P, width, key = directions(self), self.projSize, width_of(self, l), (states and 'states' or 'plain') .. l
  local m = self.work[key]
  if not m then
    m = nn.LSTM(width + (states and D * P or 0), self.hiddenSize, 1, self.bias ~= nil, false, 0, self.bidirectional)
    m:type(self.weight:type())
    self.work[key] = m
  end
  m.lengths = self.lengths
  local own = m:named()
  for d = 1, D do
    local ih, hh, hr, b = split(self, l, d, self.weight, self.bias)
    local tail = '_l0' .. (d == 2 and '_reverse' or '')
    local to = own['weight_ih' .. tail]
    to:narrow(2, 1, width):copy(ih)
    if states then
      to:narrow(2, width + 1, D * P):zero()
      to:narrow(2, width + (d - 1) * P + 1, P):copy(hh)
    end
    own['weight_hh' .. tail]:mm(hh, hr)
    if b then
      local rows = 4 * self.hiddenSize
      own['bias_ih' .. tail]:copy(b:narrow(1, 1, rows))
      own['bias_hh' .. tail]:copy(b:narrow(1, rows + 1, rows))
    end
  end
  return m
end

-- Direction d of (T, N, D*k) as a matrix (T*N, k).
local function matrix(t, d, k) return t:view(-1, t:size(t:dim())):narrow(2, (d - 1) * k + 1, k) end

local function cells_of(self, c, l)
  local D = directions(self)
  return c and c:narrow(1, (l - 1) * D + 1, D)
end

-- y (T, N, D*P) and the final states of layer l.
local function run_layer(self, l, x, h0, c0, n)
  local work, D, P, H = self.work, directions(self), self.projSize, self.hiddenSize
  local wide = with_states(self, l, x, h0, n)
  local inner = plain_layer(self, l, h0 ~= nil)
  work['wide' .. l], work['inner' .. l] = wide, inner
  local m, mn, cn = unpack(inner:forward { wide, nil, cells_of(self, c0, l) })
  local y = sized(self, 'y' .. l, x:size(1), n, D * P)
  for d = 1, D do
    local _, _, hr = split(self, l, d, self.weight)
    matrix(y, d, P):mm(matrix(m, d, H), hr:t())
    local index = (l - 1) * D + d
    work.hn[index]:mm(mn[d], hr:t())
    work.cn[index]:copy(cn[d])
  end
  return y
end

-- What layer l + 1 reads: y, or that with some of it dropped.
local function passed_on(self, l, y)
  if self.dropout == 0 or self.train == false then
    self.work['mask' .. l] = nil
    return y
  end
  local mask = sized(self, 'mask' .. l, y:size()):bernoulli(1 - self.dropout):div(1 - self.dropout)
  return sized(self, 'dropped' .. l, y:size()):cmul(y, mask)
end

-- Begin where the last sequences ended, as remember() asks.
local function recall(self, input)
  local h = self.hiddenOutput
  if not self.rememberStates or not self.ended or not torch.isTensor(input) or not h then return end
  local n = input:dim() == 2 and 1 or input:size(self.batchFirst and 1 or 2)
  if h:dim() == 3 and h:size(2) ~= n then return self:resetStates() end
  self.hiddenInput = buffer(self.hiddenInput, h):resizeAs(h):copy(h)
  self.cellInput = buffer(self.cellInput, h):resizeAs(self.cellOutput):copy(self.cellOutput)
end

local function state_given(self, name, t, rank)
  self[name] = buffer(self[name], t):set(rank == 2 and t:select(2, 1) or t)
end

-- input (T, N, in), or {input, h0[, c0]} → output (T, N, D*P), or {output, hn, cn}
function Projected:updateOutput(input)
  recall(self, input)
  local x, h0, c0, n, rank = open(self, input)
  local count = self.numLayers * directions(self)
  sized(self, 'hn', count, n, self.projSize)
  sized(self, 'cn', count, n, self.hiddenSize)
  local y
  for l = 1, self.numLayers do
    y = run_layer(self, l, x, h0, c0, n)
    if l < self.numLayers then x = passed_on(self, l, y) end
  end
  local single = self.output
  if type(single) == 'table' then single = single[1] end
  y = as_given(self, single, y, rank)
  state_given(self, 'hiddenOutput', self.work.hn, rank)
  state_given(self, 'cellOutput', self.work.cn, rank)
  self.ended = true
  self.output = type(input) == 'table' and { y, self.hiddenOutput, self.cellOutput } or y
  return self.output
end

-- -- backward -----------------------------------------------------------------------------------------------

local function gradients_given(self, input, gradOutput, steps, n, rank)
  local g, dhn, dcn = gradOutput, self.gradHiddenOutput, self.gradCellOutput
  if type(input) == 'table' then
    if type(gradOutput) ~= 'table' then
      common.expected(self, 'a table {gradient of the output, of the last states} as gradOutput', gradOutput)
    end
    g, dhn, dcn = gradOutput[1], gradOutput[2] or dhn, gradOutput[3] or dcn
    if type(dhn) == 'table' then dhn, dcn = dhn[1], dhn[2] or dcn end
  end
  local width = directions(self) * self.projSize
  if g ~= nil or type(input) ~= 'table' then
    local sizes = rank == 2 and { steps, width } or self.batchFirst and { n, steps, width } or { steps, n, width }
    local want = torch.LongStorage(sizes)
    if not torch.isTensor(g) or g:dim() ~= rank or not g:isSize(want) then
      common.expected(self, 'gradOutput [' .. table.concat(sizes, ' x ') .. ']', g)
    end
    g = time_major(self, g, 'g')
  end
  dhn = dhn and state_form(self, dhn, 'gradient of the last states', n, self.projSize)
  dcn = dcn and state_form(self, dcn, 'gradient of the last cells', n, self.hiddenSize)
  return g, dhn, dcn
end

-- The gradient of layer l's input, from g that of its output.
local function back_layer(self, l, g, dhn, dcn, states, n)
  local work, D, P, H = self.work, directions(self), self.projSize, self.hiddenSize
  local inner, wide = work['inner' .. l], work['wide' .. l]
  local dm = g and sized(self, 'dm' .. l, g:size(1), n, D * H)
  local dmn = dhn and sized(self, 'dmn' .. l, D, n, H)
  for d = 1, D do
    local _, _, hr = split(self, l, d, self.weight)
    if g then matrix(dm, d, H):mm(matrix(g, d, P), hr) end
    if dhn then dmn[d]:mm(dhn[(l - 1) * D + d], hr) end
  end
  work['g' .. l], work['dm' .. l .. 'given'], work['dmn' .. l .. 'given'] = g, dm, dmn
  local given = { dm, dmn, cells_of(self, dcn, l) }
  local dx, _, dc0 = unpack(inner:updateGradInput({ wide, nil, cells_of(self, states.c0, l) }, given), 1, 3)
  work.dc0:narrow(1, (l - 1) * D + 1, D):copy(dc0)
  work.dh0:narrow(1, (l - 1) * D + 1, D):zero()
  if not states.h0 then return dx end
  local width = width_of(self, l)
  for d = 1, D do
    local columns, dh = dx:narrow(3, width + (d - 1) * P + 1, P), work.dh0[(l - 1) * D + d]
    each_start(self, d, dx:size(1), n, function(i, at) dh[i]:copy(columns[at][i]) end)
  end
  local narrow = dx:narrow(3, 1, width)
  return sized(self, 'dx' .. l, narrow:size()):copy(narrow)
end

local function check_forward(self)
  if not self.work.inner1 then error(tostring(self) .. ': backward before forward', 0) end
end

-- gradOutput (T, N, D*P) → gradInput (T, N, in); with tables as the input was
function Projected:updateGradInput(input, gradOutput)
  local x, h0, c0, n, rank = open(self, input)
  check_forward(self)
  local g, dhn, dcn = gradients_given(self, input, gradOutput, x:size(1), n, rank)
  if not g then g = sized(self, 'g', x:size(1), n, directions(self) * self.projSize):zero() end
  local count = self.numLayers * directions(self)
  local dh0, dc0 = sized(self, 'dh0', count, n, self.projSize), sized(self, 'dc0', count, n, self.hiddenSize)
  self.work.dhn = dhn
  for l = self.numLayers, 1, -1 do
    g = back_layer(self, l, g, dhn, dcn, { h0 = h0, c0 = c0 }, n)
    local mask = l > 1 and self.work['mask' .. l - 1]
    if mask then g:cmul(mask) end
  end
  state_given(self, 'gradHiddenInput', dh0, rank)
  state_given(self, 'gradCellInput', dc0, rank)
  if self.gradInput == nil then return nil end
  local last = self.gradInput
  if type(last) == 'table' then last = last[1] end
  last = as_given(self, last, g, rank)
  self.gradInput = type(input) == 'table' and { last, self.gradHiddenInput, self.gradCellInput } or last
  return self.gradInput
end

-- dw_hh = dW w_hrᵀ + what came by the columns, dw_hr = w_hhᵀ dW + gᵀ m, with dW that of w_hh w_hr
local function add_gradients(self, l, h0, scale)
  local work, D, P, H = self.work, directions(self), self.projSize, self.hiddenSize
  local inner, g, width = work['inner' .. l], work['g' .. l], width_of(self, l)
  local own = inner:named(true)
  for d = 1, D do
    local _, hh, hr = split(self, l, d, self.weight)
    local dih, dhh, dhr, db = split(self, l, d, self.gradWeight, self.gradBias)
    local tail = '_l0' .. (d == 2 and '_reverse' or '')
    local from, product = own['weight_ih' .. tail], own['weight_hh' .. tail]
    dih:add(from:narrow(2, 1, width))
    dhh:addmm(product, hr:t())
    if h0 then dhh:add(from:narrow(2, width + (d - 1) * P + 1, P)) end
    dhr:addmm(hh:t(), product)
    dhr:addmm(scale, matrix(g, d, P):t(), matrix(inner.output[1], d, H))
    if work.dhn then dhr:addmm(scale, work.dhn[(l - 1) * D + d]:t(), inner.output[2][d]) end
    if db then
      local rows = 4 * H
      db:narrow(1, 1, rows):add(own['bias_ih' .. tail])
      db:narrow(1, rows + 1, rows):add(own['bias_hh' .. tail])
    end
  end
end

-- gradWeight, gradBias += scale * ..., from what updateGradInput has left
function Projected:accGradParameters(input, _, scale)
  local _, h0, c0 = open(self, input)
  check_forward(self)
  scale = scale or 1
  for l = 1, self.numLayers do
    local work = self.work
    local inner = work['inner' .. l]
    inner:zeroGradParameters()
    inner:accGradParameters({ work['wide' .. l], nil, cells_of(self, c0, l) },
      { work['dm' .. l .. 'given'], work['dmn' .. l .. 'given'] }, scale)
    add_gradients(self, l, h0, scale)
  end
end

-- The parameters of the layers inside are no fields of this.
Projected.accUpdateGradParameters = require('nn.Container').accUpdateGradParameters

function Projected:type(typename, cache)
  if typename then self.work = {} end
  return parent.type(self, typename, cache)
end

function Projected:__tostring__()
  local sizes = ('nn.LSTM(%d -> %d -> %d'):format(self.inputSize, self.hiddenSize, self.projSize)
  return (parent.__tostring__(self):gsub('^nn%.%w+%(%d+ %-> %d+', sizes))
end

require('nn.halves').through(Projected)
require('nn.PackedSequence').through(Projected)

return Projected
