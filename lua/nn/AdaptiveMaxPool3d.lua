--- nn.AdaptiveMaxPool3d(size, [returnIndices = false]): the largest of each of as many windows as `size` says, which
-- cover the input evenly; window o takes floor(o*n/size) to ceil((o + 1)*n/size), counted from 0 and without the last.
-- size: one number, or {T, H, W}.
-- input (N, C, t, h, w) or (C, t, h, w) → (N, C, T, H, W) or without N; with
-- returnIndices {that, positions}: a LongTensor of the same sizes, from 1 in their plane.
-- @usage y = nn.AdaptiveMaxPool3d(3):forward(torch.randn(2, 3, 5, 7, 7))
return require 'nn.windows'.adaptive('Max', 3)
