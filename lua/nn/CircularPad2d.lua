--- nn.CircularPad2d(padding): borders that show the other end; negative widths cut.
-- padding: one width for all, or {left, right, top, bottom}.
-- input (N, C, H, W) or (C, H, W) → (N, C, H + top + bottom, W + left + right) or without N.
-- @usage y = nn.CircularPad2d(1):forward(torch.randn(2, 3, 6, 6))
return require 'nn.padding'.modern('Circular', 2)
