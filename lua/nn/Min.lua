--- nn.Min([dim = 1], [nInputDims]): the minimum along a dimension, which is dropped.
--
-- Shapes: input (..., n, ...); output (..., ...), (1) for a vector. A negative dim counts from the last; with
-- nInputDims, inputs of one dimension more are batches.
-- @usage nn.Min(1, 1):forward(torch.randn(2, 5))  -- 2
return require('nn.reduced').extreme(select(1, torch.class('nn.Min', 'nn.Module')), nn.Module, 'min')
