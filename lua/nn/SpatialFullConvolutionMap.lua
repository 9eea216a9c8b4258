--- nn.SpatialFullConvolutionMap(table, kW, kH, [dW = 1], [dH = 1]): transposed 2-D convolution between the planes
-- that a table connects.
--
-- The table is a tensor [N x 2] of {input plane, output plane}, as of nn.SpatialConvolutionMap.
-- input (N, nIn, H, W) or (nIn, H, W) → output (N, nOut, H', W'), H' = (H - 1)·dH + kH. weight (rows, kH, kW), bias
-- (nOut).
-- @usage print(nn.SpatialFullConvolutionMap(nn.tables.full(3, 2), 2, 2, 2, 2):forward(torch.randn(3, 4, 4)):size())
local Map, parent = torch.class('nn.SpatialFullConvolutionMap', 'nn.Module')

return require('nn.connections').methods(Map, parent, true)
