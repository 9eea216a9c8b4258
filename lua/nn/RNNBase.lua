--- What nn.LSTM, nn.GRU and nn.RNN share: layers that read a whole sequence, in one or both directions.
--
-- Input (T, N, in): T steps of N sequences; (N, T, in) with batchFirst; (T, in) is one sequence. Output (T, N, D*H),
-- D = 2 when bidirectional: the last layer's states at every step, forward next to backward. Initial states are zero,
-- or `hiddenInput` (L*D, N, H) (LSTM: `cellInput`); the final ones are in `hiddenOutput` (`cellOutput`), and their
-- gradients go in by `gradHiddenOutput` (`gradCellOutput`) and come out in `gradHiddenInput` (`gradCellInput`). Or the
-- states travel with the data: input {x, h0[, c0]}, output {y, hn[, cn]}, gradOutput {dy, dhn[, dcn]}, gradInput
-- {dx, dh0[, dc0]}. Sequences may also come as an nn.PackedSequence, and go out as one. Layers of half types compute in
-- float.
--
-- All weights lie in `weight`, layer by layer and direction by direction, each w_ih (G*H, in) then w_hh (G*H, H);
-- `bias` holds b_ih and b_hh (G*H) in the same order. `named()` shows them under PyTorch's names; the layout is
-- PyTorch's too.
-- @usage local h = nn.GRU(3, 5):forward(torch.randn(7, 2, 3))
local Base, parent = torch.class('nn.RNNBase', 'nn.Module')
local ffi = require 'ffi'
local common = require 'nn.common'
local options = require 'nn.options'
local C, again, buffer = common.C, common.again, common.buffer
local istype, tensor = ffi.istype, ffi.typeof 'struct rk_tensor'

local layer, grads = ffi.new 'struct rk_rnn', ffi.new 'struct rk_rnn_grad'
local views = {}
for _, name in ipairs { 'x', 'y', 'h0', 'c0', 'hn', 'cn', 'g', 'dhn', 'dcn', 'dh0', 'dc0', 'flat' } do
  views[name] = common.scratch()
end
local shares = {} -- views of parameters and of their gradients
for i = 1, 8 do shares[i] = common.scratch() end
local dims = ffi.new 'int64_t[3]'

local function status(self, s, f, ...)
  if s ~= 0 then again(self, s, f, ...) end
end

--- @param kind row of enum rk_rnn_kind
-- @param gates blocks of H rows in the weights
-- @param inputSize, hiddenSize numbers of features
-- @param ... number of layers, bias, batchFirst, dropout, bidirectional, or a table with these names
local known = { 'inputSize', 'hiddenSize', 'numLayers', 'bias', 'batchFirst', 'dropout', 'bidirectional' }

function Base:__init(kind, gates, inputSize, hiddenSize, ...)
  parent.__init(self)
  local who = torch.type(self)
  local o = options.read(who, known, inputSize, hiddenSize, ...)
  inputSize, hiddenSize = o.inputSize, o.hiddenSize
  self.kind, self.gates = kind, gates
  self.inputSize = options.count(who, 'inputSize', inputSize)
  self.hiddenSize = options.count(who, 'hiddenSize', hiddenSize)
  self.numLayers = options.count(who, 'numLayers', o.numLayers or 1)
  self.batchFirst = options.flag(who, 'batchFirst', o.batchFirst, false)
  self.bidirectional = options.flag(who, 'bidirectional', o.bidirectional, false)
  self.dropout = options.fraction(who, 'dropout', o.dropout or 0)
  self.train = true
  local directions = self.bidirectional and 2 or 1
  local rows = gates * hiddenSize
  local n = directions * rows * (inputSize + hiddenSize)
    + (self.numLayers - 1) * directions * rows * (directions + 1) * hiddenSize
  self.weight, self.gradWeight = torch.Tensor(n), torch.Tensor(n):zero()
  if options.flag(who, 'bias', o.bias, true) then
    local m = self.numLayers * directions * 2 * rows
    self.bias, self.gradBias = torch.Tensor(m), torch.Tensor(m):zero()
  end
  self.work = {}
  self:reset()
end

