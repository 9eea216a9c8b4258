--- nn.LSTMCell(inputSize, hiddenSize, [bias = true]): one step of nn.LSTM; forms of input and output: nn.CellBase.
-- @usage local h, c = unpack(nn.LSTMCell(3, 5):forward { torch.randn(2, 3), torch.zeros(2, 5), torch.zeros(2, 5) })
local LSTMCell, parent = torch.class('nn.LSTMCell', 'nn.CellBase')

function LSTMCell:__init(inputSize, hiddenSize, ...)
  parent.__init(self, 'RK_RNN_LSTM', 4, inputSize, hiddenSize, ...)
end

return LSTMCell
