--- nn.RNNCell(inputSize, hiddenSize, [bias = true], [nonlinearity = 'tanh']): one step of nn.RNN, f 'tanh' or 'relu';
-- forms of input and output: nn.CellBase.
-- @usage local h = nn.RNNCell(3, 5):forward { torch.randn(2, 3), torch.zeros(2, 5) }
local RNNCell, parent = torch.class('nn.RNNCell', 'nn.CellBase')
local options = require 'nn.options'

local kinds = { tanh = 'RK_RNN_TANH', relu = 'RK_RNN_RELU' }

function RNNCell:__init(inputSize, hiddenSize, ...)
  local o = options.read('nn.RNNCell', { 'bias', 'nonlinearity' }, ...)
  local kind = kinds[o.nonlinearity or 'tanh']
  if not kind then options.refuse('nn.RNNCell', 'nonlinearity', "'tanh' or 'relu'", o.nonlinearity) end
  parent.__init(self, kind, 1, inputSize, hiddenSize, { bias = o.bias })
end

return RNNCell