--- Draw all parameters anew, uniform in ±stdv, by default 1/sqrt(hiddenSize).
-- @return self
function Base:reset(stdv)
  stdv = common.deviation(self, stdv or 1 / math.sqrt(self.hiddenSize))
  self.weight:uniform(-stdv, stdv)
  if self.bias then self.bias:uniform(-stdv, stdv) end
  return self
end

-- Width of what layer l reads, and where the parameters of (l, d) begin in `weight` and `bias`.
local function place(self, l, d)
  local D, rows, H = self.bidirectional and 2 or 1, self.gates * self.hiddenSize, self.hiddenSize
  local first, other = rows * (self.inputSize + H), rows * (D * H + H)
  if l == 1 then return self.inputSize, (d - 1) * first, (d - 1) * 2 * rows end
  return D * H, D * first + ((l - 2) * D + d - 1) * other, ((l - 1) * D + d - 1) * 2 * rows
end

-- w_ih, w_hh, b_ih, b_hh of (l, d) in the headers at[first + 1 .. first + 4]; biases nil where there are none.
local function split(self, weight, bias, l, d, at, first)
  local rows, H = self.gates * self.hiddenSize, self.hiddenSize
  local width, w, b = place(self, l, d)
  for k = 1, 2 do
    local v, columns = at[first + k], k == 1 and width or H
    v.dt = weight.dt
    status(self, C.rk_narrow(v, weight, 0, w, rows * columns), C.rk_narrow, v, weight, 0, w, rows * columns)
    dims[0], dims[1] = rows, columns
    status(self, C.rk_reshape(v, v, 2, dims), C.rk_reshape, v, v, 2, dims)
    w = w + rows * columns
    if bias then
      v = at[first + 2 + k]
      v.dt = bias.dt
      status(self, C.rk_narrow(v, bias, 0, b, rows), C.rk_narrow, v, bias, 0, b, rows)
      b = b + rows
    end
  end
  return at[first + 1], at[first + 2], bias and at[first + 3], bias and at[first + 4]
end

--- Views of the parameters under PyTorch's names: weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0, the second
-- layer's end in l1, the backward direction's in _reverse. Copying into them loads a PyTorch layer.
-- @param[opt] gradients true: of their gradients
-- @return name -> tensor
-- @usage assert(nn.LSTM(3, 5):named().weight_hh_l0:size(1) == 20)
function Base:named(gradients)
  local weight, bias = self.weight, self.bias
  if gradients then weight, bias = self.gradWeight, self.gradBias end
  local names, list = { 'weight_ih', 'weight_hh', 'bias_ih', 'bias_hh' }, {}
  for l = 1, self.numLayers do
    for d = 1, self.bidirectional and 2 or 1 do
      local at = {}
      for k = 1, 4 do at[k] = weight.new() end
      split(self, weight, bias, l, d, at, 0)
      for k = 1, bias and 4 or 2 do list[('%s_l%d%s'):format(names[k], l - 1, d == 2 and '_reverse' or '')] = at[k] end
    end
  end
  return list
end

--- Lengths of the sequences of the next batches, N integers from 0 to T; what follows in a sequence is padding: the
-- output is 0 there, the final state is that of the last real step, and the backward direction begins at that step.
-- @param[opt] lengths tensor or list of numbers; nil: all T steps again
-- @return self
-- @usage nn.GRU(3, 5):setLengths({ 4, 2 }):forward(torch.randn(4, 2, 3))
function Base:setLengths(lengths)
  if type(lengths) == 'table' then lengths = torch.LongTensor(lengths) end
  if lengths ~= nil and not torch.isTensor(lengths) then
    error(('%s: setLengths: expected a tensor or a list of numbers, got %s'):format(tostring(self),
      torch.type(lengths)), 2)
  end
  self.lengths = lengths and lengths:long()
  return self
end

--- Begin each sequence in the state in which the last one ended (the gradient does not go back there).
-- @param[opt] on false: begin with zeros, or what hiddenInput and cellInput hold
-- @return self
function Base:remember(on)
  self.rememberStates = on ~= false
  return self
end

--- Forget the states: the next sequence begins with zeros.
-- @return self
function Base:resetStates()
  self.hiddenInput, self.cellInput, self.ended = nil, nil, nil
  return self
