--- nn.RNN(inputSize, hiddenSize, [numLayers = 1], [nonlinearity = 'tanh'], [bias = true], [batchFirst = false],
-- [dropout = 0], [bidirectional = false]), or a table of these names from any place on: simple recurrence over whole
-- sequences, h = f(w_ih x + b_ih + w_hh h' + b_hh) with f 'tanh' or 'relu'.
-- Shapes, states and the layout of the weights: nn.RNNBase.
-- @usage local y = nn.RNN(3, 5, { nonlinearity = 'relu' }):forward(torch.randn(7, 4, 3))  -- 7x4x5
local RNN, parent = torch.class('nn.RNN', 'nn.RNNBase')
local options = require 'nn.options'

local kinds = { tanh = 'RK_RNN_TANH', relu = 'RK_RNN_RELU' }

function RNN:__init(inputSize, hiddenSize, ...)
  local names = { 'numLayers', 'nonlinearity', 'bias', 'batchFirst', 'dropout', 'bidirectional' }
  local o = options.read('nn.RNN', names, ...)
  local f = o.nonlinearity or 'tanh'
  if not kinds[f] then options.refuse('nn.RNN', 'nonlinearity', "'tanh' or 'relu'", f) end
  o.nonlinearity = nil
  parent.__init(self, kinds[f], 1, inputSize, hiddenSize, o)
end

return RNN
