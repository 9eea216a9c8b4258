--- nn.SpatialConvolutionMap(table, kW, kH, [dW = 1], [dH = 1]): 2-D correlation between the planes that a
-- table connects.
--
-- y[n,o] = b[o] + Σ over rows k = {i, o} of w[k] ⋆ x[n,i]. The table is a tensor [N x 2] of {input plane, output
-- plane}; nn.tables.full, oneToOne and random make the usual ones.
-- input (N, nIn, H, W) or (nIn, H, W) → output (N, nOut, H', W'), H' = floor((H - kH) / dH) + 1. weight (rows, kH, kW),
-- bias (nOut). An error when the input is smaller than the kernel.
-- @usage print(nn.SpatialConvolutionMap(nn.tables.random(6, 4, 3), 3, 3):forward(torch.randn(6, 8, 8)):size())
local Map, parent = torch.class('nn.SpatialConvolutionMap', 'nn.Module')

return require('nn.connections').methods(Map, parent)