end

-- -- input and states ---------------------------------------------------------------------------------------

local function form(self)
  return (self.batchFirst and 'input [N x T x %d] or [T x %d]' or 'input [T x N x %d] or [T x %d]')
    :format(self.inputSize, self.inputSize)
end

-- The tensor in time-major form: a view, or a copy for batchFirst.
local function time_major(self, x, name)
  local work = self.work
  if x.rank == 2 then
    local v = views[name]
    v.dt = x.dt
    status(self, C.rk_unsqueeze(v, x, 1), C.rk_unsqueeze, v, x, 1)
    return v
  elseif not self.batchFirst then
    return x
  end
  local v, t = views[name], buffer(work[name], x)
  work[name] = t
  v.dt = x.dt
  status(self, C.rk_transpose(v, x, 0, 1), C.rk_transpose, v, x, 0, 1)
  status(self, C.rk_tensor_resize(t, 3, v.extent, nil), C.rk_tensor_resize, t, 3, v.extent, nil)
  status(self, C.rk_copy(t, v), C.rk_copy, t, v)
  return t
end

-- A state (L*D, N, H), also given as (N, H) or (H) when L*D or N is 1, as three dimensions.
local function state_form(self, h, name, n)
  local LD, H = self.numLayers * (self.bidirectional and 2 or 1), self.hiddenSize
  local ok = istype(tensor, h) and h:nElement() == LD * n * H and h.rank >= 1 and h.extent[h.rank - 1] == H
  if ok and h.rank == 3 then return h end
  if not ok or h.rank > 3 then common.expected(self, ('%s [%d x %d x %d]'):format(name, LD, n, H), h) end
  return h:contiguous():view(LD, n, H)
end

local function open(self, input)
  local x, h0, c0 = input, self.hiddenInput, self.cellInput
  if type(input) == 'table' then
    x, h0, c0 = input[1], input[2], input[3]
    if type(h0) == 'table' then h0, c0 = h0[1], h0[2] end
  end
  if not istype(tensor, x) or x.rank < 2 or x.rank > 3 or x.extent[x.rank - 1] ~= self.inputSize then
    common.expected(self, form(self), x)
  end
  if x.dt ~= self.weight.dt then
    error(('%s: the module is of type %s, the input of type %s: convert one of them with :type()')
      :format(tostring(self), torch.type(self.weight), torch.type(x)), 0)
  end
  local n = x.rank == 2 and 1 or tonumber(x.extent[self.batchFirst and 0 or 1])
  if h0 then h0 = state_form(self, h0, 'initial states', n) end
  if c0 then c0 = state_form(self, c0, 'initial cells', n) end
  if self.lengths and self.lengths:nElement() ~= n then
    common.expected(self, ('lengths of %d sequences'):format(n), self.lengths)
  end
  return x, h0, c0, n
end

-- hiddenInput and cellInput from where the last sequence ended, if this one has as many samples.
local function recall(self, input)
  if not self.rememberStates or type(input) == 'table' or not self.ended then return end
  local x, h = input, self.hiddenOutput
  if istype(tensor, x) and h and h:dim() == 3 then
    local n = x.rank == 2 and 1 or x.extent[self.batchFirst and 0 or 1]
    if h.extent[1] ~= n then return self:resetStates() end
  end
  self.hiddenInput = buffer(self.hiddenInput, self.weight):resizeAs(h):copy(h)
  if self.cellOutput then
    local c = self.cellOutput
    self.cellInput = buffer(self.cellInput, self.weight):resizeAs(c):copy(c)
  end
end

-- A tensor of three sizes in the table `at`, of the module's type.
local function sized(self, at, name, a, b, c)
  local t = buffer(at[name], self.weight)
  at[name] = t
  dims[0], dims[1], dims[2] = a, b, c
  status(self, C.rk_tensor_resize(t, 3, dims, nil), C.rk_tensor_resize, t, 3, dims, nil)
  return t
end

local function selected(self, name, t, index)
  if not t then return nil end
  local v = views[name]
  v.dt = t.dt
  status(self, C.rk_select(v, t, 0, index), C.rk_select, v, t, 0, index)
  return v
