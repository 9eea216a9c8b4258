--- nn.LSTM(inputSize, hiddenSize, [numLayers = 1], [bias = true], [batchFirst = false], [dropout = 0],
-- [bidirectional = false]), or a table of these names from any place on: long short-term memory over whole sequences.
--
-- Gates in the order i, f, g, o, s the logistic function: c = s(f)*c' + s(i)*tanh(g), h = s(o)*tanh(c), each gate
-- w_ih x + b_ih + w_hh h' + b_hh. Dropout acts on what a layer hands to the next one. Shapes, states and the layout of
-- the weights: nn.RNNBase.
-- @usage local y = nn.LSTM(3, 5, 2, { bidirectional = true }):forward(torch.randn(7, 4, 3))  -- 7x4x10
local LSTM, parent = torch.class('nn.LSTM', 'nn.RNNBase')

function LSTM:__init(inputSize, hiddenSize, ...)
  parent.__init(self, 'RK_RNN_LSTM', 4, inputSize, hiddenSize, ...)
end

return LSTM
