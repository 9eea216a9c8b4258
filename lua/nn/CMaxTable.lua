--- nn.CMaxTable(): the maximum of a table of tensors, element by element.
--
-- Shapes: input {x1, x2, ...}, all of one size; output of that size. The gradient goes to the first maximum.
-- @usage nn.CMaxTable():forward {torch.zeros(2), torch.ones(2)}
local CMaxTable, parent = torch.class('nn.CMaxTable', 'nn.Module')
return require 'nn.extreme_table'(CMaxTable, parent, 'cmax', 'maxIdx', 'maxVals')