end

local function columns(self, name, t, d)
  if not self.bidirectional then return t end
  local v, H = views[name], self.hiddenSize
  v.dt = t.dt
  status(self, C.rk_narrow(v, t, 2, (d - 1) * H, H), C.rk_narrow, v, t, 2, (d - 1) * H, H)
  return v
end

local function drop()
  for _, v in pairs(views) do C.rk_tensor_drop(v) end
  for i = 1, 8 do C.rk_tensor_drop(shares[i]) end
end

-- -- forward ------------------------------------------------------------------------------------------------

-- Fill `layer` for (l, d).
local function prepare(self, l, d, x, y, h0, c0)
  local work, index = self.work, (l - 1) * (self.bidirectional and 2 or 1) + d
  local w = work[index]
  layer.kind, layer.reverse = C[self.kind], d - 1
  layer.w_ih, layer.w_hh, layer.b_ih, layer.b_hh = split(self, self.weight, self.bias, l, d, shares, 0)
  layer.x, layer.y = x, columns(self, 'y', y, d)
  layer.h0, layer.c0 = selected(self, 'h0', h0, index - 1), selected(self, 'c0', c0, index - 1)
  layer.lengths = self.lengths
  layer.gates, layer.cells, layer.states = w.gates, w.cells, w.states
  layer.hn, layer.cn = nil, nil
  return w, index
end

local function workspace(self, index)
  local w, like = self.work[index], self.weight
  if not w then
    w = {}
    self.work[index] = w
  end
  w.gates, w.dgates = buffer(w.gates, like), buffer(w.dgates, like)
  if self.gates > 1 then w.cells = buffer(w.cells, like) end
  if self.lengths then w.states = buffer(w.states, like) end
end

-- What layer l + 1 reads: layer l's output, or that with some of it dropped.
local function passed_on(self, l)
  local work = self.work
  local y = work['y' .. l]
  if self.dropout == 0 or self.train == false then
    work['mask' .. l] = nil
    return y
  end
  local mask = sized(self, work, 'mask' .. l, y.extent[0], y.extent[1], y.extent[2])
  mask:bernoulli(1 - self.dropout):div(1 - self.dropout)
  return sized(self, work, 'dropped' .. l, y.extent[0], y.extent[1], y.extent[2]):cmul(y, mask)
end

local function run_forward(self, x, h0, c0, n)
  local work, D, H = self.work, self.bidirectional and 2 or 1, self.hiddenSize
  local hn = sized(self, work, 'hn', self.numLayers * D, n, H)
  local cn = self.kind == 'RK_RNN_LSTM' and sized(self, work, 'cn', self.numLayers * D, n, H)
  local from = time_major(self, x, 'x')
  for l = 1, self.numLayers do
    local y = sized(self, work, 'y' .. l, from.extent[0], n, D * H)
    for d = 1, D do
      workspace(self, (l - 1) * D + d)
      local _, index = prepare(self, l, d, from, y, h0, c0)
      layer.hn = selected(self, 'hn', hn, index - 1)
      if cn then layer.cn = selected(self, 'cn', cn, index - 1) end
      status(self, C.rk_rnn_forward(layer), C.rk_rnn_forward, layer)
    end
    if l < self.numLayers then from = passed_on(self, l) end
  end
  return work['y' .. self.numLayers], hn, cn
end

-- A time-major result as the caller gave its input: transposed back, or without the batch.
local function as_given(self, out, t, rank)
  out = buffer(out, t)
  if rank == 3 and not self.batchFirst then
    status(self, C.rk_tensor_view(out, t), C.rk_tensor_view, out, t)
  elseif rank == 2 then
    status(self, C.rk_select(out, t, 1, 0), C.rk_select, out, t, 1, 0)
  else
    local v = views.flat
    v.dt = t.dt
    status(self, C.rk_transpose(v, t, 0, 1), C.rk_transpose, v, t, 0, 1)
    status(self, C.rk_tensor_resize(out, 3, v.extent, nil), C.rk_tensor_resize, out, 3, v.extent, nil)
    status(self, C.rk_copy(out, v), C.rk_copy, out, v)
  end
  return out
