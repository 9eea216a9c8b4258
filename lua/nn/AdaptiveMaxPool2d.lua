--- nn.AdaptiveMaxPool2d(size, [returnIndices = false]): the largest of each of as many windows as `size` says, which
-- cover the input evenly; window o takes floor(o*n/size) to ceil((o + 1)*n/size), counted from 0 and without the last.
-- size: one number, or {H, W}.
-- input (N, C, h, w) or (C, h, w) → (N, C, H, W) or without N; with
-- returnIndices {that, positions}: a LongTensor of the same sizes, from 1 in their plane.
-- @usage y = nn.AdaptiveMaxPool2d(3):forward(torch.randn(2, 3, 7, 7))
return require 'nn.windows'.adaptive('Max', 2)
