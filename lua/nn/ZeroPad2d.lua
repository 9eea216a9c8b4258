--- nn.ZeroPad2d(padding): zeros around; negative widths cut.
-- padding: one width for all, or {left, right, top, bottom}.
-- input (N, C, H, W) or (C, H, W) → (N, C, H + top + bottom, W + left + right) or without N.
-- @usage y = nn.ZeroPad2d(1):forward(torch.randn(2, 3, 6, 6))
return require 'nn.padding'.modern('Zero', 2)