end

local function state_given(self, out, t, rank)
  if not t then return nil end
  out = buffer(out, t)
  if rank == 2 then
    status(self, C.rk_select(out, t, 1, 0), C.rk_select, out, t, 1, 0)
  else
    status(self, C.rk_tensor_view(out, t), C.rk_tensor_view, out, t)
  end
  return out
end

-- input (T, N, in), or {input, h0[, c0]} → output (T, N, D*H), or {output, hn[, cn]}
function Base:updateOutput(input)
  recall(self, input)
  local x, h0, c0, n = open(self, input)
  local y, hn, cn = run_forward(self, x, h0, c0, n)
  local single = torch.isTensor(self.output) and self.output or nil
  if type(self.output) == 'table' then single = self.output[1] end
  y = as_given(self, single, y, x.rank)
  self.hiddenOutput = state_given(self, self.hiddenOutput, hn, x.rank)
  self.cellOutput = state_given(self, self.cellOutput, cn, x.rank)
  self.ended = true
  drop()
  if type(input) ~= 'table' then
    self.output = y
  elseif type(self.output) ~= 'table' then
    self.output = { y, self.hiddenOutput, self.cellOutput }
  else
    self.output[1], self.output[2], self.output[3] = y, self.hiddenOutput, self.cellOutput
  end
  return self.output
end

-- -- backward -----------------------------------------------------------------------------------------------

local function check_gradient(self, g, x, n)
  local D, H = self.bidirectional and 2 or 1, self.hiddenSize
  local T = tonumber(x.extent[self.batchFirst and x.rank - 2 or 0])
  local ok = istype(tensor, g) and g.rank == x.rank and g.extent[g.rank - 1] == D * H and g.extent[0] == x.extent[0]
    and g.extent[1] == (x.rank == 3 and x.extent[1] or D * H)
  if ok then return end
  local first, second = T, n
  if self.batchFirst then first, second = n, T end
  local want = x.rank == 2 and ('[%d x %d]'):format(T, D * H) or ('[%d x %d x %d]'):format(first, second, D * H)
  common.expected(self, 'gradOutput ' .. want, g)
end

local function gradients_given(self, input, gradOutput, x, n)
  local g, dhn, dcn = gradOutput, self.gradHiddenOutput, self.gradCellOutput
  if type(input) == 'table' then
    if type(gradOutput) ~= 'table' then
      common.expected(self, 'a table {gradient of the output, of the last states} as gradOutput', gradOutput)
    end
    g, dhn, dcn = gradOutput[1], gradOutput[2] or dhn, gradOutput[3] or dcn
    if type(dhn) == 'table' then dhn, dcn = dhn[1], dhn[2] or dcn end
  end
  if g or type(input) ~= 'table' then check_gradient(self, g, x, n) end
  if dhn then dhn = state_form(self, dhn, 'gradient of the last states', n) end
  if dcn then dcn = state_form(self, dcn, 'gradient of the last cells', n) end
  return g and time_major(self, g, 'g'), dhn, dcn
end

local function layer_input(self, l, x)
  if l == 1 then return x end
  local work = self.work
  return work['mask' .. l - 1] and work['dropped' .. l - 1] or work['y' .. l - 1]
end

local function check_forward(self)
  if not (self.work.y1 and self.work[1] and self.work[1].gates) then
    error(tostring(self) .. ': backward before forward', 0)
  end
end

-- Where the gradient of layer l's input goes.
local function gradient_place(self, l, from, wanted)
  if l == 1 and not wanted then return nil end
  return sized(self, self.work, 'dx' .. l, from.extent[0], from.extent[1], from.extent[2])
end

