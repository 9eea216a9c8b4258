--- nn.SpatialFullConvolutionMap(table, kW, kH, [dW = 1], [dH = 1]): transposed 2-D convolution between the planes
-- that a table connects.
--
-- The table is a tensor [N x 2] of {input plane, output plane}, as of nn.SpatialConvolutionMap.
-- input (N, nIn, H, W) or (nIn, H, W) → output (N, nOut, H', W'), H' = (H - 1)·dH + kH. weight (rows, kH, kW), bias
-- (nOut).
-- @usage print(nn.SpatialFullConvolutionMap(nn.tables.full(3, 2), 2, 2, 2, 2):forward(torch.randn(3, 4, 4)):size())
local Map, parent = torch.class('nn.SpatialFullConvolutionMap', 'nn.Module')
local convolution = require 'nn.convolution'
local connections = require 'nn.connections'

function Map:__init(connTable, kW, kH, dW, dH)
  parent.__init(self)
  convolution.store(self, 1, { 'kW', 'kH', 'dW', 'dH' }, kW, kH, dW or 1, dH or 1)
  connections.store(self, connTable)
  convolution.allocate(self, self.nOutputPlane, connTable:size(1), kH, kW)
  self:reset()
end

return connections.methods(Map, true)
