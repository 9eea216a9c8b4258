--- nn.GRU(inputSize, hiddenSize, [numLayers = 1], [bias = true], [batchFirst = false], [dropout = 0],
-- [bidirectional = false]), or a table of these names from any place on: gated recurrent units over whole sequences.
--
-- Gates in the order r, z, n, s the logistic function: n = tanh(w_in x + b_in + s(r)*(w_hn h' + b_hn)),
-- h = (1 - s(z))*n + s(z)*h'. Shapes, states and the layout of the weights: nn.RNNBase.
-- @usage local y = nn.GRU(3, 5):forward(torch.randn(7, 4, 3))  -- 7x4x5
local GRU, parent = torch.class('nn.GRU', 'nn.RNNBase')

function GRU:__init(inputSize, hiddenSize, ...)
  parent.__init(self, 'RK_RNN_GRU', 3, inputSize, hiddenSize, ...)
end

return GRU