local function run_backward(self, from, g, states, n, wanted)
  local work, D, H = self.work, self.bidirectional and 2 or 1, self.hiddenSize
  local dh0 = sized(self, work, 'dh0', self.numLayers * D, n, H)
  local dc0 = self.kind == 'RK_RNN_LSTM' and sized(self, work, 'dc0', self.numLayers * D, n, H)
  for l = self.numLayers, 1, -1 do
    local x = layer_input(self, l, from)
    local dx = gradient_place(self, l, x, wanted)
    for d = 1, D do
      local w, index = prepare(self, l, d, x, work['y' .. l], states.h0, states.c0)
      grads.g = g and columns(self, 'flat', g, d)
      grads.dhn, grads.dcn = selected(self, 'dhn', states.dhn, index - 1), selected(self, 'dcn', states.dcn, index - 1)
      grads.dgates, grads.dx, grads.beta = w.dgates, dx, d - 1
      grads.dh0 = selected(self, 'dh0', dh0, index - 1)
      grads.dc0 = dc0 and selected(self, 'dc0', dc0, index - 1) or nil
      status(self, C.rk_rnn_backward(layer, grads), C.rk_rnn_backward, layer, grads)
    end
    local mask = l > 1 and work['mask' .. l - 1]
    if mask then dx:cmul(mask) end
    g = dx
  end
  return g, dh0, dc0
end

-- gradOutput (T, N, D*H) → gradInput (T, N, in); with tables as the input was
function Base:updateGradInput(input, gradOutput)
  local x, h0, c0, n = open(self, input)
  check_forward(self)
  local g, dhn, dcn = gradients_given(self, input, gradOutput, x, n)
  local wanted, many = self.gradInput ~= nil, type(input) == 'table'
  local from = self.batchFirst and x.rank == 3 and self.work.x or time_major(self, x, 'x')
  local dx, dh0, dc0 = run_backward(self, from, g, { h0 = h0, c0 = c0, dhn = dhn, dcn = dcn }, n, wanted)
  local last = type(self.gradInput) == 'table' and self.gradInput[1] or self.gradInput
  if wanted then last = as_given(self, torch.isTensor(last) and last or nil, dx, x.rank) end
  self.gradHiddenInput = state_given(self, self.gradHiddenInput, dh0, x.rank)
  self.gradCellInput = state_given(self, self.gradCellInput, dc0, x.rank)
  drop()
  if not wanted then return nil end
  self.gradInput = many and { last, self.gradHiddenInput, self.gradCellInput } or last
  return self.gradInput
end

-- gradWeight, gradBias += scale * ..., from what updateGradInput has left in the gates
function Base:accGradParameters(input, _, scale)
  local x, h0, c0 = open(self, input)
  check_forward(self)
  local from = self.batchFirst and x.rank == 3 and self.work.x or time_major(self, x, 'x')
  scale = common.scale(self, scale)
  for l = 1, self.numLayers do
    for d = 1, self.bidirectional and 2 or 1 do
      local w = prepare(self, l, d, layer_input(self, l, from), self.work['y' .. l], h0, c0)
      local a, b, p, q = split(self, self.gradWeight, self.gradBias, l, d, shares, 4)
      local f = C.rk_rnn_backward_weight
      status(self, f(a, b, p, q, scale, layer, w.dgates), f, a, b, p, q, scale, layer, w.dgates)
    end
  end
  drop()
end

function Base:clearState()
  self.work = {}
  self.hiddenOutput, self.cellOutput, self.gradHiddenInput, self.gradCellInput, self.ended = nil, nil, nil, nil, nil
  self.output, self.gradInput = self.weight.new(), self.weight.new()
  return self
end

function Base:read(file)
  parent.read(self, file)
  if not (self.kind and self.hiddenSize) then
    error(("%s: this object was saved by another package's class of that name: require that package (for "
      .. "Element-Research's recurrent layers, 'rnn') before loading"):format(torch.type(self)), 0)
  end
end

function Base:__tostring__()
  local more = {}
  if self.numLayers > 1 then more[1] = ', ' .. self.numLayers .. ' layers' end
  if self.bidirectional then more[#more + 1] = ', bidirectional' end
  if self.batchFirst then more[#more + 1] = ', batch first' end
  if self.dropout > 0 then more[#more + 1] = (', dropout %g'):format(self.dropout) end
  if not self.bias then more[#more + 1] = ', without bias' end
  return ('%s(%d -> %d%s)'):format(torch.type(self), self.inputSize, self.hiddenSize, table.concat(more))
end

require('nn.halves').through(Base)
require('nn.PackedSequence').through(Base)

return Base
