--- nn.AdaptiveMaxPool1d(size, [returnIndices = false]): the largest of each of as many windows as `size` says, which
-- cover the input evenly; window o takes floor(o*n/size) to ceil((o + 1)*n/size), counted from 0 and without the last.
-- size: a number.
-- input (N, C, w) or (C, w) → (N, C, W) or without N; with
-- returnIndices {that, positions}: a LongTensor of the same sizes, from 1 in their plane.
-- @usage y = nn.AdaptiveMaxPool1d(3):forward(torch.randn(2, 3, 7))
return require 'nn.windows'.adaptive('Max', 1)
