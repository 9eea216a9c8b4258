--- nn.GRUCell(inputSize, hiddenSize, [bias = true]): one step of nn.GRU; forms of input and output: nn.CellBase.
-- @usage local h = nn.GRUCell(3, 5):forward { torch.randn(2, 3), torch.zeros(2, 5) }
local GRUCell, parent = torch.class('nn.GRUCell', 'nn.CellBase')

function GRUCell:__init(inputSize, hiddenSize, ...)
  parent.__init(self, 'RK_RNN_GRU', 3, inputSize, hiddenSize, ...)
end

return GRUCell
