--- nn.LSTM(inputSize, hiddenSize, [numLayers = 1], [bias = true], [batchFirst = false], [dropout = 0],
-- [bidirectional = false], [projSize = 0]), or a table of these names from any place on: long short-term memory over
-- whole sequences.
--
-- Gates in the order i, f, g, o, s the logistic function: c = s(f)*c' + s(i)*tanh(g), h = s(o)*tanh(c), each gate
-- w_ih x + b_ih + w_hh h' + b_hh. Dropout acts on what a layer hands to the next one. Shapes, states and the layout of
-- the weights: nn.RNNBase. With projSize below hiddenSize it is an nn.ProjectedLSTM.
-- @usage local y = nn.LSTM(3, 5, 2, { bidirectional = true }):forward(torch.randn(7, 4, 3))  -- 7x4x10
local LSTM, parent = torch.class('nn.LSTM', 'nn.RNNBase')
local options = require 'nn.options'

local names = { 'inputSize', 'hiddenSize', 'numLayers', 'bias', 'batchFirst', 'dropout', 'bidirectional', 'projSize' }

function LSTM:__init(...)
  local o = options.read('nn.LSTM', names, ...)
  local projected = o.projSize ~= nil and o.projSize ~= 0
  if projected then
    if torch.type(self) ~= 'nn.LSTM' then
      options.refuse(torch.type(self), 'projSize', 'none in a class made of nn.LSTM', o.projSize)
    end
    local Projected = nn.ProjectedLSTM -- it is one from here on
    torch.setmetatable(self, 'nn.ProjectedLSTM')
    return Projected.__init(self, o)
  end
  o.projSize = nil
  parent.__init(self, 'RK_RNN_LSTM', 4, o)
end

return LSTM
