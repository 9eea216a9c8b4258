--- What nn.LSTMCell, nn.GRUCell and nn.RNNCell share: one step of a recurrent layer.
--
-- Input x (N, in) or (in), the state being zero, or {x, h} (LSTM: {x, h, c} or {x, {h, c}}), states (N, H) or (H).
-- Output h' (LSTM: {h', c'}), gradInput like the input. weight holds w_ih (G*H, in) then w_hh (G*H, H), bias b_ih and
-- b_hh; `named()` shows them as PyTorch names them. Copies that share them (clone('weight', 'bias', 'gradWeight',
-- 'gradBias')) make an unrolled network.
-- A parent only: make one of the three.
-- @usage local h = nn.GRUCell(3, 5):forward { torch.randn(2, 3), torch.zeros(2, 5) }
local Cell, parent = torch.class('nn.CellBase', 'nn.RNNBase')
local common = require 'nn.common'
local options = require 'nn.options'

function Cell:__init(kind, gates, inputSize, hiddenSize, ...)
  local o = options.read(torch.type(self), { 'inputSize', 'hiddenSize', 'bias' }, inputSize, hiddenSize, ...)
  parent.__init(self, kind, gates, o.inputSize, o.hiddenSize, { bias = o.bias })
end

--- Views of the parameters: weight_ih, weight_hh, bias_ih, bias_hh.
-- @param[opt] gradients true: of their gradients
-- @return name -> tensor
function Cell:named(gradients)
  local list = {}
  for name, t in pairs(parent.named(self, gradients)) do list[name:gsub('_l0$', '')] = t end
  return list
end

local function raised(t)
  if not common.istensor(t) then return t end
  return t:dim() == 1 and t:view(1, 1, -1) or t:dim() == 2 and t:contiguous():view(1, t:size(1), t:size(2)) or t
end

-- {x, h, c} of one step of a sequence of one.
local function sequence(self, input)
  local x, h, c = input, nil, nil
  if type(input) == 'table' then
    x, h, c = input[1], input[2], input[3]
    if type(h) == 'table' then h, c = h[1], h[2] end
  end
  if not common.istensor(x) or x.rank < 1 or x.rank > 2 or x.extent[x.rank - 1] ~= self.inputSize then
    common.expected(self, ('input [N x %d] or [%d]'):format(self.inputSize, self.inputSize), x)
  end
  return { raised(x), raised(h), raised(c) }, x:dim()
end

local function lowered(t, dims) return t and (dims == 1 and t:view(-1) or t:select(1, 1)) end

local function both(self) return self.kind == 'RK_RNN_LSTM' end

-- input x, {x, h} or {x, h, c} → h', LSTM {h', c'}
function Cell:updateOutput(input)
  local whole, dims = sequence(self, input)
  self.output = self.outputs
  parent.updateOutput(self, whole)
  self.outputs = self.output
  local h, c = lowered(self.outputs[2], dims), lowered(self.outputs[3], dims)
  self.output = both(self) and { h, c } or h
  return self.output
end

local function gradients(self, input, gradOutput)
  local h, c = gradOutput, nil
  if both(self) then
    if type(gradOutput) ~= 'table' then common.expected(self, '{gradient of h, of c} as gradOutput', gradOutput) end
    h, c = gradOutput[1], gradOutput[2]
  elseif not common.istensor(gradOutput) then
    common.expected(self, 'the gradient of h as gradOutput', gradOutput)
  end
  return { nil, raised(h), raised(c) }, sequence(self, input)
end

function Cell:updateGradInput(input, gradOutput)
  local g, whole, dims = gradients(self, input, gradOutput)
  self.gradInput = self.gradInputs or self.weight.new()
  parent.updateGradInput(self, whole, g)
  self.gradInputs = self.gradInput
  local dx, dh, dc = lowered(self.gradInputs[1], dims), lowered(self.gradInputs[2], dims),
    lowered(self.gradInputs[3], dims)
  if type(input) ~= 'table' then
    self.gradInput = dx
  elseif type(input[2]) == 'table' then
    self.gradInput = { dx, { dh, dc } }
  else
    self.gradInput = { dx, dh, input[3] and dc }
  end
  return self.gradInput
end

function Cell:accGradParameters(input, gradOutput, scale)
  local g, whole = gradients(self, input, gradOutput)
  parent.accGradParameters(self, whole, g, scale)
end

function Cell:clearState()
  self.outputs, self.gradInputs = nil, nil
  return parent.clearState(self)
end

return Cell
