--- nn.Mean([dim = 1], [nInputDims]): the average along a dimension, which is dropped.
--
-- Shapes: input (..., n, ...); output (..., ...), (1) for a vector. A negative dim counts from the last; with
-- nInputDims, inputs of one dimension more are batches.
-- @usage nn.Mean(1, 1):forward(torch.ones(2, 5))  -- 1, 1
local Mean, parent = torch.class('nn.Mean', 'nn.Sum')

function Mean:__init(dimension, nInputDims) parent.__init(self, dimension, nInputDims, true) end

-- Files of the time when nn.Mean was a class of its own lack these fields.
function Mean:read(file, version)
  parent.read(self, file, version)
  self.sizeAverage = true
  if self.squeeze == nil then self.squeeze = true end
end

return Mean
