--- nn.SpatialReflectionPadding(l, [r = l], [t = l], [b = l]): borders mirrored at the edge elements, which are not
-- repeated; each width less than the image's. Negative widths cut.
-- input (N, C, H, W) or (C, H, W) → (N, C, H + t + b, W + l + r) or without N.
-- @usage y = nn.SpatialReflectionPadding(1):forward(torch.randn(3, 4, 4)) -- 3x6x6
return require 'nn.padding'.layer('nn.SpatialReflectionPadding', 'Reflection', { 'pad_l', 'pad_r', 'pad_t', 'pad_b' })
