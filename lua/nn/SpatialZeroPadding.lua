--- nn.SpatialZeroPadding(l, [r = l], [t = l], [b = l]): zeros left, right, above and below; negative widths cut.
-- input (N, C, H, W) or (C, H, W) → (N, C, H + t + b, W + l + r) or without N.
-- @usage y = nn.SpatialZeroPadding(1, 1, 2, 2):forward(torch.randn(3, 4, 4)) -- 3x8x6
return require 'nn.padding'.layer('nn.SpatialZeroPadding', 'Zero', { 'pad_l', 'pad_r', 'pad_t', 'pad_b' })
