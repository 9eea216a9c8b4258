--- nn.CMinTable(): the minimum of a table of tensors, element by element.
--
-- Shapes: input {x1, x2, ...}, all of one size; output of that size. The gradient goes to the first minimum.
-- @usage nn.CMinTable():forward {torch.zeros(2), torch.ones(2)}
local CMinTable, parent = torch.class('nn.CMinTable', 'nn.Module')
return require 'nn.extreme_table'(CMinTable, parent, 'cmin', 'minIdx', 'minVals')
